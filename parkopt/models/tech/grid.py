"""The connection to the public grid: import by tariff, export, demand charge."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.base import (
    POWER_MW,
    Block,
    Case,
    Conditions,
    Finding,
    Hub,
    Role,
    Series,
    Technology,
    Values,
    Vars,
)
from parkopt.models.periods import of_steps, periods
from parkopt.models.prices import adders_yuan_per_mwh, energy_yuan_per_mwh, export_yuan_per_mwh
from parkopt.park.base import Part
from parkopt.park.state import AssetState
from parkopt.park.tariff import Tariff
from parkopt.units import Megawatt


class Grid(Technology):
    """The point of common coupling."""

    kind: Literal["grid"] = "grid"
    """Grid connection."""
    title: ClassVar[dict[str, str]] = {"en": "grid", "zh": "电网"}
    order: ClassVar[int] = 9
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("import_mw", "export_mw"),)
    includes: ClassVar[dict[str, type[Part]]] = {"tariff": Tariff}
    import_limit: Megawatt
    """Largest import."""
    export_limit: Megawatt = 0.0
    """Largest export."""
    tariff: Tariff
    """Prices: a mapping, or the path of a tariff file."""

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the market series."""
        if self.tariff.energy.series is not None:
            yield ("tariff", self.tariff.energy.series.file)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return the prices of energy, of the adders and of exports."""
        energy = energy_yuan_per_mwh(self.tariff.energy, at.grid, at.folder)
        return {
            "energy_price_yuan_per_mwh": energy,
            "adders_yuan_per_mwh": adders_yuan_per_mwh(self.tariff, at.grid),
            "export_price_yuan_per_mwh": export_yuan_per_mwh(self.tariff, energy),
        }

    def build(self, block: Block, hub: Hub) -> None:
        """Declare import and export, the month's peak, and what contracts bring over the grid."""
        imports = hub.var(block, "import_mw", 0.0, self.import_limit)
        banned = np.zeros(hub.grid.n) if hub.export_banned is None else hub.export_banned
        exports = hub.var(block, "export_mw", 0.0, np.where(banned > 0, 0.0, self.export_limit))
        hub.supply(Role.GRID, imports)
        hub.draw(Role.EXPORT, exports)
        hub.emit(imports, hub.grid_factor_kg_per_mwh)
        says = Text("the import limit", "购电功率上限")
        hub.promise("import_limit", "MW", imports, says, raised=True, value=self.import_limit)
        self._energy(block, hub, imports)
        self._demand(block, hub, imports)
        if hub.name in hub.exclusive:
            self._one_way(block, hub, imports, exports)

    def _energy(self, block: Block, hub: Hub, imports: Vars) -> None:
        hours, prices = hub.grid.hours, hub.own
        hub.cost("market_energy", "import_mw", prices["energy_price_yuan_per_mwh"] * hours)
        hub.cost("grid_fees", "import_mw", prices["adders_yuan_per_mwh"] * hours)
        hub.cost("export_revenue", "export_mw", -prices["export_price_yuan_per_mwh"] * hours)
        own = [take for _, connection, take in hub.over_grid if connection == hub.name]
        if own:
            within = imports.sum
            for take in own:
                within = within - take
            hub.rows(block, "contracts_within_import", within >= 0.0)

    def _demand(self, block: Block, hub: Hub, imports: Vars) -> None:
        charge = self.tariff.demand
        if charge is None:
            return
        months = periods(hub.grid, "month")
        bases = [self.free_mw(hub.state.of(hub.name), month.key) for month in months]
        rise = hub.each(block, "peak_rise_mw", [(0.0, None)] * len(months))
        of_step = of_steps(months, hub.grid.n)
        hub.rows(block, "month_peak", imports - rise.at(of_step) <= np.asarray(bases)[of_step])
        hub.cost("demand_charge", "peak_rise_mw", charge.price)

    def free_mw(self, state: AssetState, month: str) -> float:
        """Return the import that adds nothing to a month's charge: its peak so far, or the planned one."""
        so_far = state.peak_mw if state.month == month else 0.0
        planned = self.tariff.demand.planned_peak if self.tariff.demand else 0.0
        return max(so_far, planned)

    def _one_way(self, block: Block, hub: Hub, imports: Vars, exports: Vars) -> None:
        importing = hub.flag(block, "importing")
        hub.rows(block, "import_only", imports - self.import_limit * importing <= 0.0)
        hub.rows(block, "export_only", exports + self.export_limit * importing <= self.export_limit)

    def flows(self) -> Mapping[str, Role]:
        """Import and export."""
        return {"import_mw": Role.GRID, "export_mw": Role.EXPORT}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, bans and direction, and that contracts stay within the import."""
        yield case.within("import_mw", 0.0, self.import_limit)
        yield case.within("export_mw", 0.0, np.where(case.export_banned > 0, 0.0, self.export_limit))
        yield case.one_way("import_mw", "export_mw")
        over = float(np.max(case.within_import_mw - case.own["import_mw"]))
        yield over <= POWER_MW, f"contracts over the grid exceed the import by {over:.3g} MW"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield energy, fees, export revenue and what the day adds to the demand charge."""
        own, hours = case.own, case.grid.hours
        market = own["import_mw"] - case.within_import_mw
        yield "market_energy", math.fsum(own["energy_price_yuan_per_mwh"] * market) * hours
        yield "grid_fees", sum(a.price for a in self.tariff.adders.values()) * math.fsum(own["import_mw"]) * hours
        yield "export_revenue", -math.fsum(own["export_price_yuan_per_mwh"] * own["export_mw"]) * hours
        if self.tariff.demand is not None:
            rise = 0.0
            for month in sorted({f"{stamp:%Y-%m}" for stamp in case.grid.local}):
                inside = np.asarray([f"{stamp:%Y-%m}" == month for stamp in case.grid.local])
                seen = case.state.peak_mw if case.state.month == month else 0.0
                free = max(self.tariff.demand.planned_peak, seen)
                rise += max(0.0, float(np.max(own["import_mw"][inside])) - free)
            yield "demand_charge", self.tariff.demand.price * rise

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return import, export and the prices."""
        del name, grid
        return {"import_mw": values["import_mw"], "export_mw": values["export_mw"], **series}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the last month and its highest import."""
        del series
        last = periods(grid, "month")[-1]
        so_far = before.peak_mw if before.month == last.key else 0.0
        peak = max(so_far, float(np.max(now["import_mw"][last.steps])))
        return AssetState(**{**dict(before), "month": last.key, "peak_mw": peak})
