"""Fit a wind farm's power curve to its record, as a file that a park file can name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import ParkoptError, Text, Where, raise_all
from parkopt.faults import AlreadyThere, CannotWrite, ImplausibleValue, MissingKey, NegativeValue
from parkopt.forecast.wind import RHO_0_KG_PER_M3, air_density_kg_per_m3
from parkopt.forecast.wind_fit import OVER, CurveFit, curve_csv, fit_power_curve
from parkopt.park.table import ClockSpec, Table, Times, cut_notes, read_table, read_times
from parkopt.services.forecast_file import cells, in_unit


@dataclass(frozen=True)
class CurveRequest:
    """What is asked of a record of wind and power."""

    file: Path
    speed: str
    """Column of the wind at the hub."""
    power: str
    """Column of the power."""
    capacity_mw: float
    clock: ClockSpec = field(default_factory=ClockSpec)
    """How the file tells time."""
    step_min: float | None = None
    """Length of a row, in place of the file's times [min]."""
    speed_unit: str = "m/s"
    power_unit: str = "MW"
    temperature: str = ""
    """Column of the air temperature; with `pressure` the air density, alone it tells icing."""
    temperature_unit: str = "degC"
    pressure: str = ""
    pressure_unit: str = "Pa"


def fit_curve(request: CurveRequest) -> CurveFit:
    """Fit a power curve.

    Raises
    ------
    MissingFile, BrokenFile, MissingColumn, UnreadableValue, WrongUnit
        And the faults of `parkopt.park.table.read_times`.
    MissingKey
        Where pressure is named without temperature: the two together make the density.
    NegativeValue, ImplausibleValue
        Where a wind is below 0 or a power far above the capacity, with its row.
    TooLittleHistory, CannotFit
        Those of `parkopt.forecast.wind_fit.fit_power_curve`.
    """
    if request.pressure and not request.temperature:
        raise MissingKey(Where(field="--temperature"), key="--temperature", example="--temperature t_air")
    table = read_table(request.file)
    step = _step(table, request)
    times = Times(_no_index(), step)  # of the times, units need the step alone
    given = {
        "speed": (request.speed, request.speed_unit, "m/s"),
        "power": (request.power, request.power_unit, "MW"),
        "temperature": (request.temperature, request.temperature_unit, "degC"),
        "pressure": (request.pressure, request.pressure_unit, "Pa"),
    }
    read = _columns(table, {key: one for key, one in given.items() if one[0]}, times)
    raise_all(_implausible(table, request, read["speed"], read["power"]))
    temp = read.get("temperature", np.full(len(read["speed"]), np.nan))
    density = _density(temp, read["pressure"]) if "pressure" in read else RHO_0_KG_PER_M3
    fit = fit_power_curve(
        read["speed"], read["power"], request.capacity_mw,
        density_kg_per_m3=density, temp_air_degc=temp, step_h=step / timedelta(hours=1),
    )  # fmt: skip
    air = _as_measured() if "pressure" not in read else _brought()
    return replace(fit, notes=(*fit.notes, air, *cut_notes(table.path)))


def _as_measured() -> Text:
    return Text(
        f"Speeds are as the file has them; --temperature and --pressure bring them to {RHO_0_KG_PER_M3:g} kg/m3.",
        f"风速未作密度修正；给出 --temperature 与 --pressure 可折算至 {RHO_0_KG_PER_M3:g} kg/m3。",
    )


def _brought() -> Text:
    return Text(
        f"Speeds were brought to {RHO_0_KG_PER_M3:g} kg/m3.", f"风速已折算至空气密度 {RHO_0_KG_PER_M3:g} kg/m3。"
    )


def _implausible(table: Table, request: CurveRequest, speed: FloatArray, power: FloatArray) -> list[ParkoptError]:
    """Return the faults of the first wind below 0 and the first power that the capacity does not bear."""
    faults: list[ParkoptError] = []
    if (below := speed < 0).any():
        row = int(np.argmax(below))
        faults.append(NegativeValue(table.where(row + 1, request.speed), column=request.speed, value=speed[row]))
    if (high := np.abs(power) > OVER * request.capacity_mw).any():
        row, capacity = int(np.argmax(high)), f"{request.capacity_mw:g} MW"
        limit = Text(f"{OVER:g} x the capacity of {capacity}", f"装机容量 {capacity} 的 {OVER:g} 倍")
        place = table.where(row + 1, request.power)
        faults.append(
            ImplausibleValue(
                place, column=request.power, value=f"{power[row]:g} MW", limit=limit, unit=request.power_unit
            )
        )
    return faults


def _no_index() -> Any:
    import pandas as pd

    return pd.DatetimeIndex([])


def _step(table: Table, request: CurveRequest) -> timedelta:
    if request.step_min is None:
        return read_times(table, request.clock).step
    return timedelta(minutes=request.step_min)


def _columns(table: Table, given: dict[str, tuple[str, str, str]], times: Times) -> dict[str, FloatArray]:
    """Return columns in their inside units; the faults of all cells together."""
    read, faults = {}, []
    for key, (column, written, unit) in given.items():
        values, found = cells(table, column)
        faults += found
        read[key] = in_unit(values, written, unit, times, table.where(field=column))
    raise_all(faults)
    return read


def _density(temp_degc: FloatArray, pressure_pa: FloatArray) -> FloatArray:
    known = np.isfinite(temp_degc) & np.isfinite(pressure_pa)
    density = np.full(len(known), np.nan)
    if known.any():
        density[known] = air_density_kg_per_m3(temp_degc[known], pressure_pa[known], 0.0)
    return density


def write_curve(fit: CurveFit, path: Path) -> str:
    """Write the curve as a file that a park file can name.

    Raises
    ------
    AlreadyThere, CannotWrite
    """
    if path.exists():
        raise AlreadyThere(path=path)
    try:
        path.write_text(curve_csv(fit.curve), encoding="utf-8")
    except OSError as error:
        raise CannotWrite(path=path, reason=error.strerror or str(error)) from error
    return str(path)
