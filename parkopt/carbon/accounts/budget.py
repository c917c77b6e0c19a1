"""Carbon budget of a year: the plan by month, use to date, the year's forecast, and warnings."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.location import TRACED, location_ug
from parkopt.carbon.accounts.market import lacking, market_ug
from parkopt.carbon.accounts.statement import CARBON, SHARE, AccountLine, Rule, Statement, joined, line, ratio
from parkopt.errors import Text
from parkopt.faults import AccountInput

MONTHS = 12
TITLE = Text("Carbon budget of the year", "年度碳预算")
RULE = Rule(Text("The subject's own plan; no law sets it", "主体自定计划，无法规规定"), 2026, "", "D")
METHOD = Text(
    "Use to date = the year before the period + the period. Forecast of the year: by plan, use to date + what "
    "the plan "
    "leaves; by season, use to date + the rest of last year scaled by use over last year's same days. A month "
    "that has "
    "begun counts by days.",
    "累计 = 本期之前的当年值 + 本期。全年预测：按计划 = 累计 + 计划剩余；按季节 = 累计 + 去年剩余时段 × "
    "累计/去年同期。未满月份按天折算。",
)
BEFORE = Text("carbon of the year before the period", "本期之前的当年碳排放")
LAST_YEAR = Text("last year's carbon of the same days", "去年同期碳排放")
BUDGET = Text("a budget above 0", "大于 0 的预算")


@dataclass(frozen=True)
class Plan:
    """A year's budget by month in ug, and how the year is forecast and warned of.

    Attributes
    ----------
    year : int
        Calendar year.
    months_ug : tuple of int
        Twelve months.
    account : str
        ``location`` or ``market``: which account uses the budget.
    forecast : str
        ``plan`` or ``season``; the latter needs `last_year_ug`.
    last_year_ug : tuple of int or None
        Twelve months of the year before, in the same account.
    levels : tuple of int
        Percent of the budget at which a warning is given, rising.

    Raises
    ------
    AccountInput
        Where there are not twelve months, or levels do not rise.
    """

    year: int
    months_ug: tuple[int, ...]
    account: Literal["location", "market"] = "location"
    forecast: Literal["plan", "season"] = "plan"
    last_year_ug: tuple[int, ...] | None = None
    levels: tuple[int, ...] = (80, 90, 100)

    def __post_init__(self) -> None:
        for name in ("months_ug", "last_year_ug"):
            values = getattr(self, name)
            if values is not None and (len(values) != MONTHS or min(values) < 0):
                raise AccountInput(field=name, problem=Text("is not twelve amounts of at least 0", "不是十二个非负值"))
        if list(self.levels) != sorted(set(self.levels)):
            raise AccountInput(field="levels", problem=Text("do not rise", "未递增"))

    @property
    def total_ug(self) -> int:
        """Budget of the year."""
        return sum(self.months_ug)


def through(months_ug: tuple[int, ...], day: date) -> int:
    """Return what of twelve months lies up to the end of a day, rounded down to whole ug."""
    days = monthrange(day.year, day.month)[1]
    return sum(months_ug[: day.month - 1]) + months_ug[day.month - 1] * day.day // days


def level(ug: int | None, plan: Plan) -> int | None:
    """Return the highest warning level in percent that is reached, 0 for none."""
    if ug is None or not plan.total_ug:
        return None
    return max((percent for percent in plan.levels if ug * 100 >= percent * plan.total_ug), default=0)


def used_ug(case: AccountCase, plan: Plan) -> int | None:
    """Return the year's carbon up to the end of the period in the plan's account."""
    local = plan.account == "location"
    before = case.before.location_ug if local else case.before.market_ug
    now = location_ug(case) if local else market_ug(case)
    return None if before is None or now is None else before + now


def forecast_ug(used: int | None, plan: Plan, day: date) -> int | None:
    """Return the forecast of the year in ug, rounded down; None where it has nothing to rest on."""
    if used is None:
        return None
    if plan.forecast == "plan":
        return used + plan.total_ug - through(plan.months_ug, day)
    last = plan.last_year_ug
    same_days = 0 if last is None else through(last, day)
    if last is None or not same_days:
        return None
    return used + (sum(last) - same_days) * used // same_days


def budget(case: AccountCase, plan: Plan) -> Statement:
    """Return use, forecast and warnings against the budget.

    Raises
    ------
    AccountInput
        Where the plan is of another year.
    """
    if plan.year != case.year:
        raise AccountInput(field="plan.year", problem=Text(f"is not {case.year}", f"不是 {case.year} 年"))
    used, day = used_ug(case, plan), case.last_day
    forecast, planned = forecast_ug(used, plan, day), through(plan.months_ug, day)
    lacks = _lacks(case, plan)
    no_forecast = lacks or LAST_YEAR
    left = None if used is None else plan.total_ug - used
    ahead = None if used is None else used - planned
    lines = [
        line("used_ug", Text("Used to date", "累计使用"), used, CARBON, lacks=lacks),
        line("budget_ug", Text("Budget of the year", "全年预算"), plan.total_ug, CARBON),
        line(
            "used_share",
            Text("Used of the budget", "预算使用率"),
            ratio(used, plan.total_ug),
            SHARE,
            lacks=lacks or BUDGET,
        ),
        _warning("used_level", Text("Use to date", "累计使用"), used, plan, lacks),
        line("left_ug", Text("Left of the budget", "预算剩余"), left, CARBON, lacks=lacks),
        line("planned_ug", Text("Planned to date", "计划累计"), planned, CARBON),
        line("ahead_ug", Text("Used less planned", "累计与计划之差"), ahead, CARBON, lacks=lacks),
        line("forecast_ug", Text("Forecast of the year", "全年预测"), forecast, CARBON, lacks=no_forecast),
        _warning("forecast_level", Text("The year's forecast", "全年预测"), forecast, plan, no_forecast),
        *_months(plan),
    ]
    return case.said("budget", TITLE, lines, METHOD, RULE)


def _months(plan: Plan) -> list[AccountLine]:
    rows = enumerate(plan.months_ug, start=1)
    return [line(f"plan.{m:02d}", Text(f"Plan of month {m}", f"{m} 月计划"), ug, CARBON) for m, ug in rows]


def _lacks(case: AccountCase, plan: Plan) -> Text | None:
    """Return what the use to date misses."""
    local = plan.account == "location"
    before = case.before.location_ug if local else case.before.market_ug
    found = [BEFORE] if before is None else []
    if local:
        return joined(found + [TRACED] * (case.physical is None))
    return joined(found + lacking(case))


def _warning(name: str, what: Text, ug: int | None, plan: Plan, lacks: Text | None) -> AccountLine:
    """Return the level that is reached, with its message."""
    reached = level(ug, plan)
    title = Text(f"{what.en}: warning level", f"{what.zh}：预警级别")
    note = None
    if reached and ug is not None:
        percent = f"{float(Fraction(ug * 100, plan.total_ug)):.1f} %"
        note = Text(
            f"{what.en} is {percent} of the budget: level {reached} % is reached.",
            f"{what.zh}为预算的 {percent}，达到 {reached}% 预警级别。",
        )
    return line(name, title, reached, "%", lacks=lacks or BUDGET, note=note)
