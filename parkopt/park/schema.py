"""The park file as frozen, documented data. Quantities are text with units there, numbers here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SerializeAsAny, field_validator

from parkopt.clock import CHINA, fixed_zone
from parkopt.errors import InputFault
from parkopt.park.asset import Asset
from parkopt.park.base import Basis, Location, Part
from parkopt.park.rules import ForbiddenExport, Rules
from parkopt.units import Megawatt, MegawattHourPerYear, Ratio, as_pydantic

__all__ = [
    "Accounting",
    "CarbonChoice",
    "Enterprise",
    "ForbiddenExport",
    "Name",
    "OffshorePlant",
    "Park",
    "ParkFile",
    "Rules",
    "WeatherChoice",
]

Identifier = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")


class Name(Part):
    """A name in both languages."""

    en: str = Field(min_length=1)
    """English."""
    zh: str = Field(min_length=1)
    """Chinese."""


class WeatherChoice(Part):
    """Where the park's weather comes from."""

    source: str = "embedded"
    """`embedded`, `open_meteo` (live), or the path of a file: EPW, PVGIS, Open-Meteo JSON, ERA5 NetCDF, GRIB or CSV."""
    map: str | None = None
    """Path of a YAML file that says what the columns of a CSV file mean."""
    history: str | None = None
    """Path of past weather forecasts as they were issued the day before, for plants with a `history` of their own."""
    history_map: str | None = None
    """The same as `map`, for `history`."""


class Enterprise(Part):
    """A consumer in the park whose green share is accounted."""

    name: Name
    """Its name."""
    entitlements: dict[str, Ratio] = {}
    """Share of an asset's energy that belongs to it by contract (for the contractual ledger)."""
    basis: Basis = Basis.SYNTHETIC
    """Whether it is a real consumer or a synthetic one."""


class CarbonChoice(Part):
    """Which carbon factor imports bear."""

    grid_factor: str = "jiangsu_2023"
    """Id of a factor in docs/factors.md."""


class Accounting(Part):
    """How metered days are settled: fixed for a reporting year, logged, and part of every result."""

    attribution: Literal["entitlement_688", "contract_first", "pro_rata"] = "entitlement_688"
    """Who may claim certified energy: by entitlement, then by share of consumption (688/2026, section 11), then
    contracts over the public grid; the same with those contracts right after the entitlements; or all by share of
    consumption."""
    loss_policy: Literal["account", "downstream"] = "account"
    """Who bears the carbon of what lines lose: an account of its own, or who is supplied over the line."""
    storage: Literal["pool", "pool_operator", "fifo", "lifo"] = "pool"
    """How stored energy keeps its carbon: one mix whose losses weigh on what is discharged, or on the operator; or
    lots, the oldest or the newest first. Certificates always go by lots, the oldest first."""
    residual_factor: str = "china_residual_2023"
    """Id of the factor of energy that nobody claims."""
    factor_series: str | None = None
    """Path of a CSV file with the import's factor by the hour, in place of `carbon.grid_factor`; columns `start`
    and `kg_per_kwh`, `g_per_kwh` or `kg_per_mwh`."""
    factors: str | None = None
    """Path of a CSV file with factors of the park's own, beside those in docs/factors.md; same columns as
    `parkopt/carbon/factors.csv`."""


class OffshorePlant(Part):
    """A plant off the park's coast: what the region offers, whether or not the park uses it."""

    name: Name
    """Its name."""
    capacity: Megawatt
    """Installed power."""
    annual: MegawattHourPerYear | None = Field(default=None)
    """Published energy a year."""
    basis: Basis
    """How well it is known."""
    source: str = Field(min_length=1)
    """Where the figures come from."""


class Park(Part):
    """A park: where it is, what it has, who consumes, which rules bind it."""

    id: str = Identifier
    """Short name, as used in paths and addresses."""
    name: Name
    """The park's name."""
    location: Location
    """Where it is."""
    zone: str = CHINA
    """Fixed offset of its local time."""
    synthetic: Name | None = None
    """What of the file is synthetic, in words of both languages; printed with every result."""
    weather: WeatherChoice = WeatherChoice()
    """Weather source."""
    assets: dict[str, SerializeAsAny[Asset]] = Field(min_length=1)
    """The assets by name."""
    enterprises: dict[str, Enterprise] = {}
    """The consumers by id."""
    rules: Rules = Rules()
    """Rules for the park."""
    carbon: CarbonChoice = CarbonChoice()
    """Carbon accounting."""
    accounting: Accounting = Accounting()
    """How metered days are settled."""
    offshore: list[OffshorePlant] = []
    """Plants off this coast."""

    @field_validator("zone")
    @classmethod
    def _fixed(cls, zone: str) -> str:
        try:
            fixed_zone(zone)
        except InputFault as fault:
            raise as_pydantic(fault) from fault
        return zone

    def of_kind(self, kind: str) -> dict[str, Asset]:
        """Return the assets of one kind, by name, in the file's order."""
        return {name: asset for name, asset in self.assets.items() if asset.kind == kind}


class ParkFile(Part):
    """A park together with the file that it was read from."""

    park: Park
    """What the file says."""
    path: Path
    """The file."""
    sha256: str
    """Hash of the file and of the YAML files that it includes."""

    @property
    def folder(self) -> Path:
        """Folder from which data files are looked up."""
        return self.path.parent
