"""One run of an Open-Meteo answer: its columns to canonical variables, its stamps to steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import raise_all
from parkopt.faults import MissingColumn, MissingSteps
from parkopt.park.base import Location
from parkopt.weather.clean import MAX_GAP, fill_gaps, longest_gap
from parkopt.weather.dated import DHI, DNI, GHI, PRESSURE, means_of_instants, naive, pressure_share
from parkopt.weather.open_meteo_json import Block, read_column
from parkopt.weather.source import HEIGHTS_M, VARIABLES, WIND, check_range
from parkopt.weather.sun import cos_zenith, later

DIRECT, MSL, TEMPERATURE = "direct_horizontal", "pressure_msl", "temp_air_degc"
PER_HOUR = "precipitation_mm_per_h"
TURNING = tuple(name for name in VARIABLES if name.startswith("wind_from"))
LIGHT = (GHI, DNI, DHI, DIRECT)
KEYS: dict[str, tuple[str, ...]] = {
    GHI: ("shortwave_radiation", "shortwave_radiation_instant"),
    DNI: ("direct_normal_irradiance", "direct_normal_irradiance_instant"),
    DHI: ("diffuse_radiation", "diffuse_radiation_instant"),
    DIRECT: ("direct_radiation", "direct_radiation_instant"),
    TEMPERATURE: ("temperature_2m",),
    PRESSURE: ("surface_pressure",),
    MSL: ("pressure_msl",),
    **{f"wind_speed_{h}m_m_per_s": (f"wind_speed_{h}m", f"windspeed_{h}m") for h in HEIGHTS_M},
    **{f"wind_from_direction_{h}m_deg": (f"wind_direction_{h}m", f"winddirection_{h}m") for h in (10, 100)},
    "relative_humidity_percent": ("relative_humidity_2m", "relativehumidity_2m"),
    "cloud_cover_percent": ("cloud_cover", "cloudcover"),
    PER_HOUR: ("precipitation",),
    "snow_depth_m": ("snow_depth",),
}
"""Variable to the keys that may hold it, the first one preferred; old names come last."""
_INSTANT = re.compile(r"_instant(_member\d+)?$")


@dataclass(frozen=True)
class Run:
    """One run of an answer: variables (n,) at regular stamps, which light is that of its stamp, and what was done."""

    times: pd.DatetimeIndex
    step: timedelta
    variables: dict[str, FloatArray]
    instants: frozenset[str]
    notes: tuple[str, ...]

    def before(self, name: str) -> bool:
        """Return whether the values of a variable belong to the step before their stamp, else to its instant."""
        return name in (*LIGHT, PER_HOUR) and name not in self.instants


def read_run(block: Block, member: str, altitude_m: float) -> Run:
    """Return the variables of one run, cut to where they are known, with short gaps filled.

    Parameters
    ----------
    block : Block
        Table of the answer.
    member : str
        Suffix of the keys of an ensemble's member; empty for the control run.
    altitude_m : float
        Of the park, for a pressure that is given at sea level.

    Raises
    ------
    MissingColumn, MissingUnit, WrongUnit, EnergyNotPower, UnreadableValue, MissingSteps, NegativeValue,
    ImplausibleValue
    """
    keys = _keys(block, member)
    _require(block, keys)
    values = {name: _column(block, name, key) for name, key in keys.items()}
    empty = [name for name, one in values.items() if not np.isfinite(one).any()]
    keys = {name: key for name, key in keys.items() if name not in empty}
    _require(block, keys)
    notes = tuple(f"{name} holds no value." for name in empty)
    instants = _instants(block, keys)
    values, derived = _derived({name: values[name] for name in keys}, altitude_m)
    _check(block, values, keys)
    span = _span(values)
    values, left_out = _without_gaps(block, {name: one[span] for name, one in values.items()}, keys, span.start)
    turned = {name: _unwrapped(one) if name in TURNING else one for name, one in values.items()}
    filled, gaps = fill_gaps(turned, block.step, block.where)
    return Run(block.times[span], block.step, filled, instants, (*notes, *derived, *left_out, *gaps))


def _keys(block: Block, member: str) -> dict[str, str]:
    """Return variable to key; a member's own column goes before the control's."""
    ways = {name: [key + member for key in keys] + (list(keys) if member else []) for name, keys in KEYS.items()}
    return {name: here[0] for name, keys in ways.items() if (here := [key for key in keys if key in block.columns])}


def _column(block: Block, name: str, key: str) -> FloatArray:
    """Return a column in its canonical unit; a sum over a step becomes a rate."""
    if name == PER_HOUR:
        return read_column(block, key, "mm") / (block.step / timedelta(hours=1))
    return read_column(block, key, {DIRECT: "W/m2", MSL: "Pa"}.get(name) or VARIABLES[name].unit)


def _require(block: Block, keys: dict[str, str]) -> None:
    wanted = []
    if GHI not in keys and not (DIRECT in keys and DHI in keys):
        wanted.append("shortwave_radiation")
    if TEMPERATURE not in keys:
        wanted.append("temperature_2m")
    if not any(name in keys for name in WIND):
        wanted.append("wind_speed_100m")
    known = ", ".join(list(block.columns)[:20])
    raise_all(MissingColumn(block.at(key), column=key, known=known) for key in wanted)


def _instants(block: Block, keys: dict[str, str]) -> frozenset[str]:
    """Return the irradiances that are those of their stamp; what is made of two is of the kind of both.

    Raises
    ------
    MissingColumn
        Where one partner of a sum or difference is of an instant and the other a mean.
    """
    found = {name for name, key in keys.items() if _INSTANT.search(key)}
    made, partner = (DHI, GHI) if GHI in keys else (GHI, DHI)
    if made in keys or DIRECT not in keys:
        return frozenset(found)
    if (DIRECT in found) != (partner in found):
        wanted = KEYS[partner][int(DIRECT in found)]
        raise MissingColumn(block.at(wanted), column=wanted, known=f"{keys[DIRECT]}, {keys[partner]}")
    return frozenset(found | {made} if partner in found else found)


def _derived(values: dict[str, FloatArray], altitude_m: float) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the canonical variables: sums and differences of irradiances, pressure from that at sea level."""
    whole, notes = dict(values), []
    direct, msl = whole.pop(DIRECT, None), whole.pop(MSL, None)
    if GHI not in whole and direct is not None:
        whole[GHI] = direct + whole[DHI]
        notes.append("Global irradiance is direct plus diffuse.")
    elif DHI not in whole and direct is not None:
        whole[DHI] = np.clip(whole[GHI] - direct, 0, None)
        notes.append("Diffuse irradiance is global less direct.")
    if PRESSURE not in whole and msl is not None:
        whole[PRESSURE] = msl * pressure_share(altitude_m)
        notes.append(f"Pressure was reduced from sea level to {altitude_m:g} m (ISO 2533).")
    return whole, tuple(notes)


