"""What the technologies of a heat bus share: temperatures, COP, demand by outdoor temperature, running and standing.

COP of a heat pump as a share of Carnot's, by the second law, temperatures in kelvin. Measured COPs over the lift, from
which a share can be taken: Staffell et al., A review of domestic heat pumps, Energy Environ. Sci. 5 (2012) 9291-9306;
for large ones Jesper et al., Large-scale heat pumps, Renew. Sustain. Energy Rev. 137 (2021)::

    COP = quality T_sink / (T_sink - T_source)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
from pydantic_core import PydanticCustomError

from parkopt.clock import FloatArray
from parkopt.models.base import MAIN, Block, Case, Conditions, Finding, Hub, Values, Vars
from parkopt.park.state import AssetState
from parkopt.units import Quantity

ZERO_DEGC_IN_K = 273.15
AIR = "temp_air_degc"
"""Name of the air temperature in the weather."""
RUNS = 0.5
"""Above this a binary is 1."""
STARTS = "starts"
"""Line of the bill for starts."""

Celsius = Annotated[float, Quantity("degC", -60, 300)]
Cop = Annotated[float, Quantity("", 1, 30)]
MegawattPerKelvin = Annotated[float, Quantity("MW/K")]

MEANINGS: dict[str, tuple[str, str, str]] = {
    "heat_mw": ("MW", "heat given to or taken from the heat bus", "送入或取自热力母线的热功率"),
    "heat_demand_mw": ("MW", "heat that is asked for", "热负荷需求"),
    "heat_unmet_mw": ("MW", "heat that is asked for and not served", "未满足的热负荷"),
    "heat_charge_mw": ("MW", "heat put into the store, at the heat bus", "储热功率（母线侧）"),
    "heat_discharge_mw": ("MW", "heat taken from the store, at the heat bus", "放热功率（母线侧）"),
    "heat_mwh": ("MWh", "stored heat at the end of the step", "时段末储热量"),
    "cop": ("1", "heat per unit of electricity at full load", "满负荷制热性能系数"),
    "outdoor_degc": ("degC", "outdoor temperature", "室外温度"),
    "fuel_mwh": ("MWh", "fuel burnt in the step", "时段燃料消耗"),
    "fuel_carbon_kg": ("kg", "CO2 of the fuel burnt in the step", "时段燃料碳排放"),
}
"""Unit and meaning of what the technologies of a heat bus report."""


def outdoor_degc(at: Conditions) -> FloatArray:
    """Return the air temperature in degC, shape (n,)."""
    return np.asarray(at.weather[AIR].to_numpy(), dtype=float)


def carnot_cop(source_degc: FloatArray | float, sink_degc: float, quality: float, most: float) -> FloatArray:
    """Return a share of Carnot's COP, at most `most`.

    Parameters
    ----------
    source_degc : ndarray or float
        Temperature that heat is taken from.
    sink_degc : float
        Temperature that heat is given at.
    quality : float
        Share of Carnot's COP that the machine reaches, 0-1.
    most : float
        Largest COP; also where the source is as warm as the sink.
    """
    sink_k = sink_degc + ZERO_DEGC_IN_K
    lift_k = np.asarray(sink_degc - np.asarray(source_degc, dtype=float))
    least_k = quality * sink_k / most  # the lift at which the share reaches `most`
    return np.asarray(quality * sink_k / np.maximum(lift_k, least_k), dtype=float)


def table_cop(outdoor: FloatArray, points: Sequence[tuple[float, float]]) -> FloatArray:
    """Return the COP on the straight lines between points (degC, COP) in rising order; the ends are held."""
    degrees, values = zip(*points, strict=True)
    return np.asarray(np.interp(outdoor, degrees, values), dtype=float)


def degree_heat_mw(outdoor: FloatArray, base_degc: float, mw_per_k: float, constant_mw: float) -> FloatArray:
    """Return heat in MW that rises by `mw_per_k` with each kelvin below the base temperature."""
    return np.asarray(constant_mw + mw_per_k * np.maximum(base_degc - outdoor, 0.0), dtype=float)


def require_heat_bus(bus: str, heat_bus: str) -> None:
    """Raise, as a pydantic validator may, where a heat bus is a power bus too."""
    if heat_bus in ("", MAIN, bus):
        raise PydanticCustomError("heat_bus", "{name} is no heat bus: power flows there", {"name": repr(heat_bus)})


def add_running(block: Block, hub: Hub, mw: Vars, rated_mw: float, least_mw: float, start_cost: float) -> Vars:
    """Declare whether a unit runs: nothing or from `least_mw` to `rated_mw`; each start is paid.

    Where the bound of `mw` is 0 the unit must stand.
    """
    on = hub.cols(block, "on", hub.steps, 0.0, np.where((mw.upper > 0.0) | (rated_mw <= 0.0), 1.0, 0.0), integer=True)
    hub.rows(block, "least_load", mw - least_mw * on >= 0.0)
    hub.rows(block, "rated_load", mw - rated_mw * on <= 0.0)
    if start_cost:
        start = hub.var(block, "start", 0.0, 1.0)
        before = 1.0 if hub.state.of(hub.name).on else 0.0
        hub.rows(block, "begins", start - on + on.before(before) >= 0.0)
        hub.cost(STARTS, "start", start_cost)
    return on


def runs_hold(case: Case, key: str, rated_mw: float, least_mw: float) -> Iterator[Finding]:
    """Check that a reported power lies between least and rated while the unit runs, and is none while it stands."""
    on = case.own["on"]
    yield bool(np.isin(on, (0.0, 1.0)).all()), f"{case.name}.on is neither 0 nor 1"
    yield case.within(key, least_mw * on, rated_mw * on)


def starts(case: Case) -> int:
    """Return how often a unit starts, the state before the first step counted."""
    ran = bool(case.state.on)
    count = 0
    for runs in case.own["on"]:
        count += int(runs > 0 and not ran)
        ran = bool(runs > 0)
    return count


def running_state(before: AssetState, now: Values) -> AssetState:
    """Return the state with whether the unit runs at the end, where it makes a difference."""
    return AssetState(**{**dict(before), "on": bool(now["on"][-1] > RUNS)}) if "on" in now else before
