"""How a year's accounts are kept: named choices, logged as one record, fixed for a reporting year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any, Literal

from parkopt.carbon.attribute import ORDERS
from parkopt.carbon.contractual import AttributionMethod
from parkopt.carbon.network import LossPolicy, StorageMethod
from parkopt.faults import MethodChanged
from parkopt.park.schema import Accounting

VERSION = 1
"""Of the rules of computation themselves; it rises with any change that gives other results."""


@dataclass(frozen=True)
class Method:
    """All choices on which settled figures rest, for one reporting year.

    Attributes
    ----------
    year : int
        Reporting year, by local days.
    loss_policy : str
        Who bears the carbon of line losses (physical ledger).
    storage_carbon : str
        How stored energy keeps its carbon (physical ledger).
    attribution : str
        Who may claim what (contractual ledger).
    storage_gc : str
        How certificates go through storages (contractual ledger): lots, first in, first out.
    rounding : str
        How whole Wh and ug are split.
    version : int
        Of the rules of computation.
    """

    year: int
    loss_policy: LossPolicy = "account"
    storage_carbon: StorageMethod = "pool"
    attribution: AttributionMethod = "entitlement_688"
    storage_gc: Literal["fifo"] = "fifo"
    rounding: Literal["largest_remainder"] = "largest_remainder"
    version: int = VERSION

    @property
    def order(self) -> tuple[str, ...]:
        """The steps of the attribution, in the order in which they run."""
        return ORDERS[self.attribution]

    def as_record(self) -> dict[str, object]:
        """Return the method as the settled log keeps it (record type ``method``)."""
        return {"type": "method", **vars(self), "order": list(self.order), "parkopt_version": _parkopt_version()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Method:
        """Return the method that a logged record states."""
        return cls(**{one.name: record[one.name] for one in fields(cls)})


def method_of(accounting: Accounting, year: int) -> Method:
    """Return the method that a park file chooses, for one reporting year."""
    return Method(year, accounting.loss_policy, accounting.storage, accounting.attribution)


def require_same_year(previous: Method | None, new: Method) -> None:
    """Check that a year's accounts go on by the method with which they began.

    Parameters
    ----------
    previous : Method or None
        The method of the newest settled day, None where nothing was settled yet.
    new : Method
        The method of the day to be settled.

    Raises
    ------
    MethodChanged
        Where both are of one reporting year and differ, naming what differs in both.
    """
    if previous is None or previous.year != new.year or previous == new:
        return
    names = [name for name, value in vars(new).items() if vars(previous)[name] != value]
    raise MethodChanged(year=new.year, previous=_named(previous, names), new=_named(new, names))


def _named(method: Method, names: list[str]) -> str:
    return ", ".join(f"{name} {vars(method)[name]}" for name in names)


def _parkopt_version() -> str:
    try:
        return installed_version("parkopt")
    except PackageNotFoundError:
        return "unknown"
