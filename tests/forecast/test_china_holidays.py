"""The calendar of the State Council for 2026 (notice of November 2025)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from parkopt.faults import OutOfRange
from parkopt.forecast.holidays import day_kind, days_from_spring_festival, official_kind, spring_festival


@pytest.mark.parametrize(
    ("year", "first"),
    [(2024, date(2024, 2, 10)), (2025, date(2025, 1, 29)), (2026, date(2026, 2, 17)), (2027, date(2027, 2, 6)),
     (2028, date(2028, 1, 26)), (2030, date(2030, 2, 3))],
)  # fmt: skip
def test_spring_festival(year, first):
    assert spring_festival(year) == first


def test_fifteen_days_of_spring_festival():
    kinds = [day_kind(date(2026, 2, 17) + timedelta(d)) for d in range(-9, 10)]
    assert kinds[2:17] == ["spring_festival"] * 15
    assert "spring_festival" not in kinds[:2] + kinds[17:]
    assert days_from_spring_festival(date(2026, 2, 10)) == -7
    assert official_kind(date(2026, 2, 14)) == "workday"  # a Saturday worked


def test_national_day_2026():
    """1 to 7 October off, the Sunday within too; Saturday the 10th is worked."""
    assert [day_kind(date(2026, 10, d)) for d in range(1, 8)] == ["holiday"] * 7
    assert [day_kind(date(2026, 10, d)) for d in range(8, 13)] == ["workday"] * 3 + ["weekend", "workday"]


@pytest.mark.parametrize("worked", ["2026-01-04", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_weekends_worked_in_2026(worked):
    day = date.fromisoformat(worked)
    assert day.weekday() >= 5
    assert day_kind(day) == "workday"


def test_plain_days():
    assert day_kind(date(2026, 7, 15)) == "workday"
    assert day_kind(date(2026, 7, 18)) == "weekend"
    assert day_kind(date(2026, 1, 1)) == "holiday"
    assert day_kind(date(2028, 10, 1)) == "holiday"


def test_holidays_of_2026_are_those_of_the_notice():
    """New Year 3, Spring Festival 9, Tomb Sweeping 3, Labour 5, Dragon Boat 3, Mid-Autumn 3, National 7 days."""
    days = [date(2026, 1, 1) + timedelta(d) for d in range(365)]
    spans = [("01-01", 3), ("02-15", 9), ("04-04", 3), ("05-01", 5), ("06-19", 3), ("09-25", 3), ("10-01", 7)]
    notice = {date.fromisoformat(f"2026-{first}") + timedelta(d) for first, n in spans for d in range(n)}
    assert {d for d in days if official_kind(d) == "holiday"} == notice
    worked = {d for d in days if d.weekday() >= 5 and official_kind(d) == "workday"}
    assert {f"{d:%m-%d}" for d in worked} == {"01-04", "02-14", "02-28", "05-09", "09-20", "10-10"}


def test_outside_the_lunar_calendar():
    with pytest.raises(OutOfRange):
        day_kind(date(1900, 1, 1))
