"""All accounts of a case side by side; there is no function that makes one number of them."""

from __future__ import annotations

from collections.abc import Sequence

from parkopt.carbon.accounts.avoided import avoided
from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.budget import Plan, budget
from parkopt.carbon.accounts.direct_650_688 import direct_650_688
from parkopt.carbon.accounts.eu import eu
from parkopt.carbon.accounts.footprint import Production, footprint_statement
from parkopt.carbon.accounts.location import location
from parkopt.carbon.accounts.market import market
from parkopt.carbon.accounts.matching import matching
from parkopt.carbon.accounts.non_fossil_622 import non_fossil_622
from parkopt.carbon.accounts.statement import CARBON, ENERGY, Statement
from parkopt.carbon.accounts.zero_carbon_910 import zero_carbon_910
from parkopt.errors import Text
from parkopt.faults import AccountsDiffer

OF_ALL = (location, market, non_fossil_622, eu, matching, avoided)
OF_PARKS = (zero_carbon_910, direct_650_688)
ADDITIVE = ("location_ug", "market_ug", "consumption_wh", "claimed_wh", "rest_wh")
"""Lines that sum over the parties to that of their park, exactly."""


def accounts(case: AccountCase, plan: Plan | None = None, production: Production | None = None) -> list[Statement]:
    """Return every account of a subject, each with its own method and factors.

    Parameters
    ----------
    case : AccountCase
        The subject and period. 910 and 650/688 are given of a park only.
    plan : Plan, optional
        With it comes the carbon budget.
    production : Production, optional
        With it comes the electricity of a product's footprint.

    Raises
    ------
    AccountInput
        Where the plan is of another year, or the production does not fit the case.
    """
    chosen = (*OF_ALL, *OF_PARKS) if case.scope == "park" else OF_ALL
    made = [account(case) for account in chosen]
    if plan is not None:
        made.append(budget(case, plan))
    if production is not None:
        made.append(footprint_statement(case, production))
    return made


def add_up(whole: Statement, parts: Sequence[Statement]) -> None:
    """Check that an account of a park is the exact sum of those of its parties (I10).

    Only lines that are additive, and given on both sides, are compared.

    Raises
    ------
    AccountsDiffer
        For the first line that does not sum.
    """
    for name in ADDITIVE:
        if name not in whole.by_id or any(name not in part.by_id for part in parts):
            continue
        row, values = whole[name], [part[name].value for part in parts]
        if row.unit not in (CARBON, ENERGY) or not isinstance(row.value, int) or None in values:
            continue
        summed = sum(value for value in values if isinstance(value, int))
        if summed != row.value:
            title = Text(f"{whole.title.en}, {row.title.en}", f"{whole.title.zh}，{row.title.zh}")
            raise AccountsDiffer(account=title, parts=summed, unit=row.unit, whole=row.value)
