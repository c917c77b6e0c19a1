"""What an account is given: one subject (a park or a party) and a period, in whole Wh and micrograms.

Unknown is None. An account that needs it says so in words and gives no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.carbon.accounts.check import check
from parkopt.carbon.accounts.inputs import (
    NOTHING_BEFORE,
    AccountSettings,
    Claim,
    ClaimKind,
    FloatArray,
    Gec,
    IntArray,
    OtherEnergy,
    Physical,
    Series,
    ToDate,
    total,
)
from parkopt.carbon.accounts.statement import AccountLine, Rule, Statement
from parkopt.errors import Text


@dataclass(frozen=True)
class AccountCase:
    """One subject and period; arrays of int64, shape (n,), one entry an hour.

    Attributes
    ----------
    subject : str
        Park or party.
    scope : str
        ``park`` or ``party``; 910 and 650/688 are accounts of a park alone.
    first_day, last_day : datetime.date
        Local days, both included, of one calendar year.
    consumption_wh : ndarray
        Metered use.
    physical : mapping or None
        By source label, traced Wh and ug; the Wh sum to the consumption.
    claims : tuple of Claim
        Each source once; in no hour more than the consumption.
    imports_wh, exports_wh : ndarray or None
        Over the public grid; of a party its share of it.
    grid : Series or None
        Average factor of the grid, by hour.
    marginal : Series or None
        Marginal factor of the grid, by hour.
    grid_cfe : ndarray of float or None
        Carbon-free share of the grid, 0 to 1.
    delivered_wh : ndarray or None
        Clean energy delivered to the subject before matching, with what it could not use.
    generation_wh, available_wh : ndarray or None
        Project RE at the generator meters, and before curtailment.
    charge_wh, discharge_wh : ndarray or None
        Project RE put into and given back by storages, at the bus.
    export_forbidden : ndarray of bool or None
        Hours declared hard to absorb, where nothing may be exported.
    fuel_ug : ndarray or None
        Carbon of all fuel burnt.
    traded_wh : int or None
        Green power trade settled; None: what is claimed of contracts.
    nuclear_wh : int
        Nuclear power bought on the market.
    gec : tuple of Gec or None
        Certificates cancelled beside the claims; () is none, None is unknown.
    other : OtherEnergy or None
        For 910.
    to_date : ToDate or None
        Sums of the year before the period; None: nothing where it starts on 1 January, else unknown.
    settings : AccountSettings
        Coefficients and limits.

    Raises
    ------
    AccountInput, ClaimsExceedUse, ClaimedTwice, NotClosed
        Where the arrays contradict one another.
    """

    subject: str
    first_day: date
    last_day: date
    consumption_wh: IntArray
    scope: Literal["park", "party"] = "park"
    physical: Mapping[str, Physical] | None = None
    claims: tuple[Claim, ...] = ()
    imports_wh: IntArray | None = None
    exports_wh: IntArray | None = None
    grid: Series | None = None
    marginal: Series | None = None
    grid_cfe: FloatArray | None = None
    delivered_wh: IntArray | None = None
    generation_wh: IntArray | None = None
    available_wh: IntArray | None = None
    charge_wh: IntArray | None = None
    discharge_wh: IntArray | None = None
    export_forbidden: NDArray[np.bool_] | None = None
    fuel_ug: IntArray | None = None
    traded_wh: int | None = None
    nuclear_wh: int = 0
    gec: tuple[Gec, ...] | None = None
    other: OtherEnergy | None = None
    to_date: ToDate | None = None
    settings: AccountSettings = field(default_factory=AccountSettings)

    def __post_init__(self) -> None:
        check(self)

    @property
    def n(self) -> int:
        """Number of hours."""
        return len(self.consumption_wh)

    @property
    def year(self) -> int:
        """Calendar year."""
        return self.first_day.year

    @property
    def before(self) -> ToDate:
        """Sums of the year before the period."""
        opens = self.first_day == date(self.year, 1, 1)
        return self.to_date or (NOTHING_BEFORE if opens else ToDate())

    @property
    def used_wh(self) -> int:
        """Consumption of the period."""
        return total(self.consumption_wh)

    def claimed(self, *kinds: ClaimKind) -> int:
        """Return the Wh claimed of some kinds of source, of all for none named."""
        return sum(total(one.wh) for one in self.claims if not kinds or one.kind in kinds)

    @property
    def rest_wh(self) -> IntArray:
        """Consumption that no claim covers, shape (n,)."""
        rest = self.consumption_wh.copy()
        for one in self.claims:
            rest -= one.wh
        return rest

    def said(
        self,
        name: str,
        title: Text,
        lines: Iterable[AccountLine],
        method: Text,
        rule: Rule,
        notes: tuple[Text, ...] = (),
    ) -> Statement:
        """Return a statement of this subject and period."""
        period = (self.first_day.isoformat(), self.last_day.isoformat())
        return Statement(name, title, self.subject, period, tuple(lines), method, rule, notes)
