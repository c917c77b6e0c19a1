"""Energy of a contract by window: rows, money and counters.

With T what the window had taken before the horizon, E what the horizon takes, and D the part of `least` that is due by
its end (``least x share of the window that has passed`` where the pace is even, else all of it when the window ends)::

    T + E >= D                                       a limit, or
    rise >= D - T - E - short,   rise >= -short      priced: ``short = max(0, D before - T)``
    T + E <= most                                    a limit, or
    rise >= T + E - most - over,  rise >= 0          priced: ``over = max(0, T - most)``

Only what a horizon adds to a shortfall or an excess is paid with it, so days in a row sum to what the window owes.
A window of which no counter was handed over is taken to have kept pace with `least` until then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.base import ENERGY_MWH, Block, Case, Finding, Hub, Sum, Vars
from parkopt.models.contract_terms import Span, Volumes, spans
from parkopt.models.periods import of_steps

WHOLE = 1.0 - 1e-9


def due_mwh(volumes: Volumes, share: float) -> float:
    """Return the part of `least` that is due when a share of the window has passed."""
    least = volumes.least or 0.0
    return least * share if volumes.pace == "even" or share >= WHOLE else 0.0


def before_mwh(volumes: Volumes, span: Span, counters: Mapping[str, float]) -> float:
    """Return what a window had taken before the horizon; where nothing is known, it has kept pace."""
    return counters.get(span.key, (volumes.least or 0.0) * span.begun)


def add_volumes(block: Block, hub: Hub, every: Sequence[Volumes], take: Vars) -> None:
    """Add the limits or the prices of each window to the model."""
    counters = hub.state.of(hub.name).taken_by_window_mwh
    for volumes in every:
        here = spans(hub.grid, volumes.window)
        taken = (hub.grid.hours * take).by(of_steps(here, hub.grid.n), len(here))
        known = np.asarray([before_mwh(volumes, span, counters) for span in here])
        if volumes.least is not None:
            _least(block, hub, volumes, here, taken + known, known)
        if volumes.most is not None:
            _most(block, hub, volumes, here, taken + known, known)


def _least(block: Block, hub: Hub, volumes: Volumes, here: Sequence[Span], taken: Sum, known: FloatArray) -> None:
    name = volumes.window
    due = np.asarray([due_mwh(volumes, span.ended) for span in here])
    labels = [int(span.steps[-1]) for span in here]
    if volumes.shortfall_price is None:
        rows = hub.rows(block, f"least_{name}", taken >= due, labels)
        says = Text(f"the least energy of {hub.name}", f"{hub.name} 的最低取电量")
        hub.promise("volumes.least", "MWh", rows, says)
        return
    short = np.maximum(0.0, np.asarray([due_mwh(volumes, span.begun) for span in here]) - known)
    rise = hub.cols(block, f"short_{name}_mwh", labels, 0.0 - short)
    hub.rows(block, f"least_{name}", taken + rise >= due - short, labels)
    hub.cost("volume_shortfall", f"short_{name}_mwh", volumes.shortfall_price)


def _most(block: Block, hub: Hub, volumes: Volumes, here: Sequence[Span], taken: Sum, known: FloatArray) -> None:
    name, most = volumes.window, volumes.most or 0.0
    labels = [int(span.steps[-1]) for span in here]
    reached = np.maximum(most, known)
    if volumes.excess_price is None:
        rows = hub.rows(block, f"most_{name}", taken <= reached, labels)
        says = Text(f"the most energy of {hub.name}", f"{hub.name} 的最高取电量")
        hub.promise("volumes.most", "MWh", rows, says, raised=True)
        return
    rise = hub.cols(block, f"over_{name}_mwh", labels)
    hub.rows(block, f"most_{name}", taken - rise <= reached, labels)
    hub.cost("volume_excess", f"over_{name}_mwh", volumes.excess_price)


def _counted(case: Case, volumes: Volumes) -> Iterator[tuple[float, float, float, float]]:
    """Yield for each window what was due and taken before the horizon, and what is after it; from the calendar."""
    stamp, hours = case.grid.local, case.grid.hours
    index = {"month": stamp.month - 1, "quarter": (stamp.month - 1) // 3, "year": 0 * stamp.month}[volumes.window]
    months = {"month": 1, "quarter": 3, "year": 12}[volumes.window]
    number = np.asarray(stamp.year * 12 + index * months)
    for first in sorted(set(number.tolist())):
        inside = np.flatnonzero(number == first)
        opens = np.datetime64("1970-01", "M") + (first - 1970 * 12)
        length_h = ((opens + months).astype("M8[h]") - opens.astype("M8[h]")).astype(float)
        since_h = (np.datetime64(stamp[inside[0]].tz_localize(None), "m") - opens.astype("M8[m]")).astype(float) / 60
        low, high = since_h / length_h, (since_h + len(inside) * hours) / length_h
        year, month = first // 12, first % 12 + 1
        key = {"month": f"{year}-{month:02d}", "quarter": f"{year}Q{(month + 2) // 3}", "year": f"{year}"}
        least = volumes.least or 0.0
        taken = case.state.taken_by_window_mwh.get(key[volumes.window], least * low)
        due = [least * share if volumes.pace == "even" or share > WHOLE else 0.0 for share in (low, high)]
        yield due[0], taken, due[1], taken + math.fsum(case.own["take_mw"][inside]) * hours


def audit_volumes(case: Case, every: Sequence[Volumes]) -> Iterator[Finding]:
    """Check the limits that have no price."""
    for volumes in every:
        for _, taken, due, after in _counted(case, volumes):
            if volumes.least is not None and volumes.shortfall_price is None:
                short = due - after
                yield short <= ENERGY_MWH, f"{case.name} takes {short:.3g} MWh less than its {volumes.window} asks"
            if volumes.most is not None and volumes.excess_price is None:
                over = after - max(volumes.most, taken)
                yield over <= ENERGY_MWH, f"{case.name} takes {over:.3g} MWh more than its {volumes.window} allows"


def owed_for_volumes(case: Case, every: Sequence[Volumes]) -> Iterator[tuple[str, float]]:
    """Yield what the horizon adds to shortfalls and excesses."""
    for volumes in every:
        for due_before, before, due, after in _counted(case, volumes):
            if volumes.shortfall_price is not None:
                rise = max(0.0, due - after) - max(0.0, due_before - before)
                yield "volume_shortfall", volumes.shortfall_price * rise
            if volumes.excess_price is not None and volumes.most is not None:
                rise = max(0.0, after - volumes.most) - max(0.0, before - volumes.most)
                yield "volume_excess", volumes.excess_price * rise


def next_counters(
    every: Sequence[Volumes], counters: Mapping[str, float], take_mw: FloatArray, grid: TimeGrid
) -> dict[str, float]:
    """Return what each window that the horizon ends in has taken so far."""
    after = {}
    for volumes in every:
        last = spans(grid, volumes.window)[-1]
        before = before_mwh(volumes, last, counters)
        after[last.key] = before + float(np.sum(take_mw[last.steps])) * grid.hours
    return after
