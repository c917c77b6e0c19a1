"""All accounts of settled days side by side, each with its factor, year, region and source."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

import numpy as np

from parkopt.carbon.accounts import AccountCase, AccountSettings, Plan, Series, Statement, ToDate, accounts
from parkopt.carbon.accounts.inputs import NOTHING_BEFORE, total
from parkopt.carbon.accounts.shown import rests_on, result
from parkopt.carbon.factors import factor, with_own
from parkopt.errors import Text
from parkopt.faults import NotFound
from parkopt.park.schema import Park
from parkopt.services.parks import known_park
from parkopt.services.settled_span import IntArray, Span, span
from parkopt.settings import Settings

UG_PER_T = 1e12


def case_of(found: Span, first: date, last: date, before: ToDate) -> AccountCase:
    """Return what the accounts are given of settled days; what no meter says stays unknown."""
    park, whole = found.park, not found.party
    path = known_park(park.id)
    how = park.accounting
    known = with_own(path.parent / how.factors if how.factors else None)
    grid_factor, residual = factor(park.carbon.grid_factor, known=known), factor(how.residual_factor, known=known)
    grids = {name for day in found.days for name, register in found.readings[day] if register == "import"}
    used = found.sum_of("consumption_wh")
    imports = found.netted("import", "export") if whole else _bought(found, grids)
    return AccountCase(
        subject=found.party or park.id,
        first_day=first,
        last_day=last,
        consumption_wh=used,
        scope="park" if whole else "party",
        physical=found.physical,
        claims=found.claims,
        imports_wh=imports,
        exports_wh=found.netted("export", "import") if whole else None,
        grid=Series(np.full(found.n, grid_factor.ug_per_wh, np.int64), grid_factor),
        delivered_wh=_delivered(found) if whole else None,
        generation_wh=found.metered("generation") if whole else None,
        charge_wh=found.stored_green("lots") if whole else None,
        discharge_wh=found.stored_green("takes") if whole else None,
        to_date=before,
        settings=AccountSettings(residual=residual),
    )


def _bought(found: Span, grids: set[str]) -> IntArray:
    """Return a party's traced share of the import."""
    total = np.zeros(found.n, np.int64)
    for label, flow in found.physical.items():
        if label in grids:
            total += flow.wh
    return total


def _delivered(found: Span) -> IntArray:
    """Return the clean energy that reached the park before matching."""
    return found.metered("generation", "delivered")


def accounts_of(park: str, party: str, first: date, last: date, config: Settings) -> dict[str, Any]:
    """Return the accounts of a party (or, where empty, of the park) in both languages.

    Raises
    ------
    UnknownPark, NotFound
        Where there is no such park, or a day is not settled.
    AccountInput
        Where the days are not of one year.
    """
    made = statements_of(span(park, party, first, last, config), first, last, config)
    return {
        "park": park,
        "subject": party or park,
        "start": first.isoformat(),
        "end": last.isoformat(),
        "accounts": [_shown(one) for one in made],
    }


def statements_of(found: Span, first: date, last: date, config: Settings) -> list[Statement]:
    """Return all accounts of settled days."""
    case = case_of(found, first, last, to_date(found, first, config))
    return accounts(case, None if found.party else plan_of(found.park, first.year))


def plan_of(park: Park, year: int) -> Plan | None:
    """Return the park file's carbon budget by month: as it plans, else by days; None where it has none."""
    budget = park.rules.carbon_budget
    if budget is None:
        return None
    days = [monthrange(year, month)[1] for month in range(1, 13)]
    shares = park.rules.carbon_plan or [count / sum(days) for count in days]
    return Plan(year, tuple(round(budget * share * UG_PER_T) for share in shares))


def to_date(found: Span, first: date, config: Settings) -> ToDate:
    """Return the sums of the year before; unknown where a day of it is not settled."""
    if (first.month, first.day) == (1, 1):
        return NOTHING_BEFORE
    try:
        earlier = span(found.park.id, found.party, date(first.year, 1, 1), first - timedelta(days=1), config)
    except NotFound:
        return ToDate()
    return ToDate(
        generation_wh=total(earlier.metered("generation")),
        available_wh=None,
        exports_wh=total(earlier.netted("export", "import")),
        charge_wh=total(earlier.stored_green("lots")),
        discharge_wh=total(earlier.stored_green("takes")),
        consumption_wh=total(earlier.sum_of("consumption_wh")),
        location_ug=total(earlier.sum_of("carbon_ug")),
        market_ug=total(earlier.sum_of("market_ug")),
    )


def _shown(one: Statement) -> dict[str, Any]:
    return {
        **one.as_dict("en"),
        "title": _both(one.title),
        "shown": _both(result(one)),
        "basis": _both(rests_on(one)),
        "zh": one.as_dict("zh"),
    }


def _both(words: Text) -> dict[str, str]:
    return {"en": words.en, "zh": words.zh}
