"""Hourly means from the fields of a file, and whether they are weather of that place and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import ParkoptError, Where, raise_all
from parkopt.faults import GridMismatch, ImplausibleValue, MissingColumn, NegativeValue, ShiftedClock
from parkopt.weather.dated import DHI, GHI, PRESSURE, means_of_instants
from parkopt.weather.era5_fields import (
    HOUR,
    HOUR_S,
    SUMMED,
    Field,
    Sums,
    check_times,
    filled,
    find_sums,
    humidity_percent,
    is_sum,
    light_above_j_per_m2,
    per_hour,
    trimmed,
)
from parkopt.weather.offset import noon_shift_min, require_noon
from parkopt.weather.source import check_range
from parkopt.weather.sun import TimeArray

WINDS = (("u10", "v10"), ("u100", "v100"))
"""Components of the wind to the east and to the north, at 10 and 100 m."""
SPEEDS = ("wind_speed_10m_m_per_s", "wind_speed_100m_m_per_s")
NAMES = {"t2m": "temp_air_degc", "sp": PRESSURE, "tcc": "cloud_cover_percent", "sde": "snow_depth_m"}
"""Instants that become a canonical variable as they are."""
RAIN = "precipitation_mm_per_h"
NOISE = {"ssrd": 1.0, "fdir": 1.0, "tp": 0.05, "tcc": 0.01, "sde": 0.01}
"""Packing leaves values down to minus this, in the canonical unit (1 W/m2, 0.05 mm/h ...); more is no noise."""
DARK_W_PER_M2 = 2.0
"""A file whose light never exceeds this by day is in another unit than it says."""
DAYLIGHT_W_PER_M2 = 200.0
"""From here on, above the air, there is day."""
BEYOND_SHARE = 5e-4
"""More of a file's light than this beyond what there is above the air is a shifted clock; a right one gives none."""
BEYOND_GLOBAL = (1.05, 10.0)
"""Direct light may exceed global by this factor and W/m2, through packing and interpolation."""
SAYS: dict[str, str] = {
    "hour": "Sums (J/m2) are over the hour before their time and were divided by 3600 s.",
    "day": "Sums (J/m2) run from 00 UTC, as in ERA5-Land; their hourly differences were divided by 3600 s.",
    "issue": "Sums (J/m2) run from the issue; their hourly differences were divided by 3600 s.",
}
"""What was found about sums, for the notes."""


@dataclass(frozen=True)
class Hours:
    """Hourly values at the site: starts of the hours in UTC (n,), and values (n,) by name."""

    starts: TimeArray
    values: dict[str, FloatArray]


def hourly(fields: list[Field], place: tuple[float, float], sums: Sums, where: Where) -> tuple[Hours, tuple[str, ...]]:
    """Return canonical hourly means that the fields give, on the hours that all of them cover.

    Components of the wind stay beside its speed, for the direction on a finer grid.

    Parameters
    ----------
    fields : list of Field
        In their inside units.
    place : tuple of float
        Degrees north and east.
    sums : {"auto", "hour", "day", "issue"}
        Over what sums run.
    where : Where
        The file.

    Raises
    ------
    MissingColumn, NegativeValue, ImplausibleValue, GridMismatch, MissingSteps
        And the faults of `check_times` and `find_sums`.
    """
    _check_names([one.name for one in fields], where)
    ready = _each(_checked, fields)
    notes: list[str] = []
    light = next(one for one in ready if one.name == "ssrd")
    if any(is_sum(one) for one in ready):
        sums = find_sums(light, place) if sums == "auto" else sums
        notes.append(SAYS[sums])
    whole = _each(lambda one: _filled(one, sums, notes), ready)
    summed = [replace(one, times=one.times - HOUR) for one in whole if one.name in SUMMED]
    ends, at = _common([one for one in whole if one.name not in SUMMED], where)
    instants = _derived(at, where)
    means = {name: means_of_instants(values)[:-1] for name, values in instants.items()}
    rows = [replace(light, name=name, times=ends[:-1], values=values) for name, values in means.items()]
    starts, values = _common([*summed, *rows], where)
    return Hours(starts, _interval_means(values, where)), tuple(notes)


def check_clock(hours: Hours, place: tuple[float, float], where: Where) -> None:
    """Raise where the light does not belong to the sun of the place.

    Raises
    ------
    ImplausibleValue
        There is next to none by day: another unit; or some by night.
    ShiftedClock
        It is centred away from solar noon: times that are no UTC, or name another end of the hour.
    """
    ghi, field = hours.values[GHI], Where(where.file, field="ssrd")
    above = light_above_j_per_m2(hours.starts + HOUR, place) / HOUR_S
    if len(ghi) >= 24 and above.max() > DAYLIGHT_W_PER_M2 and ghi.max() < DARK_W_PER_M2:  # noqa: PLR2004 - a day
        limit, unit = DARK_W_PER_M2, "W/m2 (of J/m2 over an hour)"
        raise ImplausibleValue(field, column="ssrd", value=float(ghi.max()), limit=limit, unit=unit)
    clock = Where(where.file, field="valid_time")
    require_noon(hours.starts, ghi, 60, place[1], clock)
    # by night, and at dawn and dusk of a clock that is an hour wrong, there is more light than above the air
    beyond = np.clip(ghi - above - DARK_W_PER_M2, 0, None).sum()
    if beyond > BEYOND_SHARE * ghi.sum():
        raise ShiftedClock(clock, minutes=noon_shift_min(hours.starts, ghi, place[1]) + 30)


