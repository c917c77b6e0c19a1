"""The bill of a connection's charges, its audit and what it hands on: from reported variables alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import POWER_MW, Case, Finding, Role, Values
from parkopt.models.charge_books import (
    MonthBook,
    billed_mw,
    block_yuan,
    books,
    demand_yuan,
    months_between,
    past_peaks,
    share_in_step,
)
from parkopt.park.charges import Connected
from parkopt.park.state import AssetState
from parkopt.park.tariff import OWN_DEMAND, Tariff

MVA = 1e-6
WHOLE = 1e-6


def owed(tariff: Tariff, connected: Connected, case: Case) -> Iterator[tuple[str, float]]:
    """Yield the lines of the bill beside energy, adders and export revenue."""
    months = books(tariff, case.own, case.state, case.grid)
    if tariff.fixed:
        yield "fixed_fees", sum(_fixed(tariff, book) for book in months)
    if tariff.tiers:
        yield "import_blocks", sum(block_yuan(tariff.tiers, book.imported) for book in months)
    if tariff.export is not None and tariff.export.tiers:
        yield "export_blocks", -sum(block_yuan(tariff.export.tiers, book.exported) for book in months)
    added = list(demand_yuan(tariff, months, case.state))
    if added:
        yield "demand_charge", math.fsum(yuan for _, _, yuan in added)
    mva = declared_mva(connected, case.own)
    if tariff.choice:
        yield "demand_or_capacity", sum(after - paid for paid, after in charged(tariff, mva, months, case))
    elif tariff.capacity:
        yield "capacity_charge", tariff.capacity.price * mva * sum(book.share for book in months)
    yield from _network(tariff, mva, months, case)


def _fixed(tariff: Tariff, book: MonthBook) -> float:
    by_month = sum(fee.per_month or 0.0 for fee in tariff.fixed.values()) * book.share
    return by_month + sum(fee.per_day or 0.0 for fee in tariff.fixed.values()) * book.hours / 24


def declared_mva(connected: Connected, own: Values) -> float:
    """Return the connected capacity: what the file says, or what was decided."""
    if connected.capacity is not None:
        return connected.capacity
    return float(own["connected_mva"][0])


def charged(tariff: Tariff, mva: float, months: list[MonthBook], case: Case) -> Iterator[tuple[float, float]]:
    """Yield for each month what its charge by demand or capacity had come to, and comes to."""
    assert tariff.demand is not None
    assert tariff.capacity is not None
    past = past_peaks(tariff, months, case.state).get(OWN_DEMAND, {})
    by_capacity, full = case.own["by_capacity"], tariff.capacity.price * mva
    for book in months:
        before, after = billed_mw(tariff.demand, book, OWN_DEMAND, past)
        paid = case.state.charged_yuan if book.begun else None
        if paid is None:
            paid = min(full, tariff.demand.price * before)
        chosen = float(by_capacity[book.steps[0]]) > 1 / 2
        yield paid, full if chosen else tariff.demand.price * after


def _network(tariff: Tariff, mva: float, months: list[MonthBook], case: Case) -> Iterator[tuple[str, float]]:
    """Yield what is paid by consumption, and the network fee of 1192/2025."""
    fee = tariff.single_part
    used = np.zeros(case.grid.n)
    if tariff.on_consumption:
        assert case.total_mw is not None
        used = case.total_mw([Role.DEMAND], None)
        per_mwh = sum(adder.price or 0.0 for adder in tariff.adders.values() if adder.on == "consumption")
        yield "consumption_fees", per_mwh * math.fsum(used) * case.grid.hours
    if fee is None:
        return
    whole = [fee.network_price * fee.load_factor.value * fee.hours * mva * book.share for book in months]
    by_energy = [fee.network_price * share_in_step(used, book, case.grid.hours) for book in months]
    if fee.option == "single_part":
        yield "connection_fee", sum(whole)
    elif fee.option == "two_part":
        yield "network_energy", sum(by_energy)
    else:
        single = [float(case.own["by_single_part"][book.steps[0]]) > 1 / 2 for book in months]
        yield "network_fee", sum(a if s else b for s, a, b in zip(single, whole, by_energy, strict=True))


def audited(connected: Connected, case: Case) -> Iterator[Finding]:
    """Check the declared capacity, and that each month is charged in one way and keeps what it chose."""
    low, high = connected.range_mva
    mva = declared_mva(connected, case.own)
    if connected.capacity is None:
        kept = case.state.connected_mva
        yield low - MVA <= mva <= high + MVA, f"{case.name}.connected_mva is {mva:.6g}, outside {low:g} to {high:g}"
        same = float(np.ptp(case.own["connected_mva"])) <= MVA and (kept is None or abs(mva - kept) <= MVA)
        yield same, f"{case.name}.connected_mva is not what was declared"
    room = mva * connected.power_factor + POWER_MW
    most = max(float(np.max(case.own["import_mw"])), float(np.max(case.own["export_mw"])))
    yield most <= room, f"{case.name} carries {most:.6g} MW over a connection for {room:.6g} MW"
    for key in ("by_capacity", "by_single_part"):
        if key in case.own:
            yield from _one_choice(key, case)


def _one_choice(key: str, case: Case) -> Iterator[Finding]:
    flags = case.own[key]
    whole = float(np.max(np.minimum(np.abs(flags), np.abs(flags - 1.0)))) <= WHOLE
    yield whole, f"{case.name}.{key} is neither 0 nor 1"
    names = np.asarray([f"{stamp:%Y-%m}" for stamp in case.grid.local])
    single = all(float(np.ptp(flags[names == name])) <= WHOLE for name in set(names))
    yield single, f"{case.name}.{key} changes within a month"
    if key == "by_single_part" and case.state.month == names[0] and case.state.single_part is not None:
        held = bool(flags[0] > 1 / 2) == case.state.single_part
        yield held, f"{case.name}.{key} is not what the month chose before"


def handed_on(tariff: Tariff, connected: Connected, before: AssetState, now: Values, grid: TimeGrid) -> AssetState:
    """Return what the next day inherits of the connection: the last month's counts, and what was declared."""
    months = books(tariff, now, before, grid)
    last = months[-1]
    partly = [name for name, charge in tariff.all_demands.items() if charge.days or charge.windows]
    export = tariff.export
    kept = {
        "month": last.key,
        "peak_mw": last.peak[1],
        "peaks_mw": {name: last.peaks[name][1] for name in partly},
        "past_peaks_mw": _past(tariff, months, before),
        "imported_mwh": last.imported[1] if tariff.tiers else 0.0,
        "exported_mwh": last.exported[1] if export is not None and export.tiers else 0.0,
    }
    if connected.capacity is None:
        kept["connected_mva"] = float(now["connected_mva"][0])
    if tariff.choice:
        kept["charged_yuan"] = _charged_so_far(tariff, connected, months, before, now)
    if "by_single_part" in now:
        kept["single_part"] = bool(now["by_single_part"][-1] > 1 / 2)
    return AssetState(**{**dict(before), **kept})


