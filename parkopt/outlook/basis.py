"""On which of the things that may come a day is planned: the chain, a quantile, or scenarios."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from parkopt.errors import Where
from parkopt.faults import WrongOption
from parkopt.forecast.quantiles import LEVELS, MEDIAN
from parkopt.models.renewable import Renewable
from parkopt.models.tech.load import Load
from parkopt.park.schema import Park

ALLOWED = "chain, median, P5 to P95, scenarios; nothing takes the median where the park has a history, else the chain"
QUANTILE = re.compile(r"[Pp]([1-9]|[1-9][0-9])")
PERCENT = 100


@dataclass(frozen=True)
class PlannedOn:
    """What a schedule is planned on."""

    kind: Literal["chain", "quantile", "scenarios"]
    level: float = MEDIAN
    """Quantile of wind and sun; loads take the opposite one."""

    @property
    def text(self) -> str:
        """The same as a request says it."""
        if self.kind != "quantile":
            return self.kind
        return "median" if self.level == MEDIAN else f"P{self.level * PERCENT:.0f}"


def planned_on(text: str, park: Park, weather_basis: str = "forecast") -> PlannedOn:
    """Return what a request means by `text`; weather that is what came needs no forecast.

    Raises
    ------
    WrongOption
    """
    if not text:
        corrected = has_history(park) and weather_basis != "actual"
        return PlannedOn("quantile") if corrected else PlannedOn("chain")
    if text in ("chain", "scenarios"):
        return PlannedOn("chain" if text == "chain" else "scenarios")
    found = QUANTILE.fullmatch("P50" if text == "median" else text)
    if found is None or not LEVELS[0] <= int(found[1]) / PERCENT <= LEVELS[-1]:
        raise WrongOption(Where(field="on"), option="on", value=text, allowed=ALLOWED)
    return PlannedOn("quantile", int(found[1]) / PERCENT)


def has_history(park: Park) -> bool:
    """Return whether any plant or load of a park has a record of its own."""
    return any(isinstance(one, Renewable | Load) and one.history is not None for one in park.assets.values())
