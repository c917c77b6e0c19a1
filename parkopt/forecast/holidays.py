"""Which kind of day a Chinese factory sees: the State Council's holidays and moved workdays.

The dates come from the `holidays` package (MIT). Holidays and the weekend days worked in
return are decided each November for the next year; for years not yet decided the package
gives the holidays of the law alone, without moved workdays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from parkopt.forecast.arrays import setting

DayKind = Literal["workday", "weekend", "holiday", "spring_festival"]
SPRING_DAYS = 7
"""Days before and after the Spring Festival's first day in which work ebbs."""
FIRST_YEAR, LAST_YEAR = 1950, 2099
_SATURDAY = 5


@dataclass(frozen=True)
class Year:
    """The days off of all holidays, the moved workdays and the Spring Festival's first day of one year."""

    holidays: frozenset[date]
    workdays: frozenset[date]
    spring_festival: date


@lru_cache(maxsize=32)
def calendar(year: int) -> Year:
    """Return the calendar of a year.

    Raises
    ------
    OutOfRange
        Outside 1950-2099, for which the package has no lunar calendar.
    """
    import holidays

    setting(year, FIRST_YEAR, LAST_YEAR)
    # The next year's New Year may move a workday into this December.
    named = holidays.China(years=(year, year + 1), language="en_US")
    spring = min(d for d, name in named.items() if d.year == year and "Spring Festival" in name)
    worked = frozenset(named.weekend_workdays)
    off = frozenset(d for day in named for d in _run(day, worked) if d.year == year)
    return Year(off, frozenset(d for d in worked if d.year == year), spring)


def _run(holiday: date, worked: frozenset[date]) -> Iterator[date]:
    """Yield a holiday and the free weekend days that touch it: the State Council counts them in."""
    yield holiday
    for step in (timedelta(days=-1), timedelta(days=1)):
        day = holiday + step
        while day.weekday() >= _SATURDAY and day not in worked:
            yield day
            day += step


def spring_festival(year: int) -> date:
    """Return the first day of the Spring Festival, the lunar new year."""
    return calendar(year).spring_festival


def days_from_spring_festival(day: date) -> int:
    """Return the days since that year's Spring Festival; negative before it."""
    return (day - spring_festival(day.year)).days


@lru_cache(maxsize=8192)
def official_kind(day: date) -> Literal["workday", "weekend", "holiday"]:
    """Return what the State Council's calendar makes of a day."""
    year = calendar(day.year)
    if day in year.holidays:
        return "holiday"
    if day in year.workdays or day.weekday() < _SATURDAY:
        return "workday"
    return "weekend"


@lru_cache(maxsize=8192)
def day_kind(day: date) -> DayKind:
    """Return the kind of a day; the Spring Festival's 15 days come before all else.

    Parameters
    ----------
    day : datetime.date
        A calendar day of the park's zone.

    Raises
    ------
    OutOfRange
        Outside 1950-2099.
    """
    if abs(days_from_spring_festival(day)) <= SPRING_DAYS:
        return "spring_festival"
    return official_kind(day)
