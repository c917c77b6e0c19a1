"""What the verbs of fits print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from parkopt.cli_common import clean
from parkopt.errors import Language, Text
from parkopt.faults import AlreadyThere
from parkopt.forecast.wind_fit import CurveFit
from parkopt.services.plant_fits import FittedLoss, FittedPv


def _notes(notes: Iterable[str | Text], lang: Language) -> list[str]:
    return [getattr(note, lang) if isinstance(note, Text) else note for note in notes]


def curve_data(fit: CurveFit, file: str, lang: Language) -> dict[str, Any]:
    """Return a fitted curve as plain data."""
    curve = fit.curve
    return {
        "file": file,
        "rated_mw": curve.rated_mw,
        "highest_mw": float(curve.power_mw.max()),
        "points": len(curve.speeds_m_per_s),
        "used_steps": fit.used_steps,
        "dropped": fit.dropped,
        "nmae": fit.nmae,
        "nrmse": fit.nrmse,
        "nbias": fit.bias,
        "notes": _notes(fit.notes, lang),
        "park_file": curve_lines(fit, file),
    }


def curve_lines(fit: CurveFit, file: str) -> list[str]:
    """Return what to write into the park file."""
    return [f"curve: {{file: {file}, power_unit: MW, rated: {fit.curve.rated_mw:g} MW}}", "loss: 0"]


def print_curve(fit: CurveFit, file: str, lang: Language) -> None:
    """Print what a curve was fitted to and how to use it."""
    console = Console()
    used = {"en": "steps used", "zh": "个时刻用于拟合"}[lang]
    console.print(f"{fit.used_steps:,} {used}; {_dropped(fit.dropped, lang)}", highlight=False, soft_wrap=True)
    sample = {"en": "errors in sample, of the capacity", "zh": "样本内误差（占装机）"}[lang]
    errors = f"MAE {fit.nmae:.2%}, RMSE {fit.nrmse:.2%}, bias {fit.bias:+.2%}"
    console.print(f"{sample}: {errors}", highlight=False, soft_wrap=True)
    _tail(console, fit.notes, curve_lines(fit, file), lang)
    console.print(clean(file), highlight=False, soft_wrap=True)


def _dropped(counts: dict[str, int], lang: Language) -> str:
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items() if count) or "0"
    return f"{ {'en': 'left out', 'zh': '剔除'}[lang] }: {told}"


def _tail(console: Console, notes: Iterable[str | Text], lines: list[str], lang: Language) -> None:
    for note in _notes(notes, lang):
        console.print(clean(note), highlight=False, soft_wrap=True)
    console.print({"en": "For the park file:", "zh": "写入园区文件："}[lang], highlight=False, soft_wrap=True)
    for line in lines:
        console.print(f"  {clean(line)}", highlight=False, soft_wrap=True)


def pv_data(found: FittedPv, asset: str, lang: Language) -> dict[str, Any]:
    """Return a fitted PV plant as plain data."""
    fit = found.fit
    return {
        "asset": asset,
        "scale": fit.scale,
        "shift_min": fit.shift_min,
        "used_steps": fit.used_steps,
        "dropped": fit.dropped,
        "nmae": fit.nmae,
        "nrmse": fit.nrmse,
        "loss_before": found.before,
        "loss": found.loss,
        "nmae_after": found.after.nmae,
        "nrmse_after": found.after.nrmse,
        "weather": {"source": found.weather, "basis": found.basis},
        "notes": _notes(found.notes, lang),
        "park_file": [f"loss: {found.loss:.4f}"],
    }


def print_pv(found: FittedPv, asset: str, lang: Language) -> None:
    """Print the fit of a PV plant."""
    console, fit = Console(), found.fit
    said = {
        "en": (
            f"{clean(asset)}: measured is {fit.scale:.4f} of the chain with {clean(found.weather)} ({found.basis}), "
            f"{fit.used_steps:,} steps used"
        ),
        "zh": (
            f"{clean(asset)}：实测为模型的 {fit.scale:.4f} 倍（气象 {clean(found.weather)}，{found.basis}），"
            f"使用 {fit.used_steps:,} 个时刻"
        ),
    }[lang]
    console.print(said, highlight=False, soft_wrap=True)
    console.print(_dropped(fit.dropped, lang), highlight=False, soft_wrap=True)
    clock = {"en": "the record runs {:+.0f} min behind the chain", "zh": "记录比模型晚 {:+.0f} 分钟"}[lang]
    console.print(clock.format(round(fit.shift_min) + 0.0), highlight=False, soft_wrap=True)
    errors = {"en": "errors of the capacity, day and night", "zh": "误差（占装机，含夜间）"}[lang]
    loss = f"loss {found.loss:.4f}"
    console.print(
        f"{errors}, {loss}: MAE {found.after.nmae:.2%}, RMSE {found.after.nrmse:.2%}", highlight=False, soft_wrap=True
    )
    was = {"en": f"was {found.before:g}", "zh": f"原为 {found.before:g}"}[lang]
    _tail(console, found.notes, [f"loss: {found.loss:.4f}   # {was}"], lang)


def calibrated_data(found: FittedLoss, asset: str, lang: Language) -> dict[str, Any]:
    """Return a calibrated plant as plain data."""
    return {
        "asset": asset,
        "field": found.field,
        "value": found.value,
        "before": found.before,
        "full_load_h_before": found.full_load_h[0],
        "full_load_h": found.full_load_h[1],
        "weather": {"source": found.weather, "basis": found.basis},
        "notes": _notes(found.notes, lang),
        "park_file": _field_lines(found),
    }


def _field_lines(found: FittedLoss) -> list[str]:
    if found.field == "losses.performance":
        return [f"losses: {{..., performance: {found.value:.4f}}}"]
    return [f"{found.field}: {found.value:.4f}"]


def print_calibrated(found: FittedLoss, asset: str, lang: Language) -> None:
    """Print what a calibration found."""
    console, (before, after) = Console(), found.full_load_h
    said = {
        "en": f"{clean(asset)}: {before:.0f} h of full load by the park file, {after:.0f} h with the value below",
        "zh": f"{clean(asset)}：按现有园区文件为 {before:.0f} 满发小时，采用下列数值后为 {after:.0f} 小时",
    }[lang]
    console.print(said, highlight=False, soft_wrap=True)
    source = {"en": "weather", "zh": "气象"}[lang]
    console.print(f"{source}: {clean(found.weather)} ({found.basis})", highlight=False, soft_wrap=True)
    _tail(console, found.notes, _field_lines(found), lang)


def require_new(path: Path) -> None:
    """Raise `AlreadyThere` for a file that exists: better before the work than after."""
    if path.exists():
        raise AlreadyThere(path=path)