def _check(block: Block, values: dict[str, FloatArray], keys: dict[str, str]) -> None:
    """Raise the range faults of all columns; a null is none of them."""
    known = {name: np.where(np.isnan(one), VARIABLES[name].low, one) for name, one in values.items()}
    faults = [check_range(name, one, block.at(keys.get(name, name))) for name, one in known.items()]
    raise_all(fault for fault in faults if fault is not None)


def _span(values: dict[str, FloatArray]) -> slice:
    """Return the rows from the first to the last at which light, temperature and a wind are known."""
    best = max((name for name in WIND if name in values), key=lambda name: int(np.isfinite(values[name]).sum()))
    known = np.flatnonzero(np.all([np.isfinite(values[name]) for name in (GHI, TEMPERATURE, best)], axis=0))
    return slice(int(known[0]), int(known[-1]) + 1) if len(known) else slice(0, len(values[GHI]))


def _without_gaps(
    block: Block, values: dict[str, FloatArray], keys: dict[str, str], first: int
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the variables that reach from end to end; a variable that ends early is left out, with a note.

    Raises
    ------
    MissingSteps
        For a gap of more than 3 h inside: its key, first row and length.
    """
    kept: dict[str, FloatArray] = {}
    notes, faults = [], []
    for name, one in values.items():
        gone, key = ~np.isfinite(one), keys.get(name, name)
        start, length = longest_gap(gone)
        if length * block.step <= MAX_GAP and not gone.all():
            kept[name] = one
        elif name not in (GHI, TEMPERATURE) and (start == 0 or start + length == len(gone)):
            notes.append(f"{key} does not reach as far as the rest and was left out.")
        else:
            row, hours = first + start, length * block.step / timedelta(hours=1)
            when = f"{block.times[row]:%Y-%m-%dT%H:%MZ}, {hours:g} h long"
            faults.append(MissingSteps(block.at(key, row + 1), count=int(gone.sum()), first=when))
    raise_all(faults)
    return kept, tuple(notes)


def _unwrapped(degrees: FloatArray) -> FloatArray:
    """Return directions without jumps at north, so that straight lines may be drawn between them."""
    turned, known = degrees.copy(), np.isfinite(degrees)
    turned[known] = np.unwrap(degrees[known], period=360)
    return turned


def on_steps(
    run: Run, place: Location, grid: TimeGrid
) -> tuple[pd.DatetimeIndex, dict[str, FloatArray], tuple[str, ...]]:
    """Return the starts of the steps between the stamps, the values of the steps, and a note.

    Instants become the means of the straight lines between them; what belongs to the step before a
    stamp moves to the start of that step. The step after the last stamp is known only by its start:
    where `grid` needs it and the sun is down (a day asked for from 00:00 to 23:00), it takes that.
    """
    means = {n: v[1:] if run.before(n) else means_of_instants(v)[:-1] for n, v in run.variables.items()}
    if grid.end <= run.times[-1] or not _is_dark(run, place):
        return run.times[:-1], means, ()
    ends = {name: 0.0 if name in LIGHT else float(one[-1]) for name, one in run.variables.items()}
    longer = {name: np.append(one, ends[name]) for name, one in means.items()}
    return run.times, longer, ("The last step, after dark, is not in the answer: the values of its start were held.",)


def _is_dark(run: Run, place: Location) -> bool:
    """Return whether the sun is down for the step after the last stamp."""
    length_min = run.step / timedelta(minutes=1)
    at = later(naive(run.times[[-1, -1, -1]]), np.array([0.0, length_min / 2, length_min]))
    return bool((cos_zenith(at, place.latitude, place.longitude) < 0).all())
