"""The verbs of `parkopt forecast` that look back: `score`, `rules`, `fit-curve`, `fit-pv`, `calibrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from parkopt.cli_common import Json, Lang, language, show, weather_mapping

if TYPE_CHECKING:
    from parkopt.park.table import ClockSpec
    from parkopt.services.forecast_scores import Report

Park = Annotated[str, typer.Argument(help="Id of a park, or path of a park file.")]
Zone = Annotated[str, typer.Option(help="Zone of times that state none, such as +08:00; else they are refused.")]
Map = Annotated[Path | None, typer.Option("--map", help="YAML that says what the columns mean and how it tells time.")]
Capacity = Annotated[str, typer.Option(help="Installed power, '300 MW'.")]
Weather = Annotated[str, typer.Option(help="Source or file of the weather that came, in place of the park's.")]
WeatherMap = Annotated[Path | None, typer.Option(help="YAML that says what the columns of a CSV weather file mean.")]


def register(forecasts: typer.Typer) -> None:
    """Add the verbs to the group `forecast`."""
    forecasts.command("score")(score)
    forecasts.command("rules")(rules)
    forecasts.command("fit-curve")(fit_curve)
    forecasts.command("fit-pv")(fit_pv)
    forecasts.command("calibrate")(calibrate)


def _mw(text: str, option: str = "--capacity") -> float:
    """Return a power of the command line [MW]."""
    from parkopt.errors import Where
    from parkopt.faults import OutOfRange
    from parkopt.units import parse

    power = parse(text, "MW")
    if not 0 < power < float("inf"):
        raise OutOfRange(Where(field=option), value=text, low="above 0 MW", high="1e6 MW")
    return power


def _clock(mapping: Path | None, zone: str, time: str = "") -> ClockSpec:
    from parkopt.park.loader import load_part
    from parkopt.park.table import ClockSpec

    more = {key: value for key, value in (("zone", zone), ("time", time)) if value}
    if mapping is None:
        return ClockSpec(**more)
    found: ClockSpec = load_part(mapping, ClockSpec, **more)
    return found


def score(  # noqa: PLR0917
    file: Annotated[Path, typer.Argument(help="CSV: time, measured, and forecast, q05..q95 or member01...")],
    capacity: Annotated[str, typer.Option(help="Installed power, '300 MW'; only a load may leave it out.")] = "",
    rule: Annotated[
        list[str] | None,
        typer.Option("--rules", help="Dispatch rule by name or YAML file; the kind's where absent; none: no rules."),
    ] = None,
    kind: Annotated[str, typer.Option(help="wind, pv or load: decides baselines and rules.")] = "",
    latitude: Annotated[float | None, typer.Option(min=-90, max=90, help="For daylight (PV).")] = None,
    longitude: Annotated[float | None, typer.Option(min=-180, max=180, help="For daylight (PV).")] = None,
    ahead: Annotated[
        str, typer.Option(help="How long before a day's midnight its forecast was issued, '15 h'.")
    ] = "0 h",
    mapping: Map = None,
    unit: Annotated[str, typer.Option(help="Unit of all powers: MW, kW, kWh (a step), pu or % of the capacity.")] = "",
    zone: Annotated[str, typer.Option(help="Zone of times that state none, and of the days, such as +08:00.")] = "",
    figure: Annotated[Path | None, typer.Option(help="Fans as .svg or .png; the day comes into the name.")] = None,
    days: Annotated[
        list[str] | None, typer.Option(help="Days of the fans: 2026-06-01 or first..last; else worst and median day.")
    ] = None,
    reliability: Annotated[Path | None, typer.Option(help="Reliability diagram as .svg or .png.")] = None,
    pit: Annotated[Path | None, typer.Option(help="PIT histogram as .svg or .png.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for scores and all figures; must not exist yet.")] = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Score forecasts against what was measured: errors, skill, quantiles, scenarios, dispatch rules."""
    from parkopt import cli_score_print
    from parkopt.results.figure_names import require_figure
    from parkopt.services import forecast_scores as service
    from parkopt.units import Quantity

    words = language(lang)
    for option, path in (("--figure", figure), ("--reliability", reliability), ("--pit", pit)):
        require_figure(option, path)
    asked = service.ScoreRequest(
        file=file,
        capacity_mw=_mw(capacity) if capacity else None,
        kind=_kind(kind),
        rules=None if rule is None else tuple(one for one in rule if one != "none"),
        columns=_columns(mapping, unit, zone),
        place=_place(latitude, longitude),
        ahead_h=Quantity("h", 0, 360).number(ahead),
    )
    report = service.score_file(asked)
    files = _figures(report, (figure, reliability, pit, out), days or [], words)
    if as_json:
        show(report.as_dict(words) | {"files": files})
    else:
        cli_score_print.print_report(report, files, words)


def _kind(text: str) -> Any:
    from parkopt.faults import WrongOption
    from parkopt.services.forecast_scores import KINDS

    if text not in KINDS:
        raise WrongOption(option="--kind", value=text, allowed="wind, pv, load")
    return text


