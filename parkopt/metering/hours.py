"""Readings on whole hours: sums of 15 and 30 min, what is missing, what is estimated, what does not add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import TimeGrid
from parkopt.errors import NOWHERE, ParkoptError, raise_all
from parkopt.faults import (
    EstimatedReadings,
    GridMismatch,
    MissingReadings,
    OffItsGrid,
    OverlappingIntervals,
    Unaccounted,
    UnknownDevice,
)
from parkopt.metering.channels import channels
from parkopt.metering.reading import Channel, IntArray, Key, Metered, Quality, Reading, Register
from parkopt.park.schema import Park

HOUR = timedelta(hours=1)
SLOT_MIN, SLOTS, DAY = 15, 4, 24
"""Slots of an hour; hours of a day."""
LONGEST_ESTIMATE_H = 4
LIMIT = 0.02
"""Share of what passes a bus in an hour that may be unaccounted for without an alarm."""
SOURCES = frozenset(
    {Register.GENERATION, Register.IMPORT, Register.DISCHARGE, Register.FORWARD_ARRIVED, Register.BACK_ARRIVED}
)
SINKS = frozenset({Register.CONSUMPTION, Register.EXPORT, Register.CHARGE, Register.FORWARD_SENT, Register.BACK_SENT})


@dataclass
class _Hours:
    """One register over the grid and a day on either side: shape (n + 48,), slots (n + 48, 4)."""

    wh: IntArray
    covered: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    revision: IntArray

    @classmethod
    def empty(cls, n: int) -> _Hours:
        slots = np.zeros((n, SLOTS), bool)
        return cls(np.zeros(n, np.int64), slots, np.ones(n, bool), np.zeros(n, np.int64))


def metered(
    park: Park,
    readings: Iterable[Reading],
    grid: TimeGrid,
    *,
    estimate: bool = False,
    wanted: Sequence[Channel] | None = None,
) -> Metered:
    """Return the current readings of a park on whole hours.

    Parameters
    ----------
    park : Park
        The park.
    readings : iterable of Reading
        In any order; of one interval the highest revision counts. What lies outside the grid
        serves to estimate only.
    grid : TimeGrid
        Hours of whole local days.
    estimate : bool
        Whether gaps of at most 4 h are filled by the mean of the same hour of the days beside
        (rounded down to whole Wh), as far as these are complete.
    wanted : sequence of Channel, optional
        The registers; `channels(park)` where absent.

    Raises
    ------
    MissingReadings, OverlappingIntervals, OffItsGrid, UnknownDevice, Faults
        All of them together.
    """
    _require_days(grid)
    keys = [(one.device, one.register) for one in (channels(park) if wanted is None else wanted)]
    current = _current(readings)
    faults: list[ParkoptError] = list(_unknown(park, current, keys, grid))
    own = {key: _laid(key, current.get(key, {}), grid, faults) for key in keys}
    if estimate:
        for hours in own.values():
            _estimate(hours)
    faults += [fault for key, hours in own.items() for fault in _missing(key, hours, grid)]
    raise_all(faults)
    inside = slice(DAY, DAY + grid.n)
    return Metered(
        park.id,
        grid,
        {key: hours.wh[inside] for key, hours in own.items()},
        {key: hours.measured[inside] for key, hours in own.items()},
        {key: hours.revision[inside] for key, hours in own.items()},
    )


def _require_days(grid: TimeGrid) -> None:
    midnight = grid.start.astimezone(grid.zone)
    if grid.step != HOUR or grid.n % DAY or (midnight.hour, midnight.minute) != (0, 0):
        raise GridMismatch(NOWHERE, name="meters", got=str(grid), expected="hours of whole local days")


def _current(readings: Iterable[Reading]) -> dict[Key, dict[datetime, Reading]]:
    """Return by register and start the reading of the highest revision."""
    found: dict[Key, dict[datetime, Reading]] = {}
    for one in readings:
        own = found.setdefault((one.device, one.register), {})
        kept = own.get(one.start)
        if kept is None or kept.revision < one.revision:
            own[one.start] = one
    return found


def _unknown(
    park: Park, current: Mapping[Key, Mapping[datetime, Reading]], keys: list[Key], grid: TimeGrid
) -> Iterator[ParkoptError]:
    """Yield a fault for readings in the grid of what the park does not have: its file has changed."""
    known = ", ".join(park.assets)
    for key, own in current.items():
        if key not in keys and any(grid.start <= start < grid.end for start in own):
            yield UnknownDevice(device=f"{key[0]}.{key[1]}", near="-", known=known)


def _laid(key: Key, own: Mapping[datetime, Reading], grid: TimeGrid, faults: list[ParkoptError]) -> _Hours:
    """Return a register's readings summed by hour, from a day before the grid to a day after it."""
    hours = _Hours.empty(grid.n + 2 * DAY)
    first = grid.start - DAY * HOUR
    for one in own.values():
        slot, rest = divmod((one.start - first) // timedelta(minutes=1), SLOT_MIN)
        count = (one.end - one.start) // timedelta(minutes=SLOT_MIN)
        hour, part = divmod(slot, SLOTS)
        if not 0 <= hour < len(hours.wh):
            continue
        if rest or not count or count * timedelta(minutes=SLOT_MIN) != one.end - one.start or part + count > SLOTS:
            faults.append(
                OffItsGrid(start=one.start.isoformat(), minutes=(one.end - one.start) // timedelta(minutes=1))
            )
            continue
        if hours.covered[hour, part : part + count].any():
            faults.append(_overlap(key, one, own.values()))
            continue
        hours.covered[hour, part : part + count] = True
        hours.wh[hour] += one.wh
        hours.measured[hour] &= one.quality != Quality.ESTIMATED
        hours.revision[hour] = max(hours.revision[hour], one.revision)
    return hours


def _overlap(key: Key, one: Reading, others: Iterable[Reading]) -> OverlappingIntervals:
    other = next(two for two in others if two is not one and two.start < one.end and one.start < two.end)
    return OverlappingIntervals(
        device=key[0],
        register=key[1],
        start=one.start.isoformat(),
        end=one.end.isoformat(),
        other_start=other.start.isoformat(),
        other_end=other.end.isoformat(),
    )


def _estimate(hours: _Hours) -> None:
    """Fill short gaps by the mean of the same hour of the day before and the day after; measured parts are kept."""
    whole: NDArray[np.bool_] = np.all(hours.covered, axis=1, keepdims=True)[:, 0]
    before = hours.wh.copy()
    for start, end in _ranges(hours.covered):
        if end - start > LONGEST_ESTIMATE_H * SLOTS:
            continue
        for hour in range(start // SLOTS, (end - 1) // SLOTS + 1):
            beside = [before[at] for at in (hour - DAY, hour + DAY) if 0 <= at < len(whole) and whole[at]]
            slots = slice(max(start - hour * SLOTS, 0), min(end - hour * SLOTS, SLOTS))
            if beside and DAY <= hour < len(whole) - DAY:
                missing = slots.stop - slots.start
                hours.wh[hour] += sum(map(int, beside)) * missing // (len(beside) * SLOTS)
                hours.covered[hour, slots] = True
                hours.measured[hour] = False


def _ranges(covered: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and one past the last slot of each gap."""
    edges = np.diff(np.concatenate(([True], covered.ravel(), [True])).astype(np.int8))
    return list(zip(np.flatnonzero(edges == -1).tolist(), np.flatnonzero(edges == 1).tolist(), strict=True))


def _missing(key: Key, hours: _Hours, grid: TimeGrid) -> Iterator[MissingReadings]:
    for start, end in _ranges(hours.covered[DAY:-DAY]):
        yield MissingReadings(
            device=key[0],
            register=key[1],
            start=_local(grid, start),
            end=_local(grid, end),
            hours=f"{(end - start) / SLOTS:g}",
        )


def _local(grid: TimeGrid, slot: int) -> str:
    return (grid.start + slot * timedelta(minutes=SLOT_MIN)).astimezone(grid.zone).isoformat(timespec="minutes")


def estimated(found: Metered) -> list[EstimatedReadings]:
    """Return a notice for each stretch of hours that are not wholly measured."""
    told = []
    for (device, register), measured in found.measured.items():
        for start, end in _ranges(measured):
            first, last = found.grid.label(start), found.grid.label(end)
            told.append(EstimatedReadings(device=device, register=register, start=first, end=last, hours=end - start))
    return told


def unaccounted(found: Metered, wanted: Iterable[Channel]) -> dict[str, IntArray]:
    """Return by bus the Wh of each hour that sources give more than sinks take, shape (n,)."""
    return {bus: given - taken for bus, (given, taken) in _by_bus(found, wanted).items()}


def _by_bus(found: Metered, wanted: Iterable[Channel]) -> dict[str, tuple[IntArray, IntArray]]:
    sums: dict[str, tuple[IntArray, IntArray]] = {}
    for one in wanted:
        given, taken = sums.setdefault(one.bus, (np.zeros(found.grid.n, np.int64), np.zeros(found.grid.n, np.int64)))
        if one.register in SOURCES:
            given += found.wh[one.device, one.register]
        elif one.register in SINKS:
            taken += found.wh[one.device, one.register]
    return sums


def alarms(found: Metered, wanted: Iterable[Channel], limit: float = LIMIT) -> list[Unaccounted]:
    """Return a notice for each bus where more than `limit` of what passes is unaccounted for in an hour."""
    told = []
    for bus, (given, taken) in _by_bus(found, wanted).items():
        gap = given - taken
        over = np.flatnonzero(np.abs(gap) > limit * np.maximum(given, taken))
        if not len(over):
            continue
        worst = int(over[np.argmax(np.abs(gap[over]))])
        labels = ", ".join(found.grid.label(int(step)) for step in over)
        told.append(
            Unaccounted(
                bus=bus,
                count=len(over),
                worst=found.grid.label(worst),
                wh=int(gap[worst]),
                hours=labels,
                limit=f"{100 * limit:g}",
            )
        )
    return told


def day_span(grid: TimeGrid) -> tuple[datetime, datetime]:
    """Return from when to when readings are needed, with a day on either side for estimates; in UTC."""
    return (grid.start - DAY * HOUR).astimezone(UTC), (grid.end + DAY * HOUR).astimezone(UTC)