def _past(tariff: Tariff, months: list[MonthBook], before: AssetState) -> dict[str, dict[str, float]]:
    """Return the peaks of ended months, as far back as a charge looks from the last one on."""
    last, kept = months[-1].key, {}
    for name, peaks in past_peaks(tariff, months, before).items():
        ratchet = tariff.all_demands[name].ratchet
        assert ratchet is not None
        kept[name] = {key: mw for key, mw in peaks.items() if 1 <= months_between(key, last) <= ratchet.months}
    return kept


def _charged_so_far(
    tariff: Tariff, connected: Connected, months: list[MonthBook], before: AssetState, now: Values
) -> float:
    """Return what the last month's charge by demand or by capacity comes to."""
    assert tariff.demand is not None
    assert tariff.capacity is not None
    past = past_peaks(tariff, months, before).get(OWN_DEMAND, {})
    _, after = billed_mw(tariff.demand, months[-1], OWN_DEMAND, past)
    if now["by_capacity"][-1] > 1 / 2:
        return tariff.capacity.price * declared_mva(connected, now)
    return tariff.demand.price * after


def monthly(values: FloatArray, grid: TimeGrid) -> FloatArray:
    """Return one value a month spread over the steps of each, shape (n,)."""
    keys = np.asarray([f"{stamp:%Y-%m}" for stamp in grid.local])
    _, place = np.unique(keys, return_inverse=True)
    spread: FloatArray = np.asarray(values, dtype=float)[place]
    return spread
