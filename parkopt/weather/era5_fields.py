"""Fields of ERA5 and its kin as hourly means: units, sums over time, instants. Pure functions of arrays.

An instant (t2m, u10 ...) is valid at its time. A sum (ssrd, fdir, tp) belongs to the time
before: in ERA5 to the hour before, in ERA5-Land to the day so far, in a forecast to the time
since its issue. Files do not say which reliably, so that the numbers are asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parkopt import units
from parkopt.clock import FloatArray
from parkopt.errors import ParkoptError, UnitFault, Where
from parkopt.faults import MissingSteps, TimeNotRising, UnclearSums, UnevenSteps, WrongStep, WrongUnit
from parkopt.weather.clean import MAX_GAP, fill_gaps, longest_gap
from parkopt.weather.sun import TimeArray, cos_zenith, extraterrestrial_w_per_m2, later

Sums = Literal["auto", "hour", "day", "issue"]
HOUR = np.timedelta64(3600, "s")
HOUR_S = 3600.0
MAX_GAP_H = MAX_GAP // timedelta(hours=1)
UNITS: dict[str, tuple[str, ...]] = {
    "t2m": ("degC",), "d2m": ("degC",), "sp": ("Pa",), "u10": ("m/s",), "v10": ("m/s",), "u100": ("m/s",),
    "v100": ("m/s",), "ssrd": ("J/m**2", "W/m**2"), "fdir": ("J/m**2", "W/m**2"), "tp": ("m", "kg/m**2"),
    "tcc": ("",), "sde": ("m",),
}  # fmt: skip
"""Units that a field may have inside, the usual dimension first."""
USUAL = {"t2m": "K", "d2m": "K"}
"""Units that ECMWF writes where they differ from the inside unit."""
SUMMED = ("ssrd", "fdir", "tp")
PLAIN = {"(0 - 1)": "", "1": "", "~": "", "%": "percent", "m of water equivalent": "m", "celsius": "degC", "C": "degC"}
"""Spellings that pint reads otherwise."""
NOISE_J_PER_M2 = 3600.0
"""A sum may fall by so much (1 W/m2 for an hour) through packing."""
ABOVE = 1.1
"""A sum over an hour beyond this share of the light above the air is a sum over longer."""


@dataclass(frozen=True)
class Field:
    """A variable at the site.

    Parameters
    ----------
    name : str
        ECMWF's name, such as ``ssrd``.
    times : array of datetime64, shape (n,)
        Valid times in UTC.
    values : array, shape (n,)
        In `unit`.
    unit : str
        As the file writes it; empty where it does not.
    issued : array of datetime64, shape (n,), or None
        Issue of the forecast that each value is from; None for a plain time axis.
    where : Where
        File and variable.
    """

    name: str
    times: TimeArray
    values: FloatArray
    unit: str
    issued: TimeArray | None
    where: Where

    def at(self, row: int) -> Where:
        """Return the place of a row, 0 the first."""
        return Where(self.where.file, None, f"{self.name} at {self.times[row]} UTC", row + 1)


def trimmed(field: Field) -> Field:
    """Return the field without the missing values at its ends, where there is nothing to fill between."""
    good = np.flatnonzero(np.isfinite(field.values))
    if not len(good):
        raise MissingSteps(field.at(0), count=len(field.values), first=f"{field.times[0]} UTC: there is no value")
    cut = slice(int(good[0]), int(good[-1]) + 1)
    issued = None if field.issued is None else field.issued[cut]
    return replace(field, times=field.times[cut], values=field.values[cut], issued=issued)


def check_times(field: Field) -> None:
    """Raise unless the times rise by whole hours with gaps of at most 3 h.

    Raises
    ------
    TimeNotRising, UnevenSteps, WrongStep, MissingSteps
    """
    apart = np.diff(field.times)
    faults: tuple[tuple[NDArray[np.bool_], type[ParkoptError]], ...] = (
        (apart <= np.timedelta64(0, "s"), TimeNotRising),
        (apart % HOUR != np.timedelta64(0, "s"), UnevenSteps),
        (apart > (MAX_GAP_H + 1) * HOUR, MissingSteps),
    )
    if len(apart) and apart.min() > HOUR and (apart == apart[0]).all():
        raise WrongStep(field.at(1), step=apart[0].astype("timedelta64[m]").item())
    for bad, fault in faults:
        if bad.any():
            row = int(np.argmax(bad)) + 1
            hours = int(apart[row - 1] / HOUR) - 1
            raise fault(
                field.at(row), value=f"{field.times[row]} UTC", before=f"{field.times[row - 1]} UTC", step_min=60,
                count=hours, first=f"{field.times[row - 1] + HOUR} UTC, {hours} h long",
            )  # fmt: skip


def in_unit(field: Field) -> Field:
    """Return the field in its inside unit; a field without a unit is taken in ECMWF's.

    Raises
    ------
    WrongUnit
        Where the unit is of another dimension.
    """
    allowed = UNITS[field.name]
    written = field.unit.strip() or USUAL.get(field.name, allowed[0])
    written = re.sub(r"([A-Za-z]) ?\^?(-[0-9])", r"\1**\2", PLAIN.get(written, written))
    for unit in allowed:
        try:
            # two points give the slope and the offset that temperatures need
            at_0, at_1 = (units.parse(f"{x} {written}", unit) for x in (0, 1))
        except UnitFault:
            continue
        return replace(field, values=field.values * (at_1 - at_0) + at_0, unit=unit)
    raise WrongUnit(field.where, value=field.unit, unit=allowed[0], example=USUAL.get(field.name, allowed[0]))


def is_sum(field: Field) -> bool:
    """Return whether the values are sums over time, by their unit."""
    return field.name in SUMMED and field.unit != "W/m**2"


def light_above_j_per_m2(ends: TimeArray, place: tuple[float, float]) -> FloatArray:
    """Return the most light that the hours before `ends` can have above the air, shape (n,)."""
    instants = later(ends[:, None], np.array([-60.0, -45, -30, -15, 0]))
    height = cos_zenith(instants.ravel(), *place).reshape(instants.shape).max(axis=1)
    return np.asarray(np.clip(height, 0, None) * extraterrestrial_w_per_m2(ends) * HOUR_S, dtype=float)


def runs(field: Field, sums: Sums) -> TimeArray:
    """Return when the sum of each row began if it is a running one: at its issue, or at 00 UTC."""
    if field.issued is not None and sums != "day":
        return field.issued
    # the row of 00 UTC closes the day before
    return np.asarray((field.times - HOUR).astype("datetime64[D]"), dtype="datetime64[s]")


def find_sums(light: Field, place: tuple[float, float]) -> Sums:
    """Return over what a file's sums run, from its sunlight (J/m2).

    Sums over an hour fall every afternoon. Sums since 00 UTC or since an issue never fall within
    their run, and soon exceed what one hour of sun can give.

    Raises
    ------
    UnclearSums
        Where the data are too short to tell.
    """
    values, began = light.values, runs(light, "auto")
    within = (began[1:] == began[:-1]) & np.isfinite(np.diff(values))
    falls = bool((np.diff(values)[within] < -NOISE_J_PER_M2).any())
    limit = ABOVE * light_above_j_per_m2(light.times, place) + 10 * HOUR_S
    beyond = bool((values > limit).any())
    if falls or not (values > NOISE_J_PER_M2).any():
        return "hour"
    if beyond:
        return "day" if light.issued is None else "issue"
    raise UnclearSums(light.where, column=light.name)


def per_hour(field: Field, sums: Sums) -> Field:
    """Return what each hour before a time adds to the sum; NaN where the hour before is missing."""
    if sums == "hour":
        return field
    began = runs(field, sums)
    age = field.times - began
    follows = np.append(False, (np.diff(field.times) == HOUR) & (began[1:] == began[:-1]))
    before = np.append(np.nan, field.values[:-1])
    later_hours = np.where(follows, field.values - before, np.nan)
    return replace(field, values=np.where(age == HOUR, field.values, later_hours))


def filled(field: Field) -> tuple[Field, tuple[str, ...]]:
    """Return the field on every hour, short gaps on straight lines, with a note.

    Raises
    ------
    MissingSteps
        For a gap of more than 3 h, with its time.
    """
    count = int((field.times[-1] - field.times[0]) / HOUR) + 1
    values = np.full(count, np.nan)
    values[((field.times - field.times[0]) / HOUR).astype(int)] = field.values
    whole = replace(field, times=field.times[0] + np.arange(count) * HOUR, values=values, issued=None)
    gone = ~np.isfinite(values)
    start, length = longest_gap(gone)
    if length > MAX_GAP_H:
        first = f"{whole.times[start]} UTC, {length} h long"
        raise MissingSteps(whole.at(start), count=int(gone.sum()), first=first)
    lines, notes = fill_gaps({field.name: values}, HOUR.astype("timedelta64[s]").item(), field.where)
    return replace(whole, values=lines[field.name]), notes


def humidity_percent(temp_air_degc: FloatArray, dew_point_degc: FloatArray) -> FloatArray:
    """Return relative humidity (n,) in percent from temperatures in degC.

    Magnus form of Alduchov & Eskridge 1996, J. Appl. Meteor. 35, 601, eq. 21.
    """
    dew, dry = (17.625 * t / (243.04 + t) for t in (dew_point_degc, temp_air_degc))
    return np.asarray(np.clip(100 * np.exp(dew - dry), 0, 100), dtype=float)


def from_direction_deg(u_m_per_s: FloatArray, v_m_per_s: FloatArray) -> FloatArray:
    """Return where a wind (n,) of u to the east and v to the north comes from, 0 to 360 degrees."""
    return np.asarray(np.rad2deg(np.arctan2(-u_m_per_s, -v_m_per_s)) % 360, dtype=float)
