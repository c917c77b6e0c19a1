"""Carbon budget: use to date, both forecasts, and each warning level at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from parkopt.carbon.accounts import NOTHING_BEFORE, Plan, ToDate, budget
from parkopt.carbon.accounts.budget import forecast_ug, level, through
from parkopt.faults import AccountInput
from tests.carbon.accounts.simple import case

PLAN = Plan(2026, (100,) * 12)
LAST = (50,) * 6 + (150,) * 6


def test_through_counts_a_begun_month_by_days():
    """Six months of 100, and 10 of July's 31 days: 32.26, rounded down."""
    assert through(PLAN.months_ug, date(2026, 7, 10)) == 632
    assert through(PLAN.months_ug, date(2026, 6, 30)) == 600
    assert through(PLAN.months_ug, date(2026, 12, 31)) == 1200
    assert through((29,) * 12, date(2028, 2, 1)) == 29 + 1


def test_forecast_by_plan_is_use_and_what_the_plan_leaves():
    assert forecast_ug(700, PLAN, date(2026, 6, 30)) == 700 + 600


def test_forecast_by_season_scales_the_rest_of_last_year():
    """Last year 300 to June and 900 after. 360 to date is 1.2 times: the rest will be 1080."""
    season = replace(PLAN, forecast="season", last_year_ug=LAST)
    assert forecast_ug(360, season, date(2026, 6, 30)) == 360 + 1080
    assert forecast_ug(360, replace(season, last_year_ug=None), date(2026, 6, 30)) is None
    assert forecast_ug(360, replace(season, last_year_ug=(0,) * 6 + (1,) * 6), date(2026, 6, 30)) is None


@pytest.mark.parametrize(
    ("ug", "reached"), [(0, 0), (959, 0), (960, 80), (1079, 80), (1080, 90), (1199, 90), (1200, 100), (5000, 100)]
)
def test_levels_of_1200(ug, reached):
    assert level(ug, PLAN) == reached


def test_levels_are_a_setting_and_nothing_is_reached_without_a_budget():
    assert level(600, replace(PLAN, levels=(50,))) == 50
    assert level(600, replace(PLAN, levels=())) == 0
    assert level(600, replace(PLAN, months_ug=(0,) * 12)) is None
    assert level(None, PLAN) is None


def test_statement_of_a_day_in_july():
    """The day used 1,573,290,000 ug, the year before it 400,000,000; the budget is 2,400,000,000.

    Used 1,973,290,000 = 82.2 %. Planned: half a year and one of 31 days = 1,206,451,612.
    Forecast = used + 1,193,548,388 = 3,166,838,388 = 132 %.
    """
    plan = Plan(2026, (200_000_000,) * 12)
    said = budget(case(to_date=ToDate(location_ug=400_000_000)), plan)
    assert (said.value, said["left_ug"].value) == (1_973_290_000, 426_710_000)
    assert said["used_level"].value == 80
    assert said["used_level"].note.en == "Use to date is 82.2 % of the budget: level 80 % is reached."
    assert said["used_level"].note.zh == "累计使用为预算的 82.2 %，达到 80% 预警级别。"
    assert (said["planned_ug"].value, said["ahead_ug"].value) == (1_206_451_612, 766_838_388)
    assert said["forecast_ug"].value == 3_166_838_388
    assert said["forecast_level"].value == 100
    assert said["plan.07"].value == 200_000_000


def test_the_market_account_has_its_own_sums():
    said = budget(case(to_date=ToDate(market_ug=5)), replace(PLAN, account="market"))
    assert said.value == 2000 * 609_600 + 5


def test_what_the_budget_cannot_say():
    said = budget(case(physical=None, to_date=NOTHING_BEFORE), PLAN)
    assert said.value is said["forecast_ug"].value is said["used_level"].value is None
    assert "traced energy" in said.lines[0].missing.en
    assert "before the period" in budget(case(), PLAN).lines[0].missing.en
    season = budget(case(to_date=NOTHING_BEFORE), replace(PLAN, forecast="season"))
    assert "last year" in season["forecast_ug"].missing.en
    assert season.value == 1_573_290_000
    market = budget(case(to_date=ToDate(location_ug=1)), replace(PLAN, account="market"))
    assert market.value is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"months_ug": (1,) * 11},
        {"months_ug": (-1,) * 12},
        {"last_year_ug": (1,)},
        {"levels": (90, 80)},
        {"levels": (80, 80)},
    ],
)
def test_a_wrong_plan_is_refused(wrong):
    with pytest.raises(AccountInput, match=r"PK1532"):
        replace(PLAN, **wrong)


def test_a_plan_of_another_year_is_refused():
    with pytest.raises(AccountInput, match="is not 2026"):
        budget(case(), replace(PLAN, year=2025))
