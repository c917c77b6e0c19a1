"""The charges of a grid connection as columns and rows; `parkopt.models.charge_owes` bills the same without them.

With M months in the horizon, I and X import and export in MW, h the step in hours, and by state what a month has seen:

demand charge
    ``before = max(planned_peak, seen, floor if the month has begun)``, ``I[t] <= before + rise[m]`` in its hours,
    ``before + rise[m] >= floor = max(contracted_share contracted, ratchet.share past peak)``, cost ``price rise[m]``;
    a peak of one month of the horizon under which a later one is billed at least is a column of its own
demand or capacity
    ``R[m] >= price (before + rise[m]) - paid - big z[m]``, ``R[m] >= c S - paid - big (1 - z[m])``, cost ``R[m]``,
    written in MW at the demand price
blocks
    ``sum_k e[m, k] = h sum I``, ``0 <= e[m, k] <= room[m, k]``; where a block is cheaper than the one below it,
    ``e[m, k] >= room[m, k] full[m, k]`` and ``e[m, k+1] <= most[m, k+1] full[m, k]``
connected capacity
    ``I[t], X[t] <= power_factor S``, and S bears its fees by the month's share of hours
single or two parts (1192/2025)
    ``Q[m] >= share load_factor hours S - big (1 - z[m])``, ``Q[m] >= E[m] - big z[m]`` in MWh, cost ``price Q[m]``,
    E all consumption of the park
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text, Where
from parkopt.faults import WrongState, WrongValue
from parkopt.models.algebra import IntArray, Sum, Vars
from parkopt.models.hub import Block, Hub, Role
from parkopt.models.periods import Period, of_steps, periods
from parkopt.park.charges import Connected, Tier
from parkopt.park.state import AssetState
from parkopt.park.tariff import Tariff

HOURS_OF_DAY = 24
SAME_MVA = 1e-9


@dataclass(frozen=True)
class Site:
    """One connection that is being built."""

    block: Block
    hub: Hub
    tariff: Tariff
    connected: Connected
    imports: Vars
    exports: Vars

    @property
    def state(self) -> AssetState:
        """What the connection inherits."""
        return self.hub.state.of(self.block.name)

    @cached_property
    def months(self) -> tuple[Period, ...]:
        """Months of the horizon."""
        return periods(self.hub.grid, "month")

    @cached_property
    def month_of(self) -> IntArray:
        """Index of the month of each step, shape (n,)."""
        return of_steps(self.months, self.hub.grid.n)

    @property
    def shares(self) -> FloatArray:
        """Share of each month's hours that lies in the horizon, shape (M,)."""
        return np.asarray([share_of(month, self.hub.grid) for month in self.months])

    def begun(self, key: str) -> bool:
        """Whether a month was planned before."""
        return self.state.month == key


def share_of(month: Period, grid: TimeGrid) -> float:
    """Return which share of a month's hours lies in the horizon."""
    return len(month.steps) * grid.hours / (days_of(month.key) * HOURS_OF_DAY)


def days_of(month: str) -> int:
    """Return the days of a month such as 2026-07."""
    return calendar.monthrange(int(month[:4]), int(month[5:]))[1]


def fixed_fees(site: Site) -> None:
    """Bill the fees that no decision changes, by the month's share of hours."""
    fees = site.tariff.fixed.values()
    if not fees:
        return
    monthly = sum(fee.per_month or 0.0 for fee in fees)
    daily = sum(fee.per_day or 0.0 for fee in fees)
    site.hub.each(site.block, "month_share", [(float(share), float(share)) for share in site.shares])
    prices = [monthly + daily * days_of(month.key) for month in site.months]
    site.hub.cost("fixed_fees", "month_share", np.asarray(prices))


def blocks(site: Site) -> None:
    """Bill the blocks of the month's import and export."""
    export = site.tariff.export
    if site.tariff.tiers:
        _blocks(site, "import", site.imports, site.tariff.tiers, 1.0)
    if export is not None and export.tiers:
        _blocks(site, "export", site.exports, export.tiers, -1.0)