def _check_names(names: list[str], where: Where) -> None:
    pairs = [pair for pair in WINDS if set(pair) & set(names)] or [WINDS[-1]]
    wanted = ["t2m", "ssrd", *(name for pair in pairs for name in pair)]
    known = ", ".join(names) or "no variable of ERA5"
    raise_all(MissingColumn(Where(where.file, field=n), column=n, known=known) for n in wanted if n not in names)


def _each(do: Callable[[Field], Field], fields: Iterable[Field]) -> list[Field]:
    """Do something to every field, and raise the faults of all together."""
    done: list[Field] = []
    faults: list[ParkoptError] = []
    for one in fields:
        try:
            done.append(do(one))
        except ParkoptError as fault:
            faults.append(fault)
    raise_all(faults)
    return done


def _checked(field: Field) -> Field:
    whole = trimmed(field)
    check_times(whole)
    return whole


def _filled(field: Field, sums: Sums, notes: list[str]) -> Field:
    """Return a field in its canonical unit on every hour: power for a sum over time."""
    scale = {"ssrd": 1 / HOUR_S, "fdir": 1 / HOUR_S, "tcc": 100.0}.get(field.name, 1.0)
    if field.name == "tp":
        scale = 1000.0 if field.unit == "m" else 1.0
    scale = 1.0 if field.unit == "W/m**2" else scale
    rate = trimmed(per_hour(field, sums)) if is_sum(field) else field
    whole, said = filled(replace(rate, values=rate.values * scale))
    notes.extend(said)
    return _no_noise(whole, notes)


def _no_noise(field: Field, notes: list[str]) -> Field:
    """Return a field without the small negative values of packing; others below 0 are faults."""
    if field.name not in NOISE:
        return field
    low = field.values < 0
    if not low.any():
        return field
    row = int(np.argmin(field.values))
    if field.values[row] < -NOISE[field.name]:
        raise NegativeValue(field.at(row), column=field.name, value=float(field.values[row]))
    notes.append(f"{int(low.sum())} value(s) of {field.name} below 0, from packing, were set to 0.")
    return replace(field, values=np.where(low, 0.0, field.values))


def _common(fields: list[Field], where: Where) -> tuple[TimeArray, dict[str, FloatArray]]:
    """Return the hours that all fields have, and their values there."""
    first, last = max(one.times[0] for one in fields), min(one.times[-1] for one in fields)
    if last <= first:
        raise GridMismatch(where, name="the file", got="variables of different times", expected="hours that all cover")
    hours = first + np.arange(int((last - first) / HOUR) + 1) * HOUR
    begins = {one.name: int((first - one.times[0]) / HOUR) for one in fields}
    return hours, {one.name: one.values[begins[one.name] : begins[one.name] + len(hours)] for one in fields}


def _derived(at: Mapping[str, FloatArray], where: Where) -> dict[str, FloatArray]:
    """Return canonical instants of those of the file; all faults of range together."""
    found: dict[str, FloatArray] = {}
    faults: list[ParkoptError | None] = []
    for name, target in NAMES.items():
        if name in at:
            found[target] = at[name]
            faults.append(check_range(target, at[name], Where(where.file, field=name)))
    for (u, v), speed in zip(WINDS, SPEEDS, strict=True):
        if u in at:
            found |= {u: at[u], v: at[v], speed: np.hypot(at[u], at[v])}
            faults.append(check_range(speed, found[speed], Where(where.file, field=u)))
    if "d2m" in at:
        faults.append(check_range("temp_air_degc", at["d2m"], Where(where.file, field="d2m")))
        found["relative_humidity_percent"] = humidity_percent(at["t2m"], at["d2m"])
    raise_all(fault for fault in faults if fault is not None)
    return found


def _interval_means(values: dict[str, FloatArray], where: Where) -> dict[str, FloatArray]:
    """Return hourly values with global, diffuse and rain under their canonical names."""
    found = {name: one for name, one in values.items() if name not in SUMMED}
    found[GHI] = ghi = values["ssrd"]
    faults = [check_range(GHI, ghi, Where(where.file, field="ssrd"))]
    if "tp" in values:
        found[RAIN] = values["tp"]
        faults.append(check_range(RAIN, values["tp"], Where(where.file, field="tp")))
    if "fdir" in values:
        direct = values["fdir"]
        over = direct - (BEYOND_GLOBAL[0] * ghi + BEYOND_GLOBAL[1])
        row = int(np.argmax(over))
        if over[row] > 0:
            place = Where(where.file, field="fdir", row=row + 1)
            value, limit = float(direct[row]), float(ghi[row])
            faults.append(ImplausibleValue(place, column="fdir", value=value, limit=limit, unit="W/m2, as ssrd is"))
        found[DHI] = np.clip(ghi - direct, 0, None)
    raise_all(fault for fault in faults if fault is not None)
    return found
