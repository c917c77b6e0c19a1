"""The figures of scored forecasts: fans of chosen days, reliability, PIT."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from parkopt.clock import parse_date
from parkopt.errors import Language, Text, Where
from parkopt.faults import NothingToScore, OutsideData, WrongOption
from parkopt.forecast.quantiles import Quantiles
from parkopt.services.forecast_scores import Report, Scored, rule_row
from parkopt.services.writing import require_free, write_files

MOST_DAYS = 31
"""Days in one fan; more cannot be read."""
DAY = pd.Timedelta(days=1)
NO_QUANTILES = "only with quantile columns (q05, q50, q95) in the file"
Span = tuple[pd.Timestamp, pd.Timestamp]
"""First and last day."""


def shown(report: Report) -> Scored:
    """Return the forecast of the fans: the quantiles where there are any, else the first."""
    return next((one for one in report.scored if one.form == "quantiles"), report.scored[0])


def worst_and_median(report: Report) -> list[Span]:
    """Return the whole day of the largest mean absolute error, and the one in the middle.

    Raises
    ------
    NothingToScore
        Where no day has all its steps.
    """
    days = shown(report).days.sort_values(kind="stable")
    if days.empty:
        reason = Text("no day has forecast and measurement at all steps", "没有任何一天各时刻均有预测与实测")
        raise NothingToScore(Where(str(report.file.table.path)), reason=reason)
    picked = [days.index[-1], days.index[(len(days) - 1) // 2]]
    return [(pd.Timestamp(day), pd.Timestamp(day)) for day in dict.fromkeys(picked)]


def spans(report: Report, texts: Sequence[str]) -> list[Span]:
    """Return the days that are asked for: ``2026-06-01``, ``2026-06-01..2026-06-07`` or ``2026-06-01..`` (a week).

    Raises
    ------
    WrongDate, WrongOption
        For no date, or a span that is too long or runs backwards.
    OutsideData
        Where the file has not all of these days.
    """
    return [_span(report, text) for text in texts]


def _span(report: Report, text: str) -> Span:
    first, dots, last = text.partition("..")
    start = pd.Timestamp(parse_date(first))
    local = report.file.local.tz_localize(None)
    begins, ends = local[0], local[-1] + report.file.step
    week = min(start + 6 * DAY, ends.floor("D") - DAY) if dots else start
    end = pd.Timestamp(parse_date(last)) if last else week
    if last and not pd.Timedelta(0) <= end - start < MOST_DAYS * DAY:
        allowed = f"1 to {MOST_DAYS} days, first..last"
        raise WrongOption(Where(field="--days"), option="--days", value=text, allowed=allowed)
    if start < begins or end + DAY > ends or end < start:
        first_day, last_day = (f"{one:%Y-%m-%d %H:%M}" for one in (begins, ends))
        raise OutsideData(Where(str(report.file.table.path)), first=first_day, last=last_day, wanted=text)
    return start, end


def write_fans(report: Report, path: Path, chosen: Sequence[Span], lang: Language) -> list[str]:
    """Write a fan for each span beside `path`, each with its first day in its name.

    Raises
    ------
    NothingToScore
        Where a span has no step with a forecast.
    CannotWrite
    """
    return [_write_fan(report, path, span, lang) for span in chosen]


def _write_fan(report: Report, path: Path, span: Span, lang: Language) -> str:
    from parkopt.results.figures_forecast import fan_chart, readable, save

    rows = _rows(report, span)
    forecast = Quantiles(*_levels_of(report, rows))
    figure = fan_chart(forecast, report.file.local[rows], report.file.measured[rows], readable(lang, path))
    days = f"{span[0]:%Y-%m-%d}" if span[0] == span[1] else f"{span[0]:%Y-%m-%d}_{span[1]:%Y-%m-%d}"
    return str(save(figure, path.with_name(f"{path.stem}-{days}{path.suffix}")))


def _rows(report: Report, span: Span) -> np.ndarray:
    """Return the steps of a span; the forecast must stand at each."""
    days = np.asarray(report.file.local.tz_localize(None).normalize())
    rows = np.flatnonzero((days >= np.datetime64(span[0])) & (days <= np.datetime64(span[1])))
    values = _levels_of(report, rows)[1]
    if not np.isfinite(values).all():
        at = report.file.local[rows[int(np.argmin(np.isfinite(values).all(axis=1)))]]
        reason = Text(f"the forecast has a gap at {at:%Y-%m-%d %H:%M}", f"预测在 {at:%Y-%m-%d %H:%M} 缺值")
        raise NothingToScore(Where(str(report.file.table.path), field="--days"), reason=reason)
    return rows


def _levels_of(report: Report, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return levels (k,) and values (n, k) [MW] of the forecast that is shown; a point stands at its middle alone."""
    one, file = shown(report), report.file
    if one.form == "quantiles":
        return file.levels, file.quantiles[rows]
    point = file.points[one.name] if one.form == "point" else file.members.mean(axis=0)
    return np.array([0.5]), point[rows][:, None]


def write_reliability(report: Report, path: Path, lang: Language) -> str:
    """Write the reliability diagram; `WrongOption` without quantiles."""
    from parkopt.forecast.scores_quantile import reliability
    from parkopt.results.figures_forecast import readable, reliability_diagram, save

    found = reliability(_required(report, "--reliability"), report.file.measured[report.used])
    return str(save(reliability_diagram(found, readable(lang, path)), path))


def write_pit(report: Report, path: Path, lang: Language) -> str:
    """Write the PIT histogram; `WrongOption` without quantiles."""
    from parkopt.results.figures_forecast import pit_figure, readable, save

    spread, words = _required(report, "--pit"), readable(lang, path)
    return str(save(pit_figure(spread, report.file.measured[report.used], words), path))


def _required(report: Report, option: str) -> Quantiles:
    found = report.quantiles
    if found is None or len(found.levels) < 2:  # noqa: PLR2004 - one level has no spread
        raise WrongOption(Where(field=option), option=option, value="this file", allowed=NO_QUANTILES)
    return found


def write_all(report: Report, folder: Path, chosen: Sequence[Span], lang: Language) -> list[str]:
    """Write scores and figures into a new folder.

    Raises
    ------
    CannotWrite
        Where it exists already or cannot be made.
    """
    texts = {
        "scores.json": json.dumps(report.as_dict(lang), ensure_ascii=False, indent=1),
        "rules.csv": _rules_csv(report),
    }
    require_free(folder)
    files = [str(path) for path in write_files(texts, folder)]
    files += write_fans(report, folder / "fan.svg", chosen, lang)
    if report.quantiles is not None and len(report.quantiles.levels) > 1:
        files += [write_reliability(report, folder / "reliability.svg", lang)]
        files += [write_pit(report, folder / "pit.svg", lang)]
    return files


def _rules_csv(report: Report) -> str:
    """Return the accuracy by forecast, rule and month."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["forecast", "rule", "month", "accuracy"])
    for one in report.scored:
        for row in (rule_row(found) for found in one.rules):
            months: dict[str, Any] = row.get("by_month", {})
            writer.writerows([one.name, row["rule"], month, f"{value:.6f}"] for month, value in months.items())
    return text.getvalue()
