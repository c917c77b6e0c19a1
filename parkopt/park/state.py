"""What a day inherits and hands on: levels, counters of the month, of contracts and of the year."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from parkopt.park.base import Part

Level = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class AssetState(Part):
    """State of one asset; what does not apply to its kind stays empty."""

    soc_mwh: float | None = Field(default=None, ge=0)
    """Stored energy."""
    origin_wh: dict[str, int] = {}
    """Stored energy by the source that it came from; sums to the stored energy."""
    origin_ug: dict[str, str] = {}
    """Carbon that the stored energy carries, by source, as decimal text."""
    throughput_mwh: float = Field(default=0.0, ge=0)
    """What a storage has discharged since it was commissioned."""
    in_service_h: float | None = Field(default=None, ge=0)
    """Hours since a storage was commissioned, where its energy fades with age."""
    cycled_on: str = ""
    """Local day (2026-07-15) to which `cycled_mwh` belongs."""
    cycled_mwh: float = Field(default=0.0, ge=0)
    """What a storage has discharged on that day."""
    depths_mwh: tuple[float, ...] = ()
    """Stored energy by depth of discharge, the shallowest first, where wear rises with depth."""
    green_mwh: float | None = Field(default=None, ge=0)
    """Stored energy that was charged from local green energy, where a storage keeps it apart."""
    on: bool | None = None
    """Whether the unit was running."""
    since_h: float | None = Field(default=None, ge=0)
    """Hours since the unit started, or since it stopped."""
    power_mw: float | None = Field(default=None, ge=0)
    """Its power in the last step."""
    fuel_day: str = ""
    """Local day (2026-07-15) to which `fuel_mwh` belongs."""
    fuel_mwh: float = Field(default=0.0, ge=0)
    """Fuel that a unit has burnt on that day, where it has a daily limit."""
    standby: bool | None = None
    """Whether an electrolyser stood by, warm and without making hydrogen."""
    warming_h: float | None = Field(default=None, ge=0)
    """Hours for which an electrolyser has been warming up, where it was doing so."""
    rate_kg_per_h: float | None = Field(default=None, ge=0)
    """What a synthesis made in the last step."""
    tank_kg: float | None = Field(default=None, ge=0)
    """Hydrogen, or a synthesis' product, in the tank."""
    served_on: str = ""
    """Local day (2026-07-15) to which `served_mwh`, `shed_mwh` and `ran` belong."""
    served_mwh: float = Field(default=0.0, ge=0)
    """What a flexible load has consumed of that day's energy so far."""
    shed_mwh: float = Field(default=0.0, ge=0)
    """What it has shed on that day so far."""
    ran: bool = False
    """Whether its run of that day has started."""
    run_left_h: float = Field(default=0.0, ge=0)
    """How long a run that has started goes on."""
    month: str = ""
    """Month (2026-07) to which a connection's peaks and energies belong."""
    peak_mw: float = Field(default=0.0, ge=0)
    """Highest import of that month so far."""
    peaks_mw: dict[str, Level] = {}
    """Highest import of that month so far in a demand charge's own hours, where these are not all hours."""
    past_peaks_mw: dict[str, dict[str, Level]] = {}
    """Highest imports of the months before, by demand charge and month, where a charge looks back."""
    imported_mwh: float = Field(default=0.0, ge=0)
    """Energy imported in that month so far, where its price goes by blocks."""
    exported_mwh: float = Field(default=0.0, ge=0)
    """Energy exported in that month so far, where its price goes by blocks."""
    charged_yuan: float | None = Field(default=None, ge=0)
    """What that month's charge by demand or by capacity has come to so far, where that is a choice."""
    connected_mva: float | None = Field(default=None, ge=0)
    """Capacity of a connection that was declared; later days keep it."""
    single_part: bool | None = None
    """Whether that month pays the single-part network fee (1192/2025), where that is a choice."""
    window: str = ""
    """Month or year to which the contract's counters belong."""
    offered_mwh: float = Field(default=0.0, ge=0)
    """What the contract has offered so far in its window."""
    taken_mwh: float = Field(default=0.0, ge=0)
    """What was taken of it."""
    taken_by_window_mwh: dict[str, float] = {}
    """What a contract with volumes has taken by its month (2026-07), quarter (2026Q3) or year (2026) so far."""
    certificates_mwh: dict[str, float] = {}
    """Certificates held and not yet used, by the month in which their energy was generated (2026-07)."""


class GreenSoFar(Part):
    """What counts for an hourly green share so far in the year."""

    matched_mwh: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Consumption that local green energy of the same step matched."""
    demand_mwh: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Consumption."""


class RestOfYear(Part):
    """What is expected between a horizon's end and the year's, where a request knows better than the park file."""

    available_mwh: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Available local energy."""
    self_use_mwh: float | None = Field(default=None, allow_inf_nan=False)
    """Local energy used in the park."""
    demand_mwh: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Consumption."""
    export_mwh: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Exported energy."""


class YearSoFar(Part):
    """The year's energies so far, for the park's rules."""

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
    counted_h: float = Field(default=0.0, ge=0)
    """Hours in which they came about; 0 where unknown (then the year so far)."""
    carbon_kg: float = Field(default=0.0, ge=0)
    """CO2 of imports and fuels."""
    hourly_green: GreenSoFar = GreenSoFar()
    """What counts for the park's hourly green share."""
    hourly_green_of: dict[str, GreenSoFar] = {}
    """The same by enterprise."""
    rest: RestOfYear = RestOfYear()
    """What is expected of the rest of the year; not handed on."""


NOTHING_KNOWN = AssetState()
"""State of an asset of which nothing is known; frozen, so one is enough."""


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
        return self.assets.get(asset, NOTHING_KNOWN)

    def json_ready(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return self.model_dump(mode="json")
