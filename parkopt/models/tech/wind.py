"""Wind power: a plant on a direct line to the park, or the plant behind a contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import field_validator, model_validator

from parkopt.clock import FloatArray
from parkopt.errors import Text, UnitFault, Where
from parkopt.faults import WrongValue
from parkopt.forecast.turbines import power_curve
from parkopt.forecast.wind import LOSS, PowerCurve
from parkopt.forecast.wind_fields import Losses, MetrePerSecond, SoftStop, TurbineType, known_turbine, one_of
from parkopt.forecast.wind_fleet import Air, Control, CurveFile, Turbines, farm_mw, read_curve
from parkopt.forecast.wind_losses import calibrated_loss, combined_loss, full_load_hours, share_in_service
from parkopt.forecast.wind_storm import with_soft_stop
from parkopt.models.base import Conditions
from parkopt.models.renewable import Renewable
from parkopt.park.series import SeriesSpec, on_grid, read_series
from parkopt.units import Megawatt, Metre, Quantity, Ratio, parse

Scale = Annotated[float, Quantity("", 0.5, 2)]
SAME = 0.005
"""How far the stated capacity may miss the sum of the fleet's ratings (6.45 MW is written for 6.4 to 6.5)."""


class Wind(Renewable):
    """A wind plant."""

    kind: Literal["wind"] = "wind"
    """Wind."""
    title: ClassVar[dict[str, str]] = {"en": "wind", "zh": "风电"}
    capacity: Megawatt | None = None
    """Installed power; with `fleet`, the sum of its ratings where absent."""
    turbine: str | None = None
    """Power curve: a windpowerlib type such as `V164/8000`, or a reference turbine; one of this, `curve`, `fleet`."""
    curve: CurveFile | None = None
    """Power curve of a turbine, or of the whole farm, from a file; scaled from its rating to `capacity`."""
    fleet: list[TurbineType] = []
    """Several types, each with its number and hub height."""
    hub_height: Metre | None = None
    """Hub height above ground or sea; a fleet names one for each type."""
    shear: Ratio = 0.10
    """Exponent of the power law where the weather has one height only (offshore 0.10, coast 0.16, land 0.22)."""
    wind_scale: Scale = 1.0
    """Factor on the wind at the hub, as fitted to measured power."""
    loss: Ratio | None = None
    """Share lost to wakes, outages, cables and performance together; 0.22 where neither it nor `losses` is given."""
    losses: Losses | None = None
    """The same, cause by cause, in place of `loss`."""
    outage: SeriesSpec | None = None
    """Turbines out of service by the hour: in MW, or as a share (unit "%" or "")."""
    restart_speed: MetrePerSecond | None = None
    """A turbine that a storm stopped starts again below this speed (such as 22 m/s); absent: at the stop itself."""
    soft_stop: SoftStop | None = None
    """Storm control of the turbines; absent: all stop at once where the curve ends."""
    connection: Literal["direct"] = "direct"
    """Direct line to the park."""

    check_name = field_validator("turbine")(known_turbine)

    @model_validator(mode="after")
    def _whole(self) -> Wind:
        one_of(turbine=self.turbine, curve=self.curve, fleet=self.fleet)
        if not self.fleet:
            one_of(capacity=self.capacity)
        one_of(hub_height=self.hub_height, **({"fleet": self.fleet} if self.fleet else {}))
        if self.losses is not None and self.loss is not None:
            one_of(loss=self.loss, losses=self.losses)
        return self

    def files(self) -> Iterator[tuple[str, str]]:
        """Name the measured power, the curves and the outages."""
        yield from super().files()
        curves = {"curve.file": self.curve, **{f"fleet.{i}.curve.file": t.curve for i, t in enumerate(self.fleet)}}
        yield from ((field, spec.file) for field, spec in curves.items() if spec is not None)
        if self.outage is not None:
            yield ("outage.file", self.outage.file)

    def rated_mw(self, folder: Path) -> float:
        """Return the installed power."""
        return self.capacity or sum(self._ratings(folder))

    def series(self, at: Conditions) -> dict[str, FloatArray]:
        """Return ``available_mw`` at the park's meter, after losses."""
        turbines = self.turbines(at.folder)
        weather, losses = at.weather, self.losses or Losses()
        air = Air(
            at.speeds_by_height, weather["temp_air_degc"].to_numpy(), weather["pressure_pa"].to_numpy(),
            self.shear, self.wind_scale,
        )  # fmt: skip
        control = Control(losses.by_speed(), losses.wake_by_speed is None, self.restart_speed)
        power = farm_mw(turbines, air, control) * (1 - self._loss())
        return {"available_mw": power if self.outage is None else power * self._in_service(self.outage, at)}

    def turbines(self, folder: Path) -> list[Turbines]:
        """Return the types with their curves read, each with the power that its curve's highest stands for.

        Raises
        ------
        WrongValue
            Where `capacity` is not the sum of the fleet's ratings.
        ParkoptError
            The faults of `parkopt.forecast.wind_fleet.read_curve`.
        """
        if not self.fleet:
            assert self.capacity is not None
            assert self.hub_height is not None
            found, height = self._curve(self.turbine, self.curve, folder), self.hub_height
            return [Turbines(found, self.capacity * self._highest(found, self.curve), height)]
        curves = [self._curve(one.turbine, one.curve, folder) for one in self.fleet]
        rated = [one.count * curve.rated_mw for one, curve in zip(self.fleet, curves, strict=True)]
        scale = self._scale(sum(rated))
        return [
            Turbines(curve, mw * scale * self._highest(curve, one.curve), one.hub_height)
            for one, curve, mw in zip(self.fleet, curves, rated, strict=True)
        ]

    def _ratings(self, folder: Path) -> list[float]:
        """Return the sum of the ratings of each type of the fleet [MW]."""
        return [one.count * self._curve(one.turbine, one.curve, folder).rated_mw for one in self.fleet]

    def _curve(self, name: str | None, spec: CurveFile | None, folder: Path) -> PowerCurve:
        found = read_curve(spec, folder) if spec is not None else power_curve(name or "")
        return found if self.soft_stop is None else with_soft_stop(found, self.soft_stop.begins, self.soft_stop.stops)

    @staticmethod
    def _highest(curve: PowerCurve, spec: CurveFile | None) -> float:
        """Return the highest power over the rating: a library's curve counts as full there, a user's as it says."""
        return 1.0 if spec is None else float(curve.power_mw.max()) / curve.rated_mw

    def _scale(self, rated_mw: float) -> float:
        if self.capacity is None:
            return 1.0
        if abs(self.capacity - rated_mw) > SAME * rated_mw:
            reason = Text(f"the fleet's ratings sum to {rated_mw:g} MW", f"机组额定功率合计为 {rated_mw:g} MW")
            raise WrongValue(Where(field="capacity"), value=f"{self.capacity:g} MW", reason=reason)
        return self.capacity / rated_mw

    def _loss(self) -> float:
        if self.losses is None:
            return LOSS if self.loss is None else self.loss
        one = self.losses
        return combined_loss(one.wake, one.availability, one.electrical, one.performance)

    def _in_service(self, spec: SeriesSpec, at: Conditions) -> FloatArray:
        """Return the share in service in each step, from MW or a share out of service."""
        try:
            parse(f"1 {spec.unit}", "MWh" if spec.unit.endswith("Wh") else "MW")
            unit, whole = "MW", self.rated_mw(at.folder)
        except UnitFault:
            unit, whole = "", 1.0
        read = read_series(spec, at.folder, unit)
        return share_in_service(on_grid(read, spec, at.grid), whole, Where(file=str(read.source), field=spec.column))


