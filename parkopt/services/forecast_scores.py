"""Score a file of forecasts: errors, skill against cheap forecasts, quantiles, scenarios, dispatch rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Language, Text, Where
from parkopt.faults import MissingKey, NothingToScore, WrongOption
from parkopt.forecast.accuracy import Assessment, assess
from parkopt.forecast.accuracy_rules import Rule, preset, read_rule, rules
from parkopt.forecast.arrays import setting
from parkopt.forecast.quantiles import Quantiles
from parkopt.forecast.scores import score, skill
from parkopt.services.forecast_baselines import daylight_of, issues_of, references_of
from parkopt.services.forecast_file import ForecastColumns, ForecastFile, read_forecasts
from parkopt.services.forecast_spread import SHARES, even_levels, has_interval, of_quantiles, of_scenarios, on_levels

Kind = Literal["", "wind", "pv", "load"]
KINDS: tuple[Kind, ...] = get_args(Kind)
RULES: dict[Kind, tuple[str, ...]] = {
    "": (),
    "wind": ("gbt19963_wind", "north_china", "zhejiang", "anhui_wind", "southern"),
    "pv": ("gbt19964_pv", "north_china", "zhejiang", "anhui_pv", "southern"),
    "load": (),
}
"""Rules of a day-ahead forecast by kind; those of other horizons and of whole grids are named by the user."""
CHINA = "+08:00"
"""The zone of Chinese dispatch centres."""
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ScoreRequest:
    """What is asked of a file of forecasts."""

    file: Path
    """CSV with `time`, `measured` and forecasts."""
    capacity_mw: float | None = None
    """Installed power; of a load, the highest measured one where absent [MW]."""
    kind: Kind = ""
    """wind, pv or load; decides the baselines and the rules."""
    rules: tuple[str, ...] | None = None
    """Presets, or YAML files with rules of one's own; those of the kind where absent."""
    columns: ForecastColumns = field(default_factory=ForecastColumns)
    """What the columns mean."""
    place: tuple[float, float] | None = None
    """Degrees north and east, for daylight (PV)."""
    ahead_h: float = 0.0
    """Hours before the midnight that opens a day at which its forecast was issued, where the file does not say."""


@dataclass(frozen=True)
class Scored:
    """One forecast and its scores."""

    name: str
    form: Literal["point", "quantiles", "scenarios"]
    rows: tuple[dict[str, Any], ...]
    """Over all hours and, for PV at a known place, over daylight."""
    rules: tuple[Assessment | tuple[Rule, NothingToScore], ...]
    days: pd.Series[float]
    """Mean absolute error by whole local day [MW]."""


@dataclass(frozen=True)
class Report:
    """A file's forecasts, scored."""

    request: ScoreRequest
    file: ForecastFile
    capacity_mw: float
    used: BoolArray
    """Steps that are scored, shape (n,)."""
    scored: tuple[Scored, ...]
    notes: tuple[Text, ...]

    @property
    def normalised_by(self) -> str:
        """What nMAE, nRMSE and nbias are divided by."""
        what = "installed capacity" if self.request.capacity_mw is not None else "highest measured load"
        return f"{what}, {self.capacity_mw:g} MW"

    @property
    def quantiles(self) -> Quantiles | None:
        """The quantile forecast of the steps that are scored."""
        return _quantiles(self.file, self.used)

    def as_dict(self, lang: Language = "en") -> dict[str, Any]:
        """Return the report as plain data; what is not known is None."""
        start, end = self.file.local[0], self.file.local[-1] + pd.Timedelta(self.file.step)
        return {
            "file": str(self.file.table.path),
            "sha256": self.file.table.sha256,
            "kind": self.request.kind,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "step_min": round(self.file.step / timedelta(minutes=1)),
            "zone": zone_of(self.file),
            "steps": len(self.used),
            "dropped": int((~self.used).sum()),
            "capacity_mw": self.capacity_mw,
            "normalised_by": self.normalised_by,
            "forecasts": [_as_dict(one, lang) for one in self.scored],
            "notes": [getattr(note, lang) for note in self.notes],
        }


def score_file(request: ScoreRequest) -> Report:
    """Score all forecasts of a file over the steps that all of them and the measurement have.

    Raises
    ------
    MissingKey
        Without a capacity, but for a load.
    WrongOption
        For an unknown kind or rule.
    NothingToScore
        Where no step has measurement and forecasts.
    ParkoptError
        The faults of `parkopt.services.forecast_file.read_forecasts`.
    """
    chosen = _require(request)
    file = read_forecasts(request.file, request.columns, request.capacity_mw)
    used = _used(file)
    capacity, told = _capacity(request, file, used)
    actual = np.where(used, file.measured, np.nan)
    issued, when = issues_of(request, file)
    lit = daylight_of(request, file)
    references, lacking = references_of(request, file, issued)
    scored = [
        _scored(name, form, power, (actual, used, lit, capacity), references, chosen, file)
        for name, form, power in _forecasts(file)
    ]
    return Report(
        request, file, capacity, used, tuple(scored),
        (*told, *file.notes, when, *lacking, *_below_0(request, file, used), *_zone_told(chosen, file),
         *_doubts(request, file)),
    )  # fmt: skip


