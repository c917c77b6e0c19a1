"""A connection's months as an accountant keeps them: from reported powers, config and state, without the model.

Nothing here is used by `parkopt.models.charges` or `charge_demand`; the bill and the state that a day
hands on are computed stamp by stamp.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from parkopt.clock import FloatArray, TimeGrid
from parkopt.forecast.holidays import official_kind
from parkopt.models.base import Values
from parkopt.park.charges import DemandCharge, Tier, When
from parkopt.park.hours import minutes
from parkopt.park.state import AssetState
from parkopt.park.tariff import OWN_DEMAND, Tariff

DAY_HOURS = 24.0


def holds(when: When, grid: TimeGrid) -> list[bool]:
    """Return for each step whether some times hold in any part of it."""
    length = round(grid.hours * 60)
    spans = None if when.windows is None else [span for window in when.windows for span in minutes(window)]
    found = []
    for stamp in grid.local:
        begin = stamp.hour * 60 + stamp.minute
        cut = spans is None or any(low < begin + length and begin < high for low, high in spans)
        month = when.months is None or stamp.month in when.months
        found.append(cut and month and (when.days is None or official_kind(stamp.date()) in when.days))
    return found


@dataclass
class MonthBook:
    """What is counted in one month: before the horizon and at its end."""

    key: str
    begun: bool
    hours: float = 0.0
    imported: tuple[float, float] = (0.0, 0.0)
    exported: tuple[float, float] = (0.0, 0.0)
    peak: tuple[float, float] = (0.0, 0.0)
    peaks: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Highest import before and after by demand charge."""
    steps: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Share of the month's hours."""
        return self.hours / (self.days * DAY_HOURS)

    @property
    def days(self) -> int:
        """Days of the month."""
        year, month = self.key.split("-")
        return calendar.monthrange(int(year), int(month))[1]


def books(tariff: Tariff, own: Values, state: AssetState, grid: TimeGrid) -> list[MonthBook]:
    """Return the months of a horizon, first to last."""
    made: dict[str, MonthBook] = {}
    for step, stamp in enumerate(grid.local):
        key = f"{stamp.year:04d}-{stamp.month:02d}"
        made.setdefault(key, MonthBook(key, begun=state.month == key)).steps.append(step)
    inside = {name: holds(charge, grid) for name, charge in tariff.all_demands.items()}
    for book in made.values():
        _fill(book, own, state, grid)
        for name, charge in tariff.all_demands.items():
            seen = _seen(name, charge, state) if book.begun else 0.0
            top = max([seen, *(float(own["import_mw"][step]) for step in book.steps if inside[name][step])])
            book.peaks[name] = (seen, top)
    return list(made.values())


def _fill(book: MonthBook, own: Values, state: AssetState, grid: TimeGrid) -> None:
    book.hours = len(book.steps) * grid.hours
    taken = math.fsum(float(own["import_mw"][step]) for step in book.steps) * grid.hours
    given = math.fsum(float(own["export_mw"][step]) for step in book.steps) * grid.hours
    before = state if book.begun else AssetState()
    book.imported = (before.imported_mwh, before.imported_mwh + taken)
    book.exported = (before.exported_mwh, before.exported_mwh + given)
    highest = max(float(own["import_mw"][step]) for step in book.steps)
    book.peak = (before.peak_mw, max(before.peak_mw, highest))


def _seen(name: str, charge: DemandCharge, state: AssetState) -> float:
    """Return what the state's month has seen in the hours of a charge."""
    return state.peak_mw if charge.windows is None and charge.days is None else state.peaks_mw.get(name, 0.0)


def past_peaks(tariff: Tariff, months: list[MonthBook], state: AssetState) -> dict[str, dict[str, float]]:
    """Return the measured peaks by charge that looks back and month, the horizon's included."""
    known: dict[str, dict[str, float]] = {}
    for name, charge in tariff.all_demands.items():
        if charge.ratchet is not None:
            known[name] = dict(state.past_peaks_mw.get(name, {}))
            if state.month and charge_runs(charge, state.month):
                known[name][state.month] = _seen(name, charge, state)
            known[name] |= {book.key: book.peaks[name][1] for book in months if charge_runs(charge, book.key)}
    return known


def charge_runs(charge: DemandCharge, month: str) -> bool:
    """Return whether a charge is paid in a month."""
    return charge.months is None or int(month.split("-")[1]) in charge.months


def months_between(earlier: str, later: str) -> int:
    """Return how many months lie between two months."""
    (y0, m0), (y1, m1) = (map(int, key.split("-")) for key in (earlier, later))
    return (y1 - y0) * 12 + m1 - m0


def billed_mw(charge: DemandCharge, book: MonthBook, name: str, past: Mapping[str, float]) -> tuple[float, float]:
    """Return the billed demand of a month before the horizon (the planned peak at least) and after it."""
    floor = (charge.contracted or 0.0) * charge.contracted_share
    if charge.ratchet is not None:
        for key, peak in past.items():
            if 1 <= months_between(key, book.key) <= charge.ratchet.months:
                floor = max(floor, charge.ratchet.share * peak)
    seen, top = book.peaks[name]
    # a floor that the horizon's own earlier months raise is no debt of before: a month that follows has not begun
    before = max(seen, floor) if book.begun else 0.0
    return max(charge.planned_peak, before), max(charge.planned_peak, before, top, floor)


def demand_yuan(tariff: Tariff, months: list[MonthBook], state: AssetState) -> Iterator[tuple[str, MonthBook, float]]:
    """Yield (charge, month, billed demand that the horizon adds in MW) for what is paid by demand alone."""
    past = past_peaks(tariff, months, state)
    for name, charge in tariff.all_demands.items():
        if name == OWN_DEMAND and tariff.choice:
            continue
        for book in months:
            if charge_runs(charge, book.key):
                before, after = billed_mw(charge, book, name, past.get(name, {}))
                yield name, book, (after - before) * charge.price


def block_yuan(tiers: list[Tier], span: tuple[float, float]) -> float:
    """Return what the blocks add to the price of the energy between two counts of the month."""
    tops = [*(tier.above for tier in tiers[1:]), math.inf]
    return math.fsum(
        tier.adds * max(0.0, min(span[1], top) - max(span[0], tier.above))
        for tier, top in zip(tiers, tops, strict=True)
    )


def share_in_step(mw: FloatArray, book: MonthBook, hours: float) -> float:
    """Return the energy of a power in a month in MWh."""
    return math.fsum(float(mw[step]) for step in book.steps) * hours
