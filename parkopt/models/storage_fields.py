"""What the park file says of a storage, and how a day finds it: config, opening levels, what is left of its energy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import WrongState
from parkopt.models.base import Technology
from parkopt.models.storage_parts import (
    MOST_DEPTHS,
    DepthCost,
    PowerLimit,
    Target,
    require_rising,
    shallow_first,
    widths,
)
from parkopt.park.invest import HOURS_PER_YEAR, MegawattHourOrChoice, MegawattOrChoice, PerYear, most
from parkopt.park.series import SeriesSpec
from parkopt.park.state import AssetState
from parkopt.units import Efficiency, LossPerHour, PriceNotNegative, Quantity, Ratio, YuanPerMegawattHour

TOLERANCE_MWH = 1e-5
"""How far a state may lie outside the levels: the solver's rounding."""
SAME = 1e-9
ONLY_GREEN = "charge_from_green_mw"
"""Reported charging of a store that takes green energy only and keeps no parts apart."""
ORDER = "{low} must not exceed {high}"
NEEDS = "{name} needs {wanted}"
Cycles = Annotated[float, Quantity("", 0, 1000)]
Age = Annotated[float, Quantity("year", 0, 200)]


class StorageFields(Technology):
    """A battery; its levels are shares of its usable energy, which is `energy` while it is new."""

    charge: MegawattOrChoice
    """Largest charging power, at the bus; or an investment that chooses it."""
    discharge: MegawattOrChoice
    """Largest discharging power, at the bus; or an investment that chooses it."""
    symmetric: bool = False
    """Whether one inverter serves both directions: the two powers to be chosen are the same."""
    energy: MegawattHourOrChoice
    """Energy between empty and full while new; or an investment that chooses it."""
    charge_limits: list[PowerLimit] = []
    """Lower limits of charging in windows of the local day."""
    discharge_limits: list[PowerLimit] = []
    """Lower limits of discharging in windows of the local day."""
    charge_limit_series: SeriesSpec | None = None
    """Limit of charging over time, from a file."""
    discharge_limit_series: SeriesSpec | None = None
    """Limit of discharging over time, from a file."""
    charge_efficiency: Efficiency = 0.93
    """Share of the charged energy that reaches the store."""
    discharge_efficiency: Efficiency = 0.93
    """Share of the energy taken from the store that reaches the bus."""
    round_trip_efficiency: Efficiency | None = None
    """Share of the charged energy that comes back, instead of the two: each direction bears its square root."""
    self_discharge: LossPerHour = 0.0
    """Share of the stored energy lost in an hour."""
    initial_loses: bool = True
    """Whether the opening level loses in the first step as well."""
    soc_min: Ratio = 0.1
    """Lowest level."""
    soc_max: Ratio = 0.9
    """Highest level."""
    soc_initial: Ratio = 0.5
    """Level at the start, where no state is handed over."""
    soc_final: Ratio = 0.5
    """Level at the end, as `final` says."""
    final: Literal["at_least", "exactly", "free"] = "at_least"
    """Whether the end must hold at least or exactly `soc_final`, or anything (beside `final_value`)."""
    final_value: PriceNotNegative = 0.0
    """What each MWh is worth by which the level rises from start to end."""
    targets: list[Target] = []
    """Levels at times of the local day."""
    wear: YuanPerMegawattHour = 0.0
    """Cost of wear per MWh discharged."""
    wear_by_depth: list[DepthCost] = Field(default=[], max_length=MOST_DEPTHS)
    """Cost of wear per MWh discharged that rises with the depth of discharge, the shallowest first."""
    cycles_per_day: Cycles | None = None
    """Most full cycles of a local day: what is discharged at the bus over `energy`."""
    fade_per_cycle: Ratio = 0.0
    """Share of `energy` lost with each full cycle; counted at midnight and at the horizon's end."""
    fade_per_year: PerYear = 0.0
    """Share of `energy` lost in a year of service; counted at midnight and at the horizon's end."""
    age: Age = 0.0
    """Age at the start, where no state is handed over."""
    charge_from: Literal["any", "green"] = "any"
    """`green`: in each step charge no more than local green supply less what is exported or sent on."""
    tagged: bool = False
    """Whether green and other energy are kept apart in the store; what was there at first is not green."""
    green_value: PriceNotNegative = 0.0
    """What each MWh discharged from the green part earns, where the store is `tagged`."""

    @model_validator(mode="after")
    def _ordered(self) -> StorageFields:
        for low, high in (("soc_min", "soc_initial"), ("soc_initial", "soc_max"), ("soc_final", "soc_max")):
            if getattr(self, low) > getattr(self, high):
                raise PydanticCustomError("order", ORDER, {"low": low, "high": high})
        for target in self.targets:
            if target.kind != "at_most" and target.level > self.soc_max:
                raise PydanticCustomError("order", ORDER, {"low": "targets.level", "high": "soc_max"})
            if target.kind != "at_least" and target.level < self.soc_min:
                raise PydanticCustomError("order", ORDER, {"low": "soc_min", "high": "targets.level"})
        require_rising(self.wear_by_depth)
        chosen = not isinstance(self.charge, float) and not isinstance(self.discharge, float)
        if self.symmetric and not chosen:
            raise PydanticCustomError("needs", NEEDS, {"name": "symmetric", "wanted": "charge.max, discharge.max"})
        if self.green_value and not self.tagged:
            raise PydanticCustomError("needs", NEEDS, {"name": "green_value", "wanted": "tagged: true"})
        return self

    @model_validator(mode="after")
    def _two_directions(self) -> StorageFields:
        """Let the round trip read as the two directions."""
        if self.round_trip_efficiency is not None:
            root = math.sqrt(self.round_trip_efficiency)
            for name in ("charge_efficiency", "discharge_efficiency"):
                if name in self.model_fields_set and abs(getattr(self, name) - root) > SAME:
                    raise PydanticCustomError(
                        "round_trip", "round_trip_efficiency contradicts the efficiency of a direction"
                    )
                self.__dict__[name] = root  # the part is frozen once it is made
        return self

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the series of limits."""
        for name in ("charge_limit_series", "discharge_limit_series"):
            spec = getattr(self, name)
            if spec is not None:
                yield (f"{name}.file", spec.file)

    @property
    def fades(self) -> bool:
        """Whether the usable energy shrinks."""
        return bool(self.fade_per_cycle or self.fade_per_year)

    @property
    def green_key(self) -> str | None:
        """Reported power that may come from local green energy only, if any."""
        if self.tagged:
            return "charge_green_mw"
        return ONLY_GREEN if self.charge_from == "green" else None

    def age_h(self, state: AssetState) -> float:
        """Return the hours in service at the start."""
        return self.age * HOURS_PER_YEAR if state.in_service_h is None else state.in_service_h

    def usable_mwh(self, name: str, state: AssetState) -> float:
        """Return the energy between empty and full at the start; at its largest size where that is to be chosen.

        Raises
        ------
        WrongState
            Where cycles and age have left nothing.
        """
        rated = most(self.energy)
        by_age = self.fade_per_year * self.age_h(state) / HOURS_PER_YEAR
        left = rated * (1.0 - by_age) - self.fade_per_cycle * state.throughput_mwh
        if self.fades and left <= 0.0:
            worn = max(0.0, rated * (1.0 - by_age) / self.fade_per_cycle) if self.fade_per_cycle else 0.0
            where, value = Where(field=f"assets.{name}.throughput_mwh"), f"{state.throughput_mwh} MWh"
            raise WrongState(where, name="throughput_mwh", value=value, low="0 MWh", high=f"{worn} MWh")
        return left

    def opening_mwh(self, name: str, state: AssetState) -> float:
        """Return the energy stored at the start: from the state, else as the file says.

        Raises
        ------
        WrongState
            Where the state lies outside the levels that the file allows.
        """
        usable = self.usable_mwh(name, state)
        if state.soc_mwh is None:
            return self.soc_initial * usable
        low = 0.0 if not isinstance(self.energy, float) else self.soc_min * usable
        return _inside(name, "soc_mwh", state.soc_mwh, low, self.soc_max * usable)

    def opening_depths_mwh(self, name: str, state: AssetState) -> FloatArray:
        """Return the stored energy by depth at the start; without a history the shallowest depths hold it.

        Raises
        ------
        WrongState
            Where the state's depths do not make up its level.
        """
        rated, opening = most(self.energy), self.opening_mwh(name, state)
        if not state.depths_mwh:
            if state.soc_mwh is not None and not isinstance(self.energy, float):
                _inside(name, "depths_mwh", 0.0, opening, opening)  # a level cannot be laid into unknown sizes
            return rated * shallow_first(opening / rated, self.wear_by_depth)
        room = rated * widths(self.wear_by_depth)
        if len(state.depths_mwh) != len(room):
            where, value = Where(field=f"assets.{name}.depths_mwh"), f"{len(state.depths_mwh)} depths"
            raise WrongState(where, name="depths_mwh", value=value, low=f"{len(room)}", high=f"{len(room)} depths")
        said = zip(state.depths_mwh, room.tolist(), strict=True)
        depths = np.asarray([_inside(name, "depths_mwh", depth, 0.0, high) for depth, high in said])
        whole = float(depths.sum())
        off = _inside(name, "depths_mwh", opening, whole - 10 * TOLERANCE_MWH, whole + 10 * TOLERANCE_MWH) - whole
        weight = room - depths if off > 0.0 else depths
        laid: FloatArray = depths + off * weight / max(float(weight.sum()), TOLERANCE_MWH)
        return laid

    def opening_green_mwh(self, name: str, state: AssetState) -> float:
        """Return the green part of the energy stored at the start: none where the state does not say.

        Raises
        ------
        WrongState
            Where the state's green part exceeds its level.
        """
        opening = self.opening_mwh(name, state)
        return _inside(name, "green_mwh", state.green_mwh or 0.0, 0.0, opening)


def _inside(name: str, key: str, value: float, low: float, high: float) -> float:
    """Return a value of the state, moved by rounding at most into its limits."""
    if not low - TOLERANCE_MWH <= value <= high + TOLERANCE_MWH:
        where = Where(field=f"assets.{name}.{key}")
        raise WrongState(where, name=key, value=f"{value} MWh", low=f"{low} MWh", high=f"{high} MWh")
    return min(max(value, low), high)
