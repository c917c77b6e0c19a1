"""What wind and PV share: use what is available, or curtail it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import Block, Case, Finding, Hub, Role, Series, Technology, Values
from parkopt.park.series import SeriesSpec
from parkopt.units import YuanPerMegawattHour


class Renewable(Technology):
    """A local plant on a direct line: ``use_mw <= available_mw`` in each step."""

    follows: ClassVar[bool] = True
    om: YuanPerMegawattHour = 0.0
    """Variable operating cost per MWh used."""
    price: YuanPerMegawattHour = 0.0
    """What the park pays the plant's owner per MWh used."""
    curtail_price: YuanPerMegawattHour = 0.0
    """What each curtailed MWh costs."""
    history: SeriesSpec | None = None
    """Measured power of the past, from a file; forecasts are corrected by it (docs/forecast.md)."""

    def rated_mw(self, folder: Path) -> float:
        """Return the most that the plant can give; files that it names are looked up in `folder`."""
        raise NotImplementedError

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the measured power."""
        if self.history is not None:
            yield ("history.file", self.history.file)

    def build(self, block: Block, hub: Hub) -> None:
        """Declare ``use_mw``; a price on curtailment counts the unused part."""
        use = hub.var(block, "use_mw", 0.0, hub.own["available_mw"])
        hub.supply(Role.LOCAL, use)
        if paid := self.om + self.price:
            hub.cost("local_energy", "use_mw", paid * hub.grid.hours)
        if self.curtail_price:
            curtailed = hub.var(block, "curtailed_mw")
            hub.rows(block, "curtailment", use + curtailed == hub.own["available_mw"])
            hub.cost("curtailment", "curtailed_mw", self.curtail_price * hub.grid.hours)

    def flows(self) -> Mapping[str, Role]:
        """Give local energy to the bus."""
        return {"supply_mw": Role.LOCAL}

    def audit(self, case: Case) -> Iterator[Finding]:
        """Check that no more is used than is available."""
        yield case.within("supply_mw", 0.0, case.own["available_mw"])

    def owes(self, case: Case) -> Iterator[tuple[str, float]]:
        """Yield the price of what is used, and of what is curtailed."""
        yield "local_energy", (self.om + self.price) * math.fsum(case.own["supply_mw"]) * case.grid.hours
        yield "curtailment", self.curtail_price * math.fsum(case.own["curtailed_mw"]) * case.grid.hours

    def report(self, name: str, values: Values, series: Series, grid: TimeGrid) -> dict[str, FloatArray]:
        """Return supply, available and curtailed power."""
        del name, grid
        return {
            "supply_mw": values["use_mw"],
            "available_mw": series["available_mw"],
            "curtailed_mw": series["available_mw"] - values["use_mw"],
        }
