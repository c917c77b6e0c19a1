"""Terms of a contract as data: prices, shapes, and energies of a month, a quarter or a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray, TimeGrid
from parkopt.models.base import Conditions
from parkopt.models.periods import Period
from parkopt.park.base import Part
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.units import Megawatt, MegawattHour, PriceNotNegative, Ratio, YuanPerMegawattHour

Window = Literal["month", "quarter", "year"]
FREQUENCIES: dict[Window, str] = {"month": "M", "quarter": "Q", "year": "Y"}
SATURDAY = 5


class Pricing(Part):
    """A price that is not one number: exactly one of the three forms."""

    by_hour: list[YuanPerMegawattHour] | None = Field(default=None, min_length=24, max_length=24)
    """24 prices from 00:00 local time."""
    series: SeriesSpec | None = None
    """An hourly or quarter-hourly series from a file."""
    of_market: Ratio | None = None
    """Share of the connection's energy price in the same step; `premium` comes on top."""
    premium: YuanPerMegawattHour = 0.0
    """What is added to `of_market`; negative for a discount."""

    @model_validator(mode="after")
    def _one(self) -> Pricing:
        given = [name for name in ("by_hour", "series", "of_market") if getattr(self, name) is not None]
        if len(given) != 1 or (self.premium and self.of_market is None):
            names = {"names": "by_hour, series, of_market (+ premium)"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        return self

    def known_yuan_per_mwh(self, at: Conditions) -> FloatArray | None:
        """Return the price of each step, shape (n,); None where it follows the market."""
        if self.by_hour is not None:
            return np.asarray(self.by_hour, dtype=float).take(np.asarray(at.grid.local.hour))
        if self.series is not None:
            return on_grid(read_series(self.series, at.folder, "yuan/MWh"), self.series, at.grid)
        return None


class Shape(Part):
    """A power that changes through the day: 24 values, or a series."""

    by_hour: list[Megawatt] | None = Field(default=None, min_length=24, max_length=24)
    """24 powers from 00:00 local time."""
    weekend_by_hour: list[Megawatt] | None = Field(default=None, min_length=24, max_length=24)
    """24 powers of Saturdays and Sundays; those of `by_hour` where absent."""
    series: SeriesSpec | None = None
    """A series from a file."""

    @model_validator(mode="after")
    def _one(self) -> Shape:
        by_hour = self.by_hour is not None
        if by_hour == (self.series is not None) or (self.weekend_by_hour is not None and not by_hour):
            names = {"names": "by_hour (+ weekend_by_hour), series"}
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", names)
        return self

    def power_mw(self, at: Conditions) -> FloatArray:
        """Return the power of each step, shape (n,)."""
        if self.series is not None:
            return on_grid(read_series(self.series, at.folder, "MW"), self.series, at.grid)
        hour = np.asarray(at.grid.local.hour)
        weekday: FloatArray = np.asarray(self.by_hour, dtype=float).take(hour)
        if self.weekend_by_hour is None:
            return weekday
        weekend: FloatArray = np.asarray(self.weekend_by_hour, dtype=float).take(hour)
        return np.where(np.asarray(at.grid.local.weekday) >= SATURDAY, weekend, weekday)


class Volumes(Part):
    """The least and the most energy that is taken in each month, quarter or year."""

    window: Window
    """Span in which the energy counts; each begins with nothing taken."""
    least: MegawattHour | None = None
    """Least energy of a whole window."""
    most: MegawattHour | None = None
    """Most energy of a whole window."""
    pace: Literal["even", "end"] = "even"
    """Whether `least` grows evenly with the hours of the window, or is due in whole when the window ends."""
    shortfall_price: PriceNotNegative | None = None
    """Price of each MWh below `least`, paid as it grows and refunded as it is made good; a limit where absent."""
    excess_price: PriceNotNegative | None = None
    """Price of each MWh above `most`; a limit where absent."""

    @model_validator(mode="after")
    def _whole(self) -> Volumes:
        if self.least is None and self.most is None:
            raise PydanticCustomError("one_of", "exactly one of {names} is needed", {"names": "least, most (or both)"})
        if self.least is not None and self.most is not None and self.least > self.most:
            names = {"low": "least", "high": "most"}
            raise PydanticCustomError("order", "{low} must not exceed {high}", names)
        for price, limit in (("shortfall_price", "least"), ("excess_price", "most")):
            if getattr(self, price) is not None and getattr(self, limit) is None:
                facts = {"form": price, "wanted": limit, "other": "its absence"}
                raise PydanticCustomError("form", "{form} needs {wanted} and not {other}", facts)
        return self


@dataclass(frozen=True)
class Span(Period):
    """A month, quarter (2026Q3) or year of a horizon, with how far it has come."""

    begun: float
    """Share of the window (0-1) that had passed before the first of them."""
    ended: float
    """Share that has passed after the last."""


def spans(grid: TimeGrid, window: Window) -> list[Span]:
    """Return the windows that a grid touches, first to last."""
    local = grid.local.tz_localize(None)
    of_step = local.to_period(FREQUENCIES[window])
    found = []
    for period in of_step.unique():
        steps = np.flatnonzero(of_step == period)
        opens, length = period.start_time, (period + 1).start_time - period.start_time
        passed = [(local[steps[0]] - opens) / length, (local[steps[-1]] + pd.Timedelta(grid.step) - opens) / length]
        found.append(Span(str(period), steps, *passed))
    return found
