"""Parts of what an account is given: claims, certificates, factors by hour, other energy, sums to date, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.carbon.factors import Factor, factor

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
ClaimKind = Literal["direct", "onsite", "contract", "storage"]
KINDS: tuple[ClaimKind, ...] = ("direct", "onsite", "storage", "contract")
DIRECT_SUPPLY: tuple[ClaimKind, ...] = ("direct", "onsite", "storage")
"""Supply that crosses no public grid: direct line, on-site, and what a storage in the park gave back of both."""
Range = tuple[str, int, int]
"""Certificates of a device: name, first and last Wh id, both included."""


@dataclass(frozen=True)
class Claim:
    """Certified non-fossil Wh of one source that the subject claims, by hour, shape (n,).

    `factor` counts direct emissions, `lifecycle` the whole life cycle; None is unknown.
    `ranges` are the certificates behind it, where known: no Wh may be in two of them.
    """

    source: str
    kind: ClaimKind
    wh: IntArray
    factor: Factor | None = None
    lifecycle: Factor | None = None
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Gec:
    """Green certificates (GEC) cancelled for the subject beside its claims; `year` is that of the generation."""

    wh: int
    year: int
    province: str
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True)
class Physical:
    """Traced energy and carbon of one source, shape (n,): Wh and ug."""

    wh: IntArray
    ug: IntArray


@dataclass(frozen=True)
class Series:
    """A factor by hour in ug/Wh, shape (n,), and where it comes from."""

    ug_per_wh: IntArray
    factor: Factor


@dataclass(frozen=True)
class OtherEnergy:
    """What zero-carbon accounting (910) needs beside electricity, of the same period.

    Attributes
    ----------
    fuel_tce : Decimal
        All fuel burnt, tonnes of coal equivalent.
    heat_tce, clean_heat_tce : Decimal
        Bought heat in all, and the non-fossil part of it.
    fossil_heat_gj : Decimal
        Bought fossil heat.
    process_ug : int
        Carbon of processes.
    fuelled_wh : int
        Electricity used in the park that was made of the fuel above; it is not counted a second time.
    annual_tce : Decimal or None
        Energy use of the calendar year, which decides the threshold.
    """

    fuel_tce: Decimal = Decimal(0)
    heat_tce: Decimal = Decimal(0)
    clean_heat_tce: Decimal = Decimal(0)
    fossil_heat_gj: Decimal = Decimal(0)
    process_ug: int = 0
    fuelled_wh: int = 0
    annual_tce: Decimal | None = None


@dataclass(frozen=True)
class ToDate:
    """Sums of the year before the period, Wh and ug; None is unknown."""

    generation_wh: int | None = None
    available_wh: int | None = None
    exports_wh: int | None = None
    charge_wh: int | None = None
    discharge_wh: int | None = None
    consumption_wh: int | None = None
    location_ug: int | None = None
    market_ug: int | None = None


NOTHING_BEFORE = ToDate(0, 0, 0, 0, 0, 0, 0, 0)
"""The sums before a period that opens the year."""


@dataclass(frozen=True)
class AccountSettings:
    """What the accounts are told by settings; a coefficient without an official value has no default.

    Attributes
    ----------
    residual, fossil_910, lifecycle_mix : Factor
        Of unclaimed energy, of 910, and of the average mix in the EU account.
    kgce : str, Decimal or None
        kgce/kWh of electricity in 910: ``calorific``, ``coal_equivalent`` or a number. No default: 910 leaves it open.
    k_province : Decimal or None
        Allocation coefficient of 622, 0 to 1. No default: none was found for Jiangsu.
    gec_cap_in_wh, gec_cap_out_wh : int or None
        Caps of 622 on certificates of the own and of other provinces; None is unknown, and not applied.
    eu_storage_counts : bool
        Whether energy that a storage gave back counts as directly connected in the EU account.
    """

    residual: Factor | None = field(default_factory=lambda: factor("china_residual_2023"))
    fossil_910: Factor = field(default_factory=lambda: factor("china_fossil_2022"))
    lifecycle_mix: Factor | None = field(default_factory=lambda: factor("china_footprint_2024"))
    kgce: str | Decimal | None = None
    k_province: Decimal | None = None
    province: str = "Jiangsu"
    gec_cap_in_wh: int | None = None
    gec_cap_out_wh: int | None = None
    direct_share_910: Decimal = Decimal("0.50")
    clean_share_910: Decimal = Decimal("0.90")
    self_over_available: Decimal = Decimal("0.60")
    self_over_use: Decimal = Decimal("0.30")
    self_over_use_2030: Decimal = Decimal("0.35")
    export_over_available: Decimal = Decimal("0.20")
    eu_storage_counts: bool = False


def total(values: IntArray) -> int:
    """Return the exact sum (of Python's whole numbers, which do not overflow)."""
    return sum(values.tolist())


def carbon(wh: IntArray, ug_per_wh: IntArray | int) -> int:
    """Return the exact carbon of energy in ug; a factor by hour or one for all."""
    if isinstance(ug_per_wh, int):
        return total(wh) * ug_per_wh
    return sum(a * b for a, b in zip(wh.tolist(), ug_per_wh.tolist(), strict=True))
