"""What a day inherits and hands on: levels, counters of the month, of contracts and of the year."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from parkopt.park.base import Part


class AssetState(Part):
    """State of one asset; what does not apply to its kind stays empty."""

    soc_mwh: float | None = Field(default=None, ge=0)
    """Stored energy."""
    origin_wh: dict[str, int] = {}
    """Stored energy by the source that it came from; sums to the stored energy."""
    origin_ug: dict[str, str] = {}
    """Carbon that the stored energy carries, by source, as decimal text."""
    on: bool | None = None
    """Whether the unit was running."""
    since_h: float | None = Field(default=None, ge=0)
    """Hours since the unit started, or since it stopped."""
    power_mw: float | None = Field(default=None, ge=0)
    """Its power in the last step."""
    tank_kg: float | None = Field(default=None, ge=0)
    """Hydrogen in the tank."""
    month: str = ""
    """Month (2026-07) to which `peak_mw` belongs."""
    peak_mw: float = Field(default=0.0, ge=0)
    """Highest import of that month so far."""
    window: str = ""
    """Month or year to which the contract's counters belong."""
    offered_mwh: float = Field(default=0.0, ge=0)
    """What the contract has offered so far in its window."""
    taken_mwh: float = Field(default=0.0, ge=0)
    """What was taken of it."""


class YearSoFar(Part):
    """The year's energies so far, for the direct-connection ratios."""

    year: int | None = None
    """Year to which they belong."""
    available_mwh: float = Field(default=0.0, ge=0)
    """Available local energy, before curtailment."""
    self_use_mwh: float = Field(default=0.0)
    """Local energy used in the park, net of storage losses."""
    demand_mwh: float = Field(default=0.0, ge=0)
    """Consumption of the park."""
    export_mwh: float = Field(default=0.0, ge=0)
    """Exported energy."""


class ParkState(Part):
    """The state of a park at one moment."""

    park: str = ""
    """The park's id."""
    at: AwareDatetime | None = None
    """The moment, which must be the start of the next schedule."""
    assets: dict[str, AssetState] = {}
    """State by asset; an asset that is absent starts as its file says."""
    year: YearSoFar = YearSoFar()
    """Energies of the year."""

    def of(self, asset: str) -> AssetState:
        """Return the state of one asset, empty where nothing is known."""
        return self.assets.get(asset, AssetState())

    def json_ready(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return self.model_dump(mode="json")
