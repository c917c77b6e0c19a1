"""A farm of several turbine types, each with its own hub, curve and number; and curves from the user's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import ParkoptError, Text, raise_all
from parkopt.faults import TooShort, WrongCurve
from parkopt.forecast.wind import PowerCurve, air_density_kg_per_m3, hub_speed_m_per_s, power_share
from parkopt.forecast.wind_losses import SpeedShare
from parkopt.forecast.wind_storm import turning
from parkopt.park.base import Part
from parkopt.park.table import MAX_FAULTS, Table, read_numbers, read_table
from parkopt.units import Megawatt, parse


class CurveFile(Part):
    """A power curve in a CSV file, at 1.225 kg/m3."""

    file: str
    """Path from the folder of the park file; `.csv` or `.csv.gz`."""
    speed: str = "speed_m_per_s"
    """Name of the column of wind speeds at the hub, rising from row to row."""
    speed_unit: str = "m/s"
    """Unit of the speeds."""
    power: str = "power_mw"
    """Name of the column of powers."""
    power_unit: str
    """Unit of the powers, such as kW."""
    rated: Megawatt | None = None
    """Nameplate power that the curve belongs to; its highest power where absent."""


@dataclass(frozen=True)
class Turbines:
    """Turbines of one type, at one height.

    Parameters
    ----------
    curve : PowerCurve
        Its highest power is that of `capacity_mw`.
    capacity_mw : float
        Of all of them together [MW].
    hub_height_m : float
        Above ground [m].
    """

    curve: PowerCurve
    capacity_mw: float
    hub_height_m: float


@dataclass(frozen=True)
class Air:
    """What a farm's turbines meet: speeds by height [m], temperature and pressure at the ground, shape (n,)."""

    speeds_by_height: Mapping[float, object]
    temp_air_degc: FloatArray
    pressure_pa: FloatArray
    shear: float
    wind_scale: float = 1.0
    """Factor on the wind at the hub [-]."""


@dataclass(frozen=True)
class Control:
    """How a farm's wakes and storms are modelled; nothing of both as it stands."""

    wake: SpeedShare | None = None
    """Efficiency by the wind before the farm."""
    wake_on_speed: bool = True
    """Whether the efficiency acts on the speed (dena, Knorr) or on the power."""
    restart_m_per_s: float | None = None
    """Speed below which a stopped turbine starts again; None: at the stop itself."""


def farm_mw(turbines: Sequence[Turbines], air: Air, control: Control | None = None) -> FloatArray:
    """Return a farm's power before all losses but those of `control`, the sum over its types.

    Parameters
    ----------
    turbines : sequence of Turbines
        Each type has its own speed at its hub, density, curve and storm stop.
    air : Air
        Weather, shape ``(n,)`` each.
    control : Control, optional
        Wakes and storms.

    Returns
    -------
    FloatArray
        Shape ``(n,)`` [MW], from 0 to the sum of the capacities.

    Raises
    ------
    GridMismatch, UnreadableValue, NegativeValue, ImplausibleValue, OutOfRange
        As `parkopt.forecast.wind`.
    """
    parts = [_type_mw(one, air, control or Control()) for one in turbines]
    return np.asarray(np.sum(parts, axis=0), dtype=float) if len(parts) > 1 else parts[0]


def _type_mw(one: Turbines, air: Air, control: Control) -> FloatArray:
    free = hub_speed_m_per_s(air.speeds_by_height, one.hub_height_m, air.shear) * air.wind_scale
    density = air_density_kg_per_m3(air.temp_air_degc, air.pressure_pa, one.hub_height_m)
    met, kept = _waked(free, control)
    share = power_share(met, density, one.curve)
    if kept is not None:
        share = share * kept
    if control.restart_m_per_s is not None:
        share = share * turning(met, float(_last(one.curve)), control.restart_m_per_s)
    return share * one.capacity_mw


def _waked(free: FloatArray, control: Control) -> tuple[FloatArray, FloatArray | None]:
    """Return the speed that the turbines meet, and the share of power that wakes leave (None: all)."""
    if control.wake is None:
        return free, None
    share = control.wake.at(free)
    return (free * share, None) if control.wake_on_speed else (free, share)


def _last(curve: PowerCurve) -> float:
    """Return the speed above which the curve gives nothing [m/s]."""
    after = np.flatnonzero(curve.speeds_m_per_s > curve.cut_out_m_per_s)
    return float(curve.speeds_m_per_s[after[0]]) if after.size else curve.cut_out_m_per_s


def read_curve(spec: CurveFile, folder: Path) -> PowerCurve:
    """Read a power curve from a CSV file.

    Raises
    ------
    MissingFile, BrokenFile, MissingColumn, UnreadableValue, NegativeValue, WrongUnit
        Each with its row, together where there are several.
    TooShort
        Where there are fewer than two points.
    WrongCurve
        Where a speed does not rise (its row is named), the highest power is above `rated`, or none is above 0.
    """
    table = read_table(folder / spec.file)
    factors = parse(f"1 {spec.speed_unit}", "m/s"), parse(f"1 {spec.power_unit}", "MW")
    columns = [read_numbers(table, name, allow_negative=False) for name in (spec.speed, spec.power)]
    raise_all(fault for _, faults in columns for fault in faults)
    speeds, power = (values * factor for (values, _), factor in zip(columns, factors, strict=True))
    if speeds.size < 2:  # noqa: PLR2004 - a line needs two points
        raise TooShort(table.where(), count=speeds.size, needed=2)
    raise_all(_falling(spec, speeds, table))
    highest = float(power.max())
    if spec.rated is not None and highest > spec.rated * (1 + 1e-9):
        text = Text(f"its power reaches {highest:g} MW, above its rating of {spec.rated:g} MW",
                    f"功率达 {highest:g} MW，超过额定 {spec.rated:g} MW")  # fmt: skip
        raise WrongCurve(table.where(field=spec.power), turbine=spec.file, reason=text)
    return PowerCurve(spec.file, speeds, power, spec.rated or highest)


def _falling(spec: CurveFile, speeds: FloatArray, table: Table) -> list[ParkoptError]:
    rows = np.flatnonzero(np.diff(speeds) <= 0) + 2
    reason = Text("the speed does not rise from the row before", "风速未较上一行递增")
    return [
        WrongCurve(table.where(int(row), spec.speed), turbine=spec.file, reason=reason) for row in rows[:MAX_FAULTS]
    ]
