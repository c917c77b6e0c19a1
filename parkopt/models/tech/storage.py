"""Battery storage on a bus.

``soc[t] = soc[t-1] (1-sigma)^h + eta_c charge[t] h - discharge[t] h / eta_d``

``soc_min usable[t] <= soc[t] <= soc_max usable[t]``, where ``usable`` is the energy less what age and cycles have
taken by the last midnight. A store that is worn by depth, or keeps its green part apart, has such a level for each part
(`parkopt.models.storage_energy`); sizes to be chosen are columns (`parkopt.park.invest`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models import storage_rows as rows
from parkopt.models.algebra import Number
from parkopt.models.base import Block, Case, Conditions, Finding, Hub, Role, Series, Values
from parkopt.models.storage_audit import audit, owes
from parkopt.models.storage_energy import Flowing, Usable, add_depths, add_green_supply, usable
from parkopt.models.storage_fields import ONLY_GREEN, StorageFields
from parkopt.models.storage_parts import MOST_DEPTHS
from parkopt.park.invest import most
from parkopt.park.series import on_grid, read_series
from parkopt.park.state import AssetState

CORE = ("charge_mw", "discharge_mw", "soc_mwh")
DEPTHS = range(1, MOST_DEPTHS + 1)
SIZES = ("built_mwh", "built_charge_mw", "built_discharge_mw")


class Storage(StorageFields):
    """A battery; its levels are shares of its usable energy, which is `energy` while it is new."""

    kind: Literal["storage"] = "storage"
    """Storage."""
    title: ClassVar[dict[str, str]] = {"en": "storage", "zh": "储能"}
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("charge_mw", "discharge_mw"),)
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "built_mwh": ("MWh", "energy of the storage to be built", "拟建储能容量"),
        "built_charge_mw": ("MW", "charging power to be built", "拟建充电功率"),
        "built_discharge_mw": ("MW", "discharging power to be built", "拟建放电功率"),
        ONLY_GREEN: ("MW", "charging that may come from local green energy only", "仅限本地绿电的充电功率"),
        "charge_green_mw": ("MW", "charging of the green part", "绿电部分充电功率"),
        "discharge_green_mw": ("MW", "discharge of the green part", "绿电部分放电功率"),
        "soc_green_mwh": ("MWh", "green part of the stored energy at the end of the step", "时段末储存的绿电"),
        **{f"discharge_depth_{k}_mw": ("MW", f"discharge of depth {k}", f"第 {k} 深度段放电功率") for k in DEPTHS},
        **{f"soc_depth_{k}_mwh": ("MWh", f"stored energy of depth {k}", f"第 {k} 深度段储存电量") for k in DEPTHS},
    }

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``charge_limit_mw`` and ``discharge_limit_mw`` where a file gives them."""
        specs = {"charge_limit_mw": self.charge_limit_series, "discharge_limit_mw": self.discharge_limit_series}
        given = [(key, spec) for key, spec in specs.items() if spec is not None]
        return {key: on_grid(read_series(spec, at.folder, "MW"), spec, at.grid) for key, spec in given}

    def build(self, block: Block, hub: Hub) -> None:
        """Declare sizes, flows and level; the two directions are held apart by the build where needed."""
        energy, into, out = rows.add_sizes(self, block, hub)
        charge = rows.add_power(block, hub, "charge", most(self.charge), into, self.charge_limits)
        discharge = rows.add_power(block, hub, "discharge", most(self.discharge), out, self.discharge_limits)
        left = usable(self, block, hub, energy, discharge)
        soc = rows.add_stored(self, block, hub, left)
        hub.draw(Role.CHARGE, charge)
        hub.supply(Role.STORED, discharge)
        flowing, opening = rows.flowing_of(self, hub, charge, discharge, soc), rows.opening_of(self, hub, left)
        hub.rows(block, "level", flowing.level(charge, discharge, soc, opening) == 0.0)
        rows.add_final(self, block, hub, soc, left, opening)
        rows.add_targets(self, block, hub, soc, left)
        self._beside(block, hub, flowing, left)
        if all(isinstance(size, float) for size in (energy, into, out)):
            rows.add_headroom(self, hub, flowing, left)

    def _beside(self, block: Block, hub: Hub, flowing: Flowing, left: Usable) -> None:
        """Add wear, the cycles of a day and the green part."""
        if self.wear:
            hub.cost("storage_wear", "discharge_mw", self.wear * hub.grid.hours)
        if self.wear_by_depth:
            add_depths(self, block, hub, flowing, left)
        if self.cycles_per_day is not None:
            rows.add_cycles(self, block, hub, flowing.discharge, left.rated)
        rows.add_origin(self, block, hub, flowing)

    def finish(self, block: Block, hub: Hub) -> None:
        """Hold what may be charged from green energy only to what is left of it at the bus."""
        if hub.green_charging:
            add_green_supply(block, hub, self.bus)

    def habit(self, series: Series, state: AssetState, grid: TimeGrid) -> Mapping[str, Number]:
        """Discharge nothing, and charge no more than its levels ask for."""
        del series, state, grid
        return {"discharge_mw": 0.0}

    def flows(self) -> Mapping[str, Role]:
        """Take and give at the bus; say which part of the charging is green."""
        own = {"charge_mw": Role.CHARGE, "discharge_mw": Role.STORED}
        return own if self.green_key is None else {**own, self.green_key: Role.WITHIN_CHARGE}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, direction, sizes, levels and their parts from the flows alone."""
        yield from audit(self, case)

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the wear, the investment, and what the levels are worth."""
        yield from owes(self, case)

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return charging and discharging power and the level at each step's end, their parts, and sizes chosen."""
        del name, series
        own = {key: values[key] for key in (*CORE, *self.meanings) if key in values and key not in SIZES}
        own |= {key: np.full(grid.n, values[key][0]) for key in SIZES if key in values}
        return {**own, ONLY_GREEN: own["charge_mw"]} if self.green_key == ONLY_GREEN else own

    def as_built(self, own: Values) -> Storage:
        """Return the storage with the sizes that a schedule chose."""
        names = {"energy": "built_mwh", "charge": "built_charge_mw", "discharge": "built_discharge_mw"}
        chosen = {
            field: float(own[key][0]) for field, key in names.items() if not isinstance(getattr(self, field), float)
        }
        return self.model_copy(update=chosen) if chosen else self

    def next_state(self, before: AssetState, now: Values, series: Series, grid: TimeGrid) -> AssetState:
        """Hand over level, throughput and age, the day's cycles and the parts; origins are added by the tracing."""
        del series
        given = now["discharge_mw"] * grid.hours
        after: dict[str, Any] = {
            "soc_mwh": float(now["soc_mwh"][-1]),
            "throughput_mwh": before.throughput_mwh + max(0.0, math.fsum(given)),
        }
        if self.fade_per_year:
            after["in_service_h"] = self.age_h(before) + grid.n * grid.hours
        if self.cycles_per_day is not None:
            days = np.asarray(grid.local.strftime("%Y-%m-%d"))
            so_far = before.cycled_mwh if before.cycled_on == days[-1] else 0.0
            after["cycled_on"] = str(days[-1])
            after["cycled_mwh"] = so_far + max(0.0, math.fsum(given[days == days[-1]]))
        depths = range(1, len(self.wear_by_depth) + 1)
        after["depths_mwh"] = tuple(max(0.0, float(now[f"soc_depth_{k}_mwh"][-1])) for k in depths)
        if self.tagged:
            after["green_mwh"] = max(0.0, float(now["soc_green_mwh"][-1]))
        return AssetState(**{**dict(before), **after})
