"""Checks of what an account is given: shapes, signs, and that no Wh is claimed twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from parkopt.errors import Text
from parkopt.faults import AccountInput, ClaimedTwice, ClaimsExceedUse, NotClosed

if TYPE_CHECKING:
    from parkopt.carbon.accounts.base import AccountCase
    from parkopt.carbon.accounts.inputs import IntArray, Range

OPTIONAL = (
    "imports_wh",
    "exports_wh",
    "delivered_wh",
    "generation_wh",
    "available_wh",
    "charge_wh",
    "discharge_wh",
    "fuel_ug",
)


def check(case: AccountCase) -> None:
    """Raise the first contradiction in a case.

    Raises
    ------
    AccountInput
        A wrong shape, type or sign, a period over two years, or more generation than was available.
    NotClosed
        Traced energy that does not sum to the consumption.
    ClaimsExceedUse
        An hour with more claims than consumption.
    ClaimedTwice
        A source or a certificate in two claims.
    """
    _period(case)
    for name, values in _arrays(case):
        array_of(name, values, case.n)
    _others(case)
    _physical(case)
    _claims(case)


def _period(case: AccountCase) -> None:
    if case.first_day > case.last_day or case.first_day.year != case.last_day.year:
        raise AccountInput(field="first_day, last_day", problem=Text("are not days of one year", "不在同一自然年内"))


def _arrays(case: AccountCase) -> Iterator[tuple[str, IntArray]]:
    yield "consumption_wh", case.consumption_wh
    for name in OPTIONAL:
        if getattr(case, name) is not None:
            yield name, getattr(case, name)
    for label, flow in (case.physical or {}).items():
        yield f"physical.{label}.wh", flow.wh
        yield f"physical.{label}.ug", flow.ug
    for one in case.claims:
        yield f"claims.{one.source}", one.wh
    for name in ("grid", "marginal"):
        if getattr(case, name) is not None:
            yield name, getattr(case, name).ug_per_wh


def array_of(name: str, values: IntArray, n: int) -> None:
    """Raise `AccountInput` unless an array is of whole numbers of at least 0, shape (n,)."""
    if values.shape != (n,):
        raise AccountInput(
            field=name, problem=Text(f"does not have the {n} hours of the consumption", f"不是 {n} 个时段")
        )
    if values.dtype != np.int64:
        raise AccountInput(field=name, problem=Text("is not of whole numbers (int64)", "不是整数（int64）"))
    if (values < 0).any():
        raise AccountInput(field=name, problem=Text("is negative", "为负"))


def _others(case: AccountCase) -> None:
    for name in ("grid_cfe", "export_forbidden"):
        values = getattr(case, name)
        if values is not None and values.shape != (case.n,):
            raise AccountInput(field=name, problem=Text("does not have the hours of the consumption", "时段数不符"))
    shares = case.grid_cfe
    if shares is not None and not ((shares >= 0.0) & (shares <= 1.0)).all():
        raise AccountInput(field="grid_cfe", problem=Text("is outside 0 to 1", "超出 0 至 1"))
    k = case.settings.k_province
    if k is not None and not 0 <= k <= 1:
        raise AccountInput(field="k_province", problem=Text("is outside 0 to 1", "超出 0 至 1"))
    amounts = [case.traded_wh or 0, case.nuclear_wh, *(one.wh for one in case.gec or ())]
    if min(amounts) < 0:
        raise AccountInput(field="traded_wh, nuclear_wh, gec", problem=Text("is negative", "为负"))
    other = case.other
    if other is not None and not 0 <= other.fuelled_wh <= case.used_wh:
        raise AccountInput(field="other.fuelled_wh", problem=Text("is outside 0 to the consumption", "超出 0 至用电量"))
    made, available = case.generation_wh, case.available_wh
    if made is not None and available is not None and (made > available).any():
        raise AccountInput(field="generation_wh", problem=Text("is more than was available", "超过可用发电量"))


def _physical(case: AccountCase) -> None:
    if case.physical is None:
        return
    given = np.zeros(case.n, dtype=np.int64)
    for flow in case.physical.values():
        given += flow.wh
    for hour in np.flatnonzero(given != case.consumption_wh)[:1].tolist():
        gives, takes = int(given[hour]), int(case.consumption_wh[hour])
        raise NotClosed(time=f"{case.first_day} +{hour} h", bus=case.subject, sources_wh=gives, sinks_wh=takes)


def _claims(case: AccountCase) -> None:
    for source, count in Counter(one.source for one in case.claims).items():
        if count > 1:
            raise ClaimedTwice(what=source)
    short = np.flatnonzero(case.rest_wh < 0)
    for hour in short[:1].tolist():
        claimed = sum(int(one.wh[hour]) for one in case.claims)
        raise ClaimsExceedUse(subject=case.subject, hour=hour, claimed=claimed, used=int(case.consumption_wh[hour]))
    held = [given for one in case.claims for given in one.ranges]
    _certificates(sorted([*held, *(given for one in case.gec or () for given in one.ranges)]))


def _certificates(ranges: list[Range]) -> None:
    for (device, _, last), (other, first, _) in pairwise(ranges):
        if device == other and first <= last:
            raise ClaimedTwice(what=f"{device} {first}")