def _place(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    from parkopt.errors import Where
    from parkopt.faults import MissingKey

    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        lacking = "--latitude" if latitude is None else "--longitude"
        raise MissingKey(Where(field=lacking), key=lacking, example="--latitude 33.8 --longitude 120.5")
    return latitude, longitude


def _columns(mapping: Path | None, unit: str, zone: str) -> Any:
    from parkopt.park.loader import load_part
    from parkopt.services.forecast_file import ForecastColumns

    more = {key: value for key, value in (("unit", unit), ("zone", zone)) if value}
    return load_part(mapping, ForecastColumns, **more) if mapping else ForecastColumns(**more)


def _figures(report: Report, paths: tuple[Path | None, ...], days: list[str], lang: Any) -> list[str]:
    """Write what is asked for; return the files."""
    from parkopt.errors import Where
    from parkopt.faults import WrongOption
    from parkopt.services import forecast_figures as figures

    figure, reliability, pit, out = paths
    if days and figure is None and out is None:
        raise WrongOption(
            Where(field="--days"), option="--days", value=days[0], allowed="only beside --figure or --out"
        )
    chosen = []
    if figure is not None or out is not None:
        chosen = figures.spans(report, days) if days else figures.worst_and_median(report)
    files = figures.write_all(report, out, chosen, lang) if out is not None else []
    files += figures.write_fans(report, figure, chosen, lang) if figure is not None else []
    files += [figures.write_reliability(report, reliability, lang)] if reliability is not None else []
    return files + ([figures.write_pit(report, pit, lang)] if pit is not None else [])


def rules(as_json: Json = False, lang: Lang = "") -> None:
    """List the dispatch rules for the accuracy of forecasts, with their sources and how sure they are."""
    from parkopt import cli_score_print
    from parkopt.services.forecast_scores import rule_list

    words, found = language(lang), rule_list()
    if as_json:
        show(found)
    else:
        cli_score_print.print_rules(found, words)


def fit_curve(  # noqa: PLR0917
    file: Annotated[Path, typer.Argument(help="CSV with the farm's wind and power.")],
    speed: Annotated[str, typer.Option(help="Column of the wind at the hub, measured or as forecast.")],
    power: Annotated[str, typer.Option(help="Column of the power.")],
    capacity: Capacity,
    curve: Annotated[Path, typer.Option(help="File for the curve; must not exist yet.")] = Path("curve.csv"),
    speed_unit: Annotated[str, typer.Option(help="Unit of the wind.")] = "m/s",
    power_unit: Annotated[str, typer.Option(help="Unit of the power.")] = "MW",
    temperature: Annotated[str, typer.Option(help="Column of the air temperature: tells icing, and density.")] = "",
    temperature_unit: Annotated[str, typer.Option(help="Unit of the temperature.")] = "degC",
    pressure: Annotated[str, typer.Option(help="Column of the air pressure at the hub, for density.")] = "",
    pressure_unit: Annotated[str, typer.Option(help="Unit of the pressure.")] = "Pa",
    step: Annotated[float | None, typer.Option(min=1, max=1440, help="Minutes of a row; times are not read.")] = None,
    time: Annotated[str, typer.Option(help="Column of the time.")] = "time",
    zone: Zone = "",
    mapping: Map = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Fit a wind farm's power curve to its record, as a file that the park file can name."""
    from parkopt import cli_fit_print
    from parkopt.services import curve_fits

    words = language(lang)
    cli_fit_print.require_new(curve)
    asked = curve_fits.CurveRequest(
        file, speed, power, _mw(capacity), _clock(mapping, zone, time if mapping is None else ""), step,
        speed_unit, power_unit, temperature, temperature_unit, pressure, pressure_unit,
    )  # fmt: skip
    fit = curve_fits.fit_curve(asked)
    written = curve_fits.write_curve(fit, curve)
    if as_json:
        show(cli_fit_print.curve_data(fit, written, words))
    else:
        cli_fit_print.print_curve(fit, written, words)


def fit_pv(  # noqa: PLR0917
    park: Park,
    asset: Annotated[str, typer.Argument(help="Name of the PV plant in the park file.")],
    file: Annotated[Path, typer.Argument(help="CSV with its readings.")],
    power: Annotated[str, typer.Option(help="Column of the power.")] = "power",
    unit: Annotated[str, typer.Option(help="Unit of the power.")] = "MW",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    time: Annotated[str, typer.Option(help="Column of the time.")] = "time",
    zone: Zone = "",
    mapping: Map = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Fit the loss of a PV plant to its readings; tell a wrong clock and what was left out."""
    from parkopt import cli_fit_print
    from parkopt.services import plant_fits

    words = language(lang)
    asked = plant_fits.PlantRequest(park, asset, weather, weather_mapping(weather_map))
    clock = _clock(mapping, zone, time if mapping is None else "")
    found = plant_fits.fit_pv(asked, file, power, unit, clock)
    if as_json:
        show(cli_fit_print.pv_data(found, asset, words))
    else:
        cli_fit_print.print_pv(found, asset, words)


def calibrate(  # noqa: PLR0917
    park: Park,
    asset: Annotated[str, typer.Argument(help="Name of the wind plant in the park file.")],
    full_load_hours: Annotated[float, typer.Option(min=1, max=8760, help="Known yield a year, such as 2551.")],
    by: Annotated[str, typer.Option(help="What to fit: loss or wind_scale.")] = "loss",
    start: Annotated[str, typer.Option(help="First day of the year, where the weather is dated.")] = "",
    weather: Weather = "",
    weather_map: WeatherMap = None,
    as_json: Json = False,
    lang: Lang = "",
) -> None:
    """Find the loss, or the factor on the wind, with which a year of weather yields known full-load hours."""
    from parkopt import cli_fit_print
    from parkopt.clock import parse_date
    from parkopt.services import plant_fits

    words = language(lang)
    asked = plant_fits.PlantRequest(park, asset, weather, weather_mapping(weather_map))
    found = plant_fits.calibrate(asked, full_load_hours, by, parse_date(start) if start else None)
    if as_json:
        show(cli_fit_print.calibrated_data(found, asset, words))
    else:
        cli_fit_print.print_calibrated(found, asset, words)
