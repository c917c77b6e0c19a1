"""Fit a plant to its own record: a PV plant's loss, the loss of known full-load hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np

from parkopt.clock import STEPS_MIN, FloatArray, TimeGrid, fixed_zone
from parkopt.errors import Text, Where
from parkopt.faults import CannotFit, UnknownAsset, WrongOption, WrongStep
from parkopt.forecast.pv_fit import PvFit, fit_pv_scale, shift_min
from parkopt.forecast.pv_scada import NEAR, SENTINELS
from parkopt.forecast.pv_sun import sun
from parkopt.forecast.wind_fit import THE_FACTOR
from parkopt.forecast.wind_losses import full_load_hours
from parkopt.models import technologies
from parkopt.models.base import Conditions
from parkopt.models.tech.pv import Pv
from parkopt.models.tech.wind import Wind, calibrate_to_flh
from parkopt.park.discover import find_park
from parkopt.park.loader import load_park
from parkopt.park.schema import ParkFile
from parkopt.park.table import ClockSpec, Table, Times, cut_notes, read_table, read_times
from parkopt.services.forecast_file import in_unit
from parkopt.weather import CsvMapping, Source
from parkopt.weather.chosen import fetch_weather, park_weather

DAYS = 365
SOME_YEAR = date(2025, 1, 1)
"""A year without a 29 February, for weather that is the same every year."""
SCALES = (0.5, 2.0)
"""Bounds of a factor on the wind; those of the park file."""
ROUNDS = 4
"""Times a loss is fitted anew: inverters at part load and at their limit make power not quite go with it."""
AGREED = 1e-4
WRONG_CLOCK_MIN = 50.0
"""Shift of readings from which their clock or zone is wrong and no loss is told: an hour, less what its estimate may
miss [min]."""
THE_LOSS = Text("the loss", "损失")


@dataclass(frozen=True)
class PlantRequest:
    """A plant of a park, and the weather that it is fitted with."""

    park: str
    """Id or path."""
    asset: str
    weather: str = ""
    """Source in place of the park file's."""
    mapping: CsvMapping | None = None


@dataclass(frozen=True)
class FittedLoss:
    """A field to write into the park file, and what it rests on."""

    field: Literal["loss", "losses.performance", "wind_scale"]
    value: float
    before: float | None
    """What the park file says now; None where it says nothing."""
    full_load_h: tuple[float, float]
    """Full-load hours as the park file stands, and with the new value [h/year]."""
    weather: str
    basis: str
    notes: tuple[str | Text, ...]


@dataclass(frozen=True)
class FittedPv:
    """A PV plant's fit to its readings."""

    fit: PvFit
    """With the plant as the park file has it."""
    loss: float
    """The loss to write [-]."""
    before: float
    after: PvFit
    """With that loss."""
    weather: str
    basis: str
    notes: tuple[str | Text, ...]


def fit_pv(
    request: PlantRequest, file: Path, column: str = "power", unit: str = "MW", clock: ClockSpec | None = None
) -> FittedPv:
    """Fit the loss of a PV plant so that its chain gives what was measured.

    Raises
    ------
    UnknownAsset
        Where the park has no such PV plant.
    WrongStep, MissingColumn, WrongUnit
        And the faults of `parkopt.park.table.read_times`.
    TooLittleHistory, CannotFit
        Those of `parkopt.forecast.pv_fit.fit_pv_scale`; `CannotFit` too where no loss would explain the readings,
        or they run an hour or more off the model.
    """
    at, plant = _plant(request, Pv)
    table = read_table(file)
    times = read_times(table, clock or ClockSpec())
    minutes = times.step / timedelta(minutes=1)
    if minutes not in STEPS_MIN:
        raise WrongStep(table.where(field=(clock or ClockSpec()).time), step=f"{minutes:g} min")
    grid = TimeGrid(times.index[0].to_pydatetime(), times.step, len(times.index), fixed_zone(at.park.zone))
    measured, voids = _readings(table, column, unit, times)
    here, notes = _conditions(at, request, grid, "--weather")
    place = at.park.location
    up = sun(
        grid.index, place.latitude, place.longitude, place.altitude, float(here.weather.attrs["solar_offset_min"])
    ).up

    def fitted(loss: float) -> PvFit:
        model = plant.model_copy(update={"loss": loss}).series(here)["available_mw"]
        return fit_pv_scale(
            model, measured, capacity_mw=plant.capacity, step_min=int(minutes), up=up, limit_mw=plant.ac_limit
        )

    model = plant.series(here)["available_mw"]
    _require_clock(model, np.clip(np.nan_to_num(measured), 0.0, plant.capacity), int(minutes))
    first, loss, last = _fit_loss(fitted, plant.loss)
    if voids:
        first.dropped["sentinel"] = first.dropped.get("sentinel", 0) + voids
        first.dropped["unreadable"] = first.dropped.get("unreadable", 0) - voids
    weather, basis = (str(here.weather.attrs[key]) for key in ("source", "basis"))
    told = (*notes, *first.notes, *_apart(last.scale), *cut_notes(table.path))
    return FittedPv(first, loss, plant.loss, last, weather, basis, told)