def _blocks(site: Site, name: str, flow: Vars, tiers: Sequence[Tier], sign: float) -> None:
    """Fill the blocks from the lowest up: by price alone where they get dearer, else by binaries."""
    hub, block, many = site.hub, site.block, len(site.months)
    starts = [tier.above for tier in tiers]
    adds = [sign * tier.adds for tier in tiers]
    if starts[0] > 0:
        starts, adds = [0.0, *starts], [0.0, *adds]
    room, most = _rooms(site, name, flow, starts)
    count = len(starts)
    filled = hub.cols(block, f"{name}_block_mwh", range(many * count), 0.0, most.ravel())
    of_block = np.repeat(np.arange(many), count)
    energy = (flow * hub.grid.hours).by(site.month_of, many)
    hub.rows(block, f"{name}_blocks", energy - filled.by(of_block, many) == 0.0, range(many))
    hub.cost(f"{name}_blocks", f"{name}_block_mwh", np.tile(adds, many))
    if any(upper < lower for lower, upper in itertools.pairwise(adds)):
        low = np.flatnonzero(np.arange(many * count) % count < count - 1)
        full = hub.cols(block, f"{name}_block_full", low.tolist(), 0.0, 1.0, integer=True)
        hub.rows(block, f"{name}_block_filled", filled.at(low) - room.ravel()[low] * full >= 0.0, low.tolist())
        hub.rows(block, f"{name}_block_opened", filled.at(low + 1) - most.ravel()[low + 1] * full <= 0.0, low.tolist())


