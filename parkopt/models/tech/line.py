"""A line between two buses of power, with a limit and a loss in each direction.

``arrived[t] = (1 - loss) sent[t]``, ``0 <= sent[t] <= limit``, one direction at a time.

A battery and PV behind one inverter stand on a bus of their own behind a line with the inverter's limit and loss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import POWER_MW, Block, Carrier, Case, Finding, Hub, Role, Series, Technology, Values, Vars
from parkopt.units import Megawatt, PriceNotNegative, Quantity

Loss = Annotated[float, Quantity("", 0, 0.99)]


class Line(Technology):
    """A line from `bus` to `to_bus`: a cable, a transformer, or an inverter that others share."""

    kind: Literal["line"] = "line"
    """Line."""
    title: ClassVar[dict[str, str]] = {"en": "line", "zh": "线路"}
    follows: ClassVar[bool] = True
    opposites: ClassVar[tuple[tuple[str, str], ...]] = (("forward_mw", "back_mw"),)
    meanings: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "forward_mw": ("MW", "power sent from the line's first bus", "线路首端送出功率"),
        "forward_arrived_mw": ("MW", "power that arrives at the line's second bus", "线路末端到达功率"),
        "back_mw": ("MW", "power sent back from the line's second bus", "线路末端返送功率"),
        "back_arrived_mw": ("MW", "power that arrives back at the line's first bus", "线路首端返到功率"),
    }
    to_bus: str = Field(min_length=1)
    """The bus at its other end."""
    limit: Megawatt
    """Largest power sent from `bus`."""
    back_limit: Megawatt = 0.0
    """Largest power sent back from `to_bus`; a line of one way has none."""
    loss: Loss = 0.0
    """Share of what is sent that does not arrive."""
    cost: PriceNotNegative = 0.0
    """Cost of each MWh sent, in either direction."""

    @model_validator(mode="after")
    def _two_ends(self) -> Line:
        if self.bus == self.to_bus:
            raise PydanticCustomError("other_bus", "to_bus must differ from bus")
        return self

    def build(self, block: Block, hub: Hub) -> None:
        """Declare what is sent each way and what arrives."""
        forward = hub.var(block, "forward_mw", 0.0, self.limit)
        back = hub.var(block, "back_mw", 0.0, self.back_limit)
        self._send(block, hub, forward, (self.bus, self.to_bus))
        self._send(block, hub, back, (self.to_bus, self.bus))

    def _send(self, block: Block, hub: Hub, sent: Vars, ends: tuple[str, str]) -> None:
        """Take what is sent at one end and give what arrives at the other."""
        arrived = sent
        if self.loss:
            arrived = hub.var(block, sent.name.replace("_mw", "_arrived_mw"))
            hub.rows(block, sent.name.replace("_mw", "_loss"), arrived - (1.0 - self.loss) * sent == 0.0)
        hub.draw(Role.SENT, sent, ends[0])
        hub.supply(Role.ARRIVED, arrived, ends[1])
        if self.cost:
            hub.cost("line_use", sent.name, self.cost * hub.grid.hours)

    def flows(self) -> Mapping[str, Role]:
        """Take at one end, give at the other, each way."""
        return {
            "forward_mw": Role.SENT,
            "forward_arrived_mw": Role.ARRIVED,
            "back_mw": Role.SENT,
            "back_arrived_mw": Role.ARRIVED,
        }

    def bus_of(self, key: str) -> str:
        """Return the end at which a reported power is taken or given."""
        return self.bus if key in ("forward_mw", "back_arrived_mw") else self.to_bus

    def carriers(self) -> Mapping[str, Carrier]:
        """Join two buses of power."""
        return {self.bus: "power", self.to_bus: "power"}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check limits, direction and loss."""
        yield case.within("forward_mw", 0.0, self.limit)
        yield case.within("back_mw", 0.0, self.back_limit)
        yield case.one_way("forward_mw", "back_mw")
        for way in ("forward", "back"):
            lost = case.own[f"{way}_mw"] - case.own[f"{way}_arrived_mw"]
            off = float(np.max(np.abs(lost - self.loss * case.own[f"{way}_mw"])))
            yield off <= POWER_MW, f"{case.name}: the loss {way} is off by {off:.3g} MW"

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the price of what is sent."""
        sent = math.fsum(case.own["forward_mw"]) + math.fsum(case.own["back_mw"])
        yield "line_use", self.cost * sent * case.grid.hours

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return what is sent and what arrives, each way."""
        del name, series, grid
        kept = 1.0 - self.loss
        return {
            f"{way}{end}_mw": values[f"{way}_mw"] * share
            for way in ("forward", "back")
            for end, share in (("", 1.0), ("_arrived", kept))
        }