def _require_clock(model: FloatArray, measured: FloatArray, step_min: int) -> None:
    """Raise where readings run so far off the model that their clock or zone is wrong: a loss would hide it."""
    shift = shift_min(model, measured, step_min)
    if abs(shift) < WRONG_CLOCK_MIN:
        return
    way, zh = ("behind", "晚") if shift > 0 else ("ahead of", "早")
    reason = Text(
        f"the readings run {abs(shift):.0f} min {way} the model: the clock or the zone of the file is wrong "
        "(or the azimuth in the park file)",
        f"实测比模型{zh} {abs(shift):.0f} 分钟：文件的时钟或时区有误（或园区文件中的方位角有误）",
    )
    raise CannotFit(what=THE_LOSS, reason=reason)


def _apart(scale: float) -> tuple[Text, ...]:
    """Return a note where the loss that was found does not bring the ratio to 1."""
    if abs(scale - 1) < AGREED:
        return ()
    en = f"No loss brings the ratio of measured to model quite to 1; the ratio with it is {scale:.4f}."
    return (Text(en, f"实测与模型之比未能完全调至 1；采用该损失时为 {scale:.4f}。"),)


def _readings(table: Table, column: str, unit: str, times: Times) -> tuple[FloatArray, int]:
    """Return readings in MW, NaN for what is no number, and how many marks of "no value" were among them.

    The marks are told in the unit of the file: after a change of unit they would pass for power.
    """
    import pandas as pd

    raw = np.array(pd.to_numeric(table.column(column), errors="coerce"), dtype=float)
    void = np.any([np.abs(raw - mark) < NEAR for mark in SENTINELS], axis=0)
    raw[void | ~np.isfinite(raw)] = np.nan
    return in_unit(raw, unit, "MW", times, table.where(field=column)), int(void.sum())


def _fit_loss(fitted: Callable[[float], PvFit], loss: float) -> tuple[PvFit, float, PvFit]:
    """Return the first fit, the loss at which the factor is 1, and the fit with it."""
    first = last = fitted(loss)
    for _ in range(ROUNDS):
        if abs(last.scale - 1) < AGREED:
            break
        loss = 1 - (1 - loss) * last.scale
        if not 0 <= loss <= 1:
            reason = Text(
                f"the plant gives {first.scale:.3f} of the chain's power, more than without any loss: the capacity, "
                "the unit or the weather is wrong",
                f"实测为模型功率的 {first.scale:.3f} 倍，高于无损失时的功率：装机、单位或气象有误",
            )
            raise CannotFit(what=THE_LOSS, reason=reason)
        last = fitted(loss)
    return first, loss, last