@dataclass(frozen=True)
class Calibrated:
    """A loss that makes a plant's year yield its known full-load hours."""

    field: Literal["loss", "losses.performance"]
    """Field of the park file that it belongs to."""
    value: float
    """Share lost [-]."""
    gross_full_load_h: float
    """Full-load hours of the same year without it [h/year]."""
    notes: tuple[Text, ...]


def calibrate_to_flh(plant: Wind, year: Conditions, full_load_h: float) -> Calibrated:
    """Return the loss to write into the park file, so that a weather year yields `full_load_h`.

    A plan sees its own days alone, so this is done once, over a year of the plant's weather:
    the embedded year, an EPW or TMY file, or a measured year.

    Parameters
    ----------
    plant : Wind
        The plant. With `losses` their `performance` is sought, else `loss`; all else is kept.
    year : Conditions
        Weather of a whole year, best of what happened (``basis`` actual or typical_year).
    full_load_h : float
        Known yield, such as 2551 [h/year].

    Raises
    ------
    TooShort
        Without a whole year of weather.
    CannotFit
        Where the weather gives fewer hours than that without any loss.
    """
    if plant.losses is None:
        field: Literal["loss", "losses.performance"] = "loss"
        bare = plant.model_copy(update={"loss": 0.0})
    else:
        field = "losses.performance"
        bare = plant.model_copy(update={"losses": plant.losses.model_copy(update={"performance": 0.0})})
    power = bare.series(year)["available_mw"]
    rated = plant.rated_mw(year.folder)
    value = calibrated_loss(power, rated, full_load_h, year.grid.hours)
    source, basis = (str(year.weather.attrs[key]) for key in ("source", "basis"))
    note = Text(
        f"{field} fitted to {full_load_h:g} h over a year of {source} ({basis}, {power.size} steps).",
        f"{field} 按 {source} 一年气象（{basis}，{power.size} 个时刻）拟合至 {full_load_h:g} 满发小时。",
    )
    return Calibrated(field, value, full_load_hours(power, rated, year.grid.hours), (note,))