def _require(request: ScoreRequest) -> list[Rule]:
    """Return the rules that are asked for."""
    if request.kind not in KINDS:
        raise WrongOption(option="--kind", value=request.kind, allowed="wind, pv, load")
    if request.capacity_mw is None and request.kind != "load":
        raise MissingKey(Where(field="--capacity"), key="--capacity", example="--capacity '300 MW'")
    if request.capacity_mw is not None:
        setting(request.capacity_mw, 1e-6, 1e6)
    setting(request.ahead_h, 0, 24 * 15)
    if request.place is not None:
        setting(request.place[0], -90, 90)
        setting(request.place[1], -180, 180)
    names = RULES[request.kind] if request.rules is None else request.rules
    return [read_rule(Path(name)) if name.endswith((".yaml", ".yml")) else preset(name) for name in names]


def _used(file: ForecastFile) -> BoolArray:
    spreads = [file.measured, *file.points.values(), *file.quantiles.T, *file.members]
    used: BoolArray = np.isfinite(np.stack(spreads)).all(axis=0)
    if not used.any():
        n = used.size
        reason = Text(f"none of {n} rows has measurement and every forecast", f"{n} 行中没有实测与各预测俱全的时刻")
        raise NothingToScore(Where(str(file.table.path)), reason=reason)
    return used


def _capacity(request: ScoreRequest, file: ForecastFile, used: BoolArray) -> tuple[float, tuple[Text, ...]]:
    highest = float(np.abs(file.measured[used]).max())
    if request.capacity_mw is None:
        if highest == 0:
            raise NothingToScore(Where(str(file.table.path)), reason=Text("the load is 0 throughout", "负荷恒为 0"))
        told = Text(
            f"Errors are divided by the highest measured load, {highest:g} MW.",
            f"误差除以最大实测负荷 {highest:g} MW。",
        )
        return highest, (told,)
    if highest > request.capacity_mw:
        en = f"The measurement reaches {highest:g} MW, above the capacity."
        return request.capacity_mw, (Text(en, f"实测最大值 {highest:g} MW 高于装机容量。"),)
    return request.capacity_mw, ()


def _forecasts(file: ForecastFile) -> list[tuple[str, Literal["point", "quantiles", "scenarios"], FloatArray]]:
    """Return each forecast with the power that its point scores see: a point, the median, the mean of scenarios."""
    found: list[Any] = [(name, "point", power) for name, power in file.points.items()]
    if file.levels.size:
        whole = np.asarray(np.isfinite(file.quantiles).all(axis=1))
        median = np.full(whole.size, np.nan)
        median[whole] = Quantiles(file.levels, file.quantiles[whole]).median
        found.append(("median", "quantiles", median))
    if len(file.members):
        found.append(("scenario mean", "scenarios", file.members.mean(axis=0)))
    return found


def _quantiles(file: ForecastFile, used: BoolArray) -> Quantiles | None:
    return Quantiles(file.levels, file.quantiles[used]) if file.levels.size else None


def _scored(
    name: str, form: Literal["point", "quantiles", "scenarios"], power: FloatArray,
    about: tuple[FloatArray, BoolArray, BoolArray | None, float],
    references: Mapping[str, FloatArray], chosen: list[Rule], file: ForecastFile,
) -> Scored:  # fmt: skip
    actual, used, lit, capacity = about
    rows = []
    for one, over in zip(score(actual, power, capacity, None, lit), (np.ones_like(used), lit), strict=False):
        assert over is not None
        here = used & over
        row = one.as_dict() | {"skill": _skills(actual, power, here, references)}
        row |= of_quantiles(file, here) if form == "quantiles" else {}
        row |= of_scenarios(file, here, whole_days=bool(over.all())) if form == "scenarios" else {}
        rows.append({key: value for key, value in row.items() if key not in ("reference", "normalised_by")})
    judged = tuple(_judged(rule, actual, power, capacity, file.local) for rule in chosen)
    error = pd.Series(np.abs(power - actual), index=file.local)
    return Scored(name, form, tuple(rows), judged, _by_day(error, file.step))


def _by_day(error: pd.Series[float], step: timedelta) -> pd.Series[float]:
    """Return the mean of each local day that has all its steps."""
    days = error.groupby(pd.DatetimeIndex(error.index).tz_localize(None).normalize())
    whole = days.count() == timedelta(days=1) // step
    return days.mean()[whole]