def calibrate(request: PlantRequest, full_load_h: float, by: str = "loss", start: date | None = None) -> FittedLoss:
    """Return the loss, or the factor on the wind, with which a year of weather yields known full-load hours.

    Raises
    ------
    UnknownAsset
        Where the park has no such wind plant.
    WrongOption
        Where `by` is neither loss nor wind_scale.
    TooShort, OutsideData
        Where the weather has no whole year.
    CannotFit
        Where the weather gives fewer hours without any loss, or no factor from 0.5 to 2 gives them.
    """
    if by not in ("loss", "wind_scale"):
        raise WrongOption(Where(field="--by"), option="--by", value=by, allowed="loss, wind_scale")
    at, plant = _plant(request, Wind)
    source = _source(at, request)
    zone = fixed_zone(at.park.zone)
    grid = TimeGrid.day(start or _first_day(source, zone), zone, 60, DAYS)
    here, notes = _conditions(at, request, grid, "--weather", source)
    rated = plant.rated_mw(here.folder)

    def hours(one: Wind) -> float:
        return full_load_hours(one.series(here)["available_mw"], rated, grid.hours)

    weather, basis = (str(here.weather.attrs[key]) for key in ("source", "basis"))
    if by == "wind_scale":
        scale = _wind_scale(lambda x: hours(plant.model_copy(update={"wind_scale": x})), full_load_h)
        after = hours(plant.model_copy(update={"wind_scale": scale}))
        return FittedLoss("wind_scale", scale, plant.wind_scale, (hours(plant), after), weather, basis, notes)
    found = calibrate_to_flh(plant, here, full_load_h)
    before = plant.loss if plant.losses is None else plant.losses.performance
    update: dict[str, Any] = {"loss": found.value}
    if plant.losses is not None:
        update = {"losses": plant.losses.model_copy(update={"performance": found.value})}
    both = hours(plant), hours(plant.model_copy(update=update))
    return FittedLoss(found.field, found.value, before, both, weather, basis, (*notes, *found.notes))


def _wind_scale(hours: Callable[[float], float], wanted: float) -> float:
    from scipy.optimize import brentq

    low, high = (hours(x) for x in SCALES)
    if not low <= wanted <= high:
        reason = Text(
            f"factors from {SCALES[0]:g} to {SCALES[1]:g} give {low:.0f} to {high:.0f} h of full load",
            f"系数 {SCALES[0]:g} 至 {SCALES[1]:g} 只能得到 {low:.0f} 至 {high:.0f} 满发小时，达不到 {wanted:.0f}",
        )
        raise CannotFit(what=THE_FACTOR, reason=reason)
    return float(brentq(lambda x: hours(x) - wanted, *SCALES, xtol=1e-5))


def _plant(request: PlantRequest, kind: type[Any]) -> tuple[ParkFile, Any]:
    """Return the park file and its plant: an asset, or the plant behind a contract."""
    file = load_park(find_park(request.park), technologies())
    asset: Any = file.park.assets.get(request.asset)
    plant = asset if isinstance(asset, kind) else getattr(asset, "plant", None)
    if isinstance(plant, kind):
        return file, plant
    word = kind.model_fields["kind"].default
    known = [
        name
        for name, one in file.park.assets.items()
        if isinstance(one, kind) or isinstance(getattr(one, "plant", 0), kind)
    ]
    raise UnknownAsset(
        Where(str(file.path)), park=file.park.id, kind=word, asset=request.asset, known=", ".join(known) or "-"
    )


def _source(at: ParkFile, request: PlantRequest) -> Source:
    """Return the weather of what happened."""
    return park_weather(at, request.weather, basis="actual", mapping=request.mapping)


def _first_day(source: Source, zone: Any) -> date:
    """Return the first whole day of dated weather; of weather that is the same every year, some year's."""
    span = getattr(source, "span", None)
    return span()[0].tz_convert(zone).ceil("D").date() if callable(span) else SOME_YEAR


def _conditions(
    at: ParkFile, request: PlantRequest, grid: TimeGrid, option: str, source: Source | None = None
) -> tuple[Conditions, tuple[str | Text, ...]]:
    """Return weather on a grid, with what must be told of it."""
    weather = fetch_weather(source or _source(at, request), at.park.location, grid)
    notes: list[str | Text] = [str(weather.attrs["notes"])] if weather.attrs["notes"] else []
    if int(weather.attrs["synthetic"]):
        en = f"The weather is synthetic: this says nothing of a real plant until {option} names measured weather."
        notes.append(Text(en, f"气象为合成数据：须以 {option} 指定实测气象，结果才适用于真实电站。"))
    return Conditions(grid, weather, at.park.location, at.folder), tuple(notes)
