"""The four parks' problems: days, weeks and a year of the embedded weather."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from parkopt.models import Problem, build
from parkopt.models.base import Technology
from parkopt.park.invest import EnergyInvestment
from parkopt.workflow import Context, DayRequest, Forecast, fetch_weather, forecast, load_park

PARKS = ("dafeng", "sheyang", "huanghai", "ydz")
DAYS = ("2026-01-15", "2026-07-15")
CTX = Context("bench", "bench", "bench")
YEAR_OF = "sheyang"
SIZE = {"max": "1000 MWh", "capex": "800000 yuan/MWh", "life": "12 year"}


def posed(park: str, day: str, days: int = 1) -> Forecast:
    """Return the park's problem over some days from a date on."""
    request = DayRequest(park, date.fromisoformat(day), days=days)
    return forecast(fetch_weather(load_park(request, CTX), CTX), CTX)


def largest() -> tuple[str, str]:
    """Return park and date of the day with the most rows."""
    cases = [(park, day) for park in PARKS for day in DAYS]
    return max(cases, key=lambda case: build(posed(*case).problem).hub.n_rows)


def opposed(problem: Problem) -> frozenset[str]:
    """Return all assets that have opposite flows."""
    assets = problem.park.assets.items()
    return frozenset(name for name, asset in assets if isinstance(asset, Technology) and asset.opposites)


def year() -> Problem:
    """Return a year of one park with the energy of its storage to be chosen, without whole numbers.

    The electrolyser (it is on or off) is left out, and contracts need not be paid where they are not taken:
    that would ask for a binary in each hour.
    """
    whole = posed(YEAR_OF, "2026-01-01", 365).problem
    assets = {}
    for name, asset in whole.park.assets.items():
        if asset.kind == "contract":
            assets[name] = asset.model_copy(update={"take_or_pay": 0.0})
        elif asset.kind == "storage":
            assets[name] = asset.model_copy(update={"energy": EnergyInvestment.model_validate(SIZE)})
        elif asset.kind != "electrolyser":
            assets[name] = asset
    series = {name: own for name, own in whole.series.items() if name in assets}
    return replace(whole, park=whole.park.model_copy(update={"assets": assets}), series=series)
