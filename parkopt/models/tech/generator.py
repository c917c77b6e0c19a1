"""A gas, diesel or biogas unit: power from fuel, with starts and stops.

``L on[t] <= supply[t] <= P on[t]`` and ``fuel[t] = f(supply[t]) on[t]``; running, least times, starts and ramps as in
`parkopt.models.commitment`, the part-load curve f as in `parkopt.models.fuel_unit`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from parkopt.models.base import Block, Hub, Role
from parkopt.models.fuel_unit import FuelUnit


class Generator(FuelUnit):
    """A unit that gives power to its bus."""

    kind: Literal["generator"] = "generator"
    """Generator."""
    title: ClassVar[dict[str, str]] = {"en": "generator", "zh": "发电机组"}

    def build(self, block: Block, hub: Hub) -> None:
        """Declare power, running and fuel."""
        supply = hub.var(block, "supply_mw", 0.0, self.power)
        hub.supply(Role.FUEL, supply)
        unit = self.commit(block, hub, supply)
        self.burn(block, hub, supply, unit.on)
        if self.om:
            hub.cost("unit_om", "supply_mw", self.om * hub.grid.hours)
