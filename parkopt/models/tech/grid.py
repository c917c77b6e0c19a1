"""The connection to the public grid: import by tariff, export, and the charges on demand, capacity and blocks.

Each connection of a park is an asset of its own, at its own bus; contracts name theirs by `delivered_at`.
The equations of the charges are in `parkopt.models.charges` and `charge_demand`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Text
from parkopt.models.base import POWER_MW, Block, Case, Conditions, Finding, Hub, Role, Series, Technology, Values, Vars
from parkopt.models.charge_books import holds
from parkopt.models.charge_demand import demand_charges
from parkopt.models.charge_owes import audited, handed_on, monthly, owed
from parkopt.models.charges import Site, blocks, connect, consumption, fixed_fees
from parkopt.models.prices import adders_yuan_per_mwh, energy_yuan_per_mwh, export_yuan_per_mwh, marks
from parkopt.park.base import Part
from parkopt.park.charges import Connected, Limit
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.park.state import AssetState
from parkopt.park.tariff import Tariff
from parkopt.units import Megawatt


class Grid(Technology):
    """The point of common coupling."""

    kind: Literal["grid"] = "grid"
    """Grid connection."""
    title: ClassVar[dict[str, str]] = {"en": "grid", "zh": "电网"}
    follows: ClassVar[bool] = True
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "import_limit_mw": ("MW", "largest import by a series", "下网功率上限（时序）"),
        "export_limit_mw": ("MW", "largest export by a series", "上网功率上限（时序）"),
        "connected_mva": ("MVA", "connected capacity", "接入容量"),
        "by_capacity": ("1", "whether the month is charged by capacity", "当月是否按容量计费"),
        "by_single_part": ("1", "whether the month pays the single-part fee", "当月是否执行单一容量制"),
    }
    order: ClassVar[int] = 9
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("import_mw", "export_mw"),)
    includes: ClassVar[dict[str, type[Part]]] = {"tariff": Tariff}
    import_limit: Megawatt
    """Largest import."""
    export_limit: Megawatt = 0.0
    """Largest export."""
    import_limits: list[Limit] = []
    """Lower import limits at some times."""
    export_limits: list[Limit] = []
    """Lower export limits at some times; `limit: 0 MW` forbids export then."""
    import_limit_series: SeriesSpec | None = None
    """An import limit that varies by the step, from a file."""
    export_limit_series: SeriesSpec | None = None
    """An export limit that varies by the step, from a file."""
    connected: Connected | None = None
    """Capacity connected to the grid; where absent, fees on capacity take the larger limit at a power factor of 1."""
    tariff: Tariff
    """Prices: a mapping, or the path of a tariff file."""

    @model_validator(mode="after")
    def _whole(self) -> Grid:
        demand = self.tariff.demand
        decided = self.connected is not None and self.connected.max is not None
        if decided and self.tariff.choice and demand is not None and demand.planned_peak:
            facts = {"name": "choice", "other": "connected.max, demand.planned_peak"}
            raise PydanticCustomError("not_with", "{name} cannot stand with {other}", facts)
        return self

    @property
    def connection(self) -> Connected:
        """The connected capacity, from the limits where the file does not say it."""
        return self.connected or Connected.model_construct(capacity=max(self.import_limit, self.export_limit))

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the market series and those of the limits."""
        given = {
            "tariff": self.tariff.energy.series,
            "import_limit_series.file": self.import_limit_series,
            "export_limit_series.file": self.export_limit_series,
        }
        yield from ((field, spec.file) for field, spec in given.items() if spec is not None)

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return the prices of energy, of the adders and of exports, and limits that come from files."""
        energy = energy_yuan_per_mwh(self.tariff.energy, at.grid, at.folder)
        made = {
            "energy_price_yuan_per_mwh": energy,
            "adders_yuan_per_mwh": adders_yuan_per_mwh(self.tariff, at.grid, energy),
            "export_price_yuan_per_mwh": export_yuan_per_mwh(self.tariff, energy),
        }
        limits = {"import_limit_mw": self.import_limit_series, "export_limit_mw": self.export_limit_series}
        for name, spec in limits.items():
            if spec is not None:
                made[name] = on_grid(read_series(spec, at.folder, "MW"), spec, at.grid)
        return made

    def build(self, block: Block, hub: Hub) -> None:
        """Declare import and export, what contracts bring over the grid, and the charges."""
        imports = hub.var(block, "import_mw", 0.0, self._most(hub, "import", self.import_limit, self.import_limits))
        banned = np.zeros(hub.grid.n) if hub.export_banned is None else hub.export_banned
        most = self._most(hub, "export", self.export_limit, self.export_limits)
        exports = hub.var(block, "export_mw", 0.0, np.where(banned > 0, 0.0, most))
        hub.supply(Role.GRID, imports)
        hub.draw(Role.EXPORT, exports)
        hub.emit(imports, hub.grid_factor_kg_per_mwh)
        says = Text("the import limit", "购电功率上限")
        value = None if np.ptp(imports.upper) else self.import_limit
        hub.promise("import_limit", "MW", imports, says, raised=True, value=value)
        self._energy(block, hub, imports)
        site = Site(block, hub, self.tariff, self.connection, imports, exports)
        connect(site)
        demand_charges(site)
        blocks(site)
        fixed_fees(site)

    def _most(self, hub: Hub, way: str, limit: float, limits: list[Limit]) -> FloatArray:
        """Return the largest power of each step, shape (n,)."""
        most = np.minimum(limit, hub.own.get(f"{way}_limit_mw", np.full(hub.grid.n, limit)))
        for lower in limits:
            most = np.where(marks(lower, hub.grid) > 0, np.minimum(most, lower.limit), most)
        return most

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

    def finish(self, block: Block, hub: Hub) -> None:
        """Bill what goes by the park's consumption, which is known when all are built."""
        flows = block.variables
        consumption(Site(block, hub, self.tariff, self.connection, flows["import_mw"], flows["export_mw"]))

    def flows(self) -> Mapping[str, Role]:
        """Import and export."""
        return {"import_mw": Role.GRID, "export_mw": Role.EXPORT}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, bans and direction, that contracts stay within the import, and what was declared."""
        yield case.within("import_mw", 0.0, self._allowed(case, "import", self.import_limit, self.import_limits))
        most = self._allowed(case, "export", self.export_limit, self.export_limits)
        yield case.within("export_mw", 0.0, np.where(case.export_banned > 0, 0.0, most))
        yield case.one_way("import_mw", "export_mw")
        over = float(np.max(case.within_import_mw - case.own["import_mw"]))
        yield over <= POWER_MW, f"contracts over the grid exceed the import by {over:.3g} MW"
        yield from audited(self.connection, case)

    def _allowed(self, case: Case, way: str, limit: float, limits: list[Limit]) -> FloatArray:
        """Return the limit of each step, from the config alone."""
        allowed = [limit] * case.grid.n
        for lower in limits:
            inside = holds(lower, case.grid)
            allowed = [min(mw, lower.limit) if holding else mw for mw, holding in zip(allowed, inside, strict=True)]
        given = case.series.get(f"{way}_limit_mw")
        return np.asarray(allowed) if given is None else np.minimum(allowed, given)

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield energy, fees, export revenue and the charges."""
        own, hours = case.own, case.grid.hours
        market = own["import_mw"] - case.within_import_mw
        yield "market_energy", math.fsum(own["energy_price_yuan_per_mwh"] * market) * hours
        yield "grid_fees", self._fees(own) * hours
        yield "export_revenue", -math.fsum(own["export_price_yuan_per_mwh"] * own["export_mw"]) * hours
        yield from owed(self.tariff, self.connection, case)

    def _fees(self, own: Values) -> float:
        """Return what the adders on imported energy come to in yuan an hour."""
        borne = [adder for adder in self.tariff.adders.values() if adder.on == "import"]
        fixed = sum(adder.price for adder in borne if adder.price is not None) * math.fsum(own["import_mw"])
        share = sum(adder.of_energy for adder in borne if adder.of_energy is not None)
        return fixed + share * math.fsum(own["energy_price_yuan_per_mwh"] * own["import_mw"])

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return import, export, the prices, and what was declared and chosen."""
        del name
        made = {"import_mw": values["import_mw"], "export_mw": values["export_mw"], **series}
        if self.connected is not None and self.connected.max is not None:
            made["connected_mva"] = np.full(grid.n, values["connected_mva"][0])
        chosen = {key: monthly(values[key], grid) for key in ("by_capacity", "by_single_part") if key in values}
        return {**made, **chosen}

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over the last month's peaks and energies, and what was declared and chosen."""
        del series
        return handed_on(self.tariff, self.connection, before, now, grid)