def _skills(
    actual: FloatArray, power: FloatArray, here: BoolArray, references: Mapping[str, FloatArray]
) -> dict[str, dict[str, float | int]]:
    """Return the skill against each reference, its error and the steps that both have."""
    found = {}
    for name, reference in references.items():
        both = here & np.isfinite(reference)
        if both.any():
            a, f, r = actual[both], power[both], reference[both]
            found[name] = {"skill": skill(a, f, r), "mae_mw": float(np.abs(r - a).mean()), "steps": int(both.sum())}
    return found


def _judged(
    rule: Rule, actual: FloatArray, power: FloatArray, capacity: float, local: pd.DatetimeIndex
) -> Assessment | tuple[Rule, NothingToScore]:
    try:
        return assess(actual, power, capacity, rule, local)
    except NothingToScore as fault:  # a rule that drops all points is no fault of the file
        return rule, fault


def _below_0(request: ScoreRequest, file: ForecastFile, used: BoolArray) -> list[Text]:
    """Return how many steps have a forecast below 0, which a plant's power cannot be."""
    all_powers = np.stack([*file.points.values(), *file.quantiles.T, *file.members])
    n = int((all_powers[:, used] < 0).any(axis=0).sum())
    if request.kind not in ("wind", "pv") or not n:
        return []
    return [Text(f"{n} step(s) are forecast below 0 MW.", f"有 {n} 个时刻的预测低于 0 MW。")]


def zone_of(file: ForecastFile) -> str:
    """Return the zone of the days, such as +08:00."""
    return str(file.local[0].isoformat()[-len("+08:00") :])


def _zone_told(chosen: list[Rule], file: ForecastFile) -> list[Text]:
    """Return in which zone rules count their days, where it is not China's."""
    zone = zone_of(file)
    if not chosen or zone == CHINA:
        return []
    en = f"Days and months are those of {zone}; --zone {CHINA} counts them in China's."
    return [Text(en, f"日与月按 {zone} 划分；--zone {CHINA} 可按中国时间划分。")]


def _doubts(request: ScoreRequest, file: ForecastFile) -> list[Text]:
    """Return what a reader must know about what is not told."""
    notes = []
    if request.kind == "pv" and request.place is None:
        notes.append(
            Text(
                "Daylight and smart persistence need --latitude and --longitude; nights flatter scores of all hours.",
                "白天评分与智能持续性基准需要 --latitude 和 --longitude；夜间会使全时段评分偏好。",
            )
        )
    if file.levels.size and not even_levels(file.levels):
        en = f"No CRPS: the {file.levels.size} levels are too few or not evenly spread; pinball is told."
        notes.append(Text(en, f"不给出 CRPS：{file.levels.size} 个分位过少或不均匀；已给出 pinball 损失。"))
    between = [share for share in SHARES if has_interval(file.levels, share) and not on_levels(file.levels, share)]
    if between:
        ends = ", ".join(f"{share:.0%}" for share in between)
        en = f"The ends of the {ends} interval(s) lie between levels of the file, on straight lines."
        notes.append(Text(en, f"{ends} 区间的端点不在文件的分位上，按直线内插。"))
    judged = request.kind in ("wind", "pv") and request.rules != ()
    if judged and request.kind == "pv":
        notes.append(Text("Rules count the nights too.", "规则评分含夜间。"))
    if judged:
        notes.append(
            Text(
                "Rules see the installed power as online; Jiangsu's own figures were not found (--rules FILE.yaml).",
                "规则按全部装机在线计；未找到江苏现行考核数值（可用 --rules FILE.yaml 自行给出）。",
            )
        )
    return notes


def _as_dict(one: Scored, lang: Language) -> dict[str, Any]:
    rows = [_finite(row) for row in one.rows]
    return {"name": one.name, "form": one.form, "scores": rows, "rules": [rule_row(found, lang) for found in one.rules]}


def _finite(data: Any) -> Any:
    """Return plain data with None for what is no finite number."""
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return None if isinstance(data, float) and not np.isfinite(data) else data


def rule_row(found: Assessment | tuple[Rule, NothingToScore], lang: Language = "en") -> dict[str, Any]:
    """Return what a rule makes of a forecast as plain data."""
    if isinstance(found, tuple):
        rule, fault = found
        return {
            "rule": rule.name,
            "points": 0,
            "why": fault.message(lang),
            "source": rule.source,
            "confidence": rule.confidence,
        }
    return {
        "rule": found.rule.name,
        "points": found.points,
        "dropped": found.dropped,
        "accuracy": found.accuracy,
        "by_month": {str(month): float(value) for month, value in found.by_month.items()},
        "pass_rate": found.pass_rate,
        "threshold": found.threshold,
        "met": found.met,
        "days_met": found.days_met,
        "penalty_mwh": found.penalty_mwh,
        "confidence": found.rule.confidence,
        "source": found.rule.source,
    }


def rule_list() -> list[dict[str, Any]]:
    """Return the presets as plain data."""
    return [vars(rule) | {} for rule in rules().values()]