def _rooms(site: Site, name: str, flow: Vars, starts: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Return the room that is left in each block, and how much of it the horizon could fill, shape (M, K)."""
    so_far = site.state.imported_mwh if name == "import" else site.state.exported_mwh
    ends = np.asarray([*starts[1:], np.inf])
    before = np.asarray([so_far if site.begun(month.key) else 0.0 for month in site.months])
    room = np.maximum(ends - np.maximum(np.asarray(starts), before[:, None]), 0.0)
    most = [float(np.sum(flow.upper[month.steps])) * site.hub.grid.hours for month in site.months]
    return room, np.minimum(room, np.asarray(most)[:, None])


def connect(site: Site) -> Vars | None:
    """Declare the connected capacity, where it bears fees or limits the flows; return its column."""
    tariff, hub, block = site.tariff, site.hub, site.block
    low, high = held_mva(site)
    factor = site.connected.power_factor
    binds = high * factor < max(float(np.max(site.imports.upper)), float(np.max(site.exports.upper))) - SAME_MVA
    if not (binds or low < high or tariff.capacity or tariff.single_part):
        return None
    capacity = hub.one(block, "connected_mva", low, high)
    if binds or low < high:
        room = capacity.spread(hub.grid.n) * factor
        hub.rows(block, "import_connected", site.imports - room <= 0.0)
        hub.rows(block, "export_connected", site.exports - room <= 0.0)
        says = Text("the connected capacity", "接入容量")
        hub.promise("connected", "MVA", capacity, says, raised=True)
    months = float(np.sum(site.shares))
    if tariff.capacity and not tariff.choice:
        hub.cost("capacity_charge", "connected_mva", tariff.per_mva_month * months)
    if tariff.single_part and tariff.single_part.option == "single_part":
        fee = tariff.single_part
        hub.cost("connection_fee", "connected_mva", fee.network_price * fee.load_factor.value * fee.hours * months)
    return capacity


def held_mva(site: Site) -> tuple[float, float]:
    """Return the limits of the connected capacity; what was declared before is kept.

    Raises
    ------
    WrongState
        Where the declared capacity lies outside the limits of the park file.
    """
    low, high = site.connected.range_mva
    declared = site.state.connected_mva
    if declared is None or low == high:
        return low, high
    if not low - SAME_MVA <= declared <= high + SAME_MVA:
        where = Where(field=f"assets.{site.block.name}.connected_mva")
        raise WrongState(where, name="connected_mva", value=f"{declared} MVA", low=f"{low} MVA", high=f"{high} MVA")
    return declared, declared


def consumption(site: Site) -> None:
    """Bill what is paid on all consumption of the park; called when every demand is known.

    Raises
    ------
    WrongValue
        Where the park has several connections (whose consumption would it be?), or a demand without a limit.
    """
    tariff, hub, block = site.tariff, site.hub, site.block
    if not tariff.on_consumption:
        return
    if len(hub.connections) > 1:
        reason = Text(
            "only a park with one connection can pay by consumption", "只有单一并网点的园区可按全部用电量计费"
        )
        raise WrongValue(Where(field=f"assets.{block.name}.tariff"), value="consumption", reason=reason)
    many, of_month = len(site.months), site.month_of
    drawn = Sum(many, (), np.zeros(many))
    for flow in hub.draws:
        if flow.role == Role.DEMAND:
            drawn = drawn + _by_month(flow.mw, of_month, many) * hub.grid.hours
    used = hub.each(block, "consumption_mwh", [(0.0, None)] * many)
    hub.rows(block, "consumption", used - drawn == 0.0, range(many))
    fees = sum(adder.price or 0.0 for adder in tariff.adders.values() if adder.on == "consumption")
    if fees:
        hub.cost("consumption_fees", "consumption_mwh", fees)
    if tariff.single_part and tariff.single_part.option == "two_part":
        hub.cost("network_energy", "consumption_mwh", tariff.single_part.network_price)
    if tariff.single_part and tariff.single_part.option == "cheaper":
        _cheaper(site, used)


def _by_month(mw: Vars | FloatArray, of_month: IntArray, many: int) -> Sum:
    if isinstance(mw, Vars):
        return mw.by(of_month, many)
    return Sum(len(mw), (), np.asarray(mw, dtype=float)).by(of_month, many)


def _cheaper(site: Site, used: Vars) -> None:
    """Pay the single part or the two parts in each month; a month that has begun keeps what it chose."""
    hub, block, fee = site.hub, site.block, site.tariff.single_part
    assert fee is not None
    capacity, many = block.variables["connected_mva"], len(site.months)
    most_mwh = _most_mwh(site)
    held = [site.state.single_part if site.begun(month.key) else None for month in site.months]
    bounds = np.asarray([(0.0, 1.0) if known is None else (float(known), float(known)) for known in held])
    single = hub.cols(block, "by_single_part", range(many), bounds[:, 0], bounds[:, 1], integer=True)
    due = hub.each(block, "network_fee_mwh", [(0.0, None)] * many)
    by_capacity = fee.load_factor.value * fee.hours * site.shares
    big = by_capacity * float(capacity.upper[0])
    hub.rows(block, "fee_single_part", due - by_capacity * capacity.spread(many) - big * single >= -big, range(many))
    hub.rows(block, "fee_two_part", due - used + most_mwh * single >= 0.0, range(many))
    hub.cost("network_fee", "network_fee_mwh", fee.network_price)


def _most_mwh(site: Site) -> FloatArray:
    """Return the most that the park could consume in each month, shape (M,)."""
    most = np.zeros(len(site.months))
    for flow in site.hub.draws:
        if flow.role == Role.DEMAND:
            upper = flow.mw.upper if isinstance(flow.mw, Vars) else np.asarray(flow.mw, dtype=float)
            most += [float(np.sum(upper[month.steps])) * site.hub.grid.hours for month in site.months]
    if not np.isfinite(most).all():
        reason = Text("a choice by consumption needs demands with a limit", "按用电量选择时各项用电须有上限")
        raise WrongValue(Where(field=f"assets.{site.block.name}.tariff.single_part"), value="cheaper", reason=reason)
    return most
