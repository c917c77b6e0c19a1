"""Whether the clock of a PV meter fits the sun: no energy by night, and the day where the sun has it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import DoubtfulClock, ShiftedMeterClock
from parkopt.metering.findings import Findings
from parkopt.metering.rows import Entry
from parkopt.models.tech.pv import Pv
from parkopt.park.asset import Asset
from parkopt.park.base import Location
from parkopt.weather.sun import TimeArray, cos_zenith, later

LEAST_DAYS = 2
SURE_DAYS = 7
"""Clouds move the middle of one day; that of a week they do not."""
NIGHT_SHARE = 0.001
"""More of the energy than this by night is no PV."""
DUSK = -0.03
"""Cosine of the zenith angle below which no light is left (sun 1.7 degrees down)."""
STEP_MIN, FARTHEST_MIN, DOUBT_MIN = 15, 12 * 60, 45
SOUTH, OFF_SOUTH_DEG = 180.0, 20.0
"""A plant that looks east or west has its middle before or after noon by right."""
EARLY, LATE = Text("early", "偏早"), Text("late", "偏晚")
DAY_S = 86_400


def check_clock(asset: Asset, entries: Sequence[Entry], place: Location, findings: Findings) -> None:
    """Tell a PV meter whose times do not fit the sun at the park.

    Parameters
    ----------
    asset : Asset
        The device; all but PV pass.
    entries : sequence of Entry
        Its current readings in order of time.
    place : Location
        Where the sun is looked at from.
    """
    if not isinstance(asset, Pv) or not entries:
        return
    starts = np.asarray([entry.start for entry in entries], dtype="datetime64[s]")
    minutes = np.asarray([((entry.end or 0) - entry.start) / 60 for entry in entries])
    wh = np.asarray([entry.wh for entry in entries], dtype=float)
    days = len(np.unique(starts.astype("datetime64[D]")[wh > 0]))
    if days < LEAST_DAYS:
        return
    share = _night_share(starts, minutes, wh, place)
    shift = best_shift_min(starts, minutes, wh, place)
    way = EARLY if shift > 0 else LATE
    device = entries[0].key[0]
    if share > NIGHT_SHARE and abs(shift) >= 2 * STEP_MIN:
        where = findings.at("start", entries[0].row, entries[0].line)
        told = f"{100 * share:.1f}"
        findings.add(ShiftedMeterClock(where, device=device, share=told, shift=abs(shift), way=way), device)
    elif days >= SURE_DAYS and abs(shift) >= DOUBT_MIN and _faces_south(asset):
        findings.add(DoubtfulClock(findings.at("start"), device=device, shift=abs(shift), way=way), device)


def _faces_south(plant: Pv) -> bool:
    """Return whether a plant's best hour should be noon: several orientations and trackers have another."""
    fixed = not plant.orientations and plant.tracker is None
    return fixed and abs(plant.azimuth % 360 - SOUTH) <= OFF_SOUTH_DEG


def _night_share(starts: TimeArray, minutes: FloatArray, wh: FloatArray, place: Location) -> float:
    """Return the share of the energy in intervals that lie in the dark from end to end."""
    highest = np.max([_height(starts, minutes * part, place) for part in (0.0, 0.5, 1.0)], axis=0)
    return float(np.sum(wh[highest < DUSK]) / np.sum(wh))


def best_shift_min(starts: TimeArray, minutes: FloatArray, wh: FloatArray, place: Location) -> int:
    """Return by how many minutes the times must be moved so that the energy goes with the sun's height best."""
    shifts = np.arange(-FARTHEST_MIN, FARTHEST_MIN + 1, STEP_MIN)
    shifts = shifts[np.argsort(np.abs(shifts), kind="stable")]  # of equals the smallest
    fits = [_fit(np.clip(_height(starts, minutes / 2 + shift, place), 0.0, None), wh) for shift in shifts]
    return int(shifts[int(np.argmax(fits))])


def _fit(height: FloatArray, wh: FloatArray) -> float:
    norm = float(np.sqrt(np.sum(height**2)))
    return float(np.sum(height * wh)) / norm if norm else 0.0


def _height(starts: TimeArray, minutes: FloatArray, place: Location) -> FloatArray:
    return cos_zenith(later(starts, minutes), place.latitude, place.longitude)
