"""What a day may bring to a park: quantiles by asset, without a schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from parkopt.errors import Language, Where
from parkopt.faults import UnknownAsset, WrongOption
from parkopt.intake import DayRequest
from parkopt.outlook import Outlook
from parkopt.services.day import ONE_AT_A_TIME, version
from parkopt.stages import Context, Forecast
from parkopt.workflow import POSED, through

SHOWN = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Levels that are shown."""


def outlook(request: DayRequest) -> Forecast:
    """Return the forecast of a day with its outlook.

    Raises
    ------
    ParkoptError
        For any fault of park file, weather or records.
    """
    asked = replace(request, on=request.on or "median")
    ctx = Context("outlook", datetime.now(UTC).isoformat(timespec="seconds"), version())
    with ONE_AT_A_TIME:
        found = through(POSED[:-1], asked, ctx)
    assert isinstance(found, Forecast)
    return found


def as_data(found: Forecast, asset: str = "") -> dict[str, Any]:
    """Return an outlook as plain data: MW by asset (or of one alone), level and step, with where it comes from."""
    seen = _known(found, asset)
    weather = found.observed.weather.attrs
    return {
        "park": found.problem.park.id,
        "issued_at": seen.issue.isoformat(),
        "step_min": int(seen.grid.hours * 60),
        "weather": {key: str(weather.get(key, "")) for key in ("source", "basis", "issued_at", "notes")},
        "start": [stamp.isoformat() for stamp in seen.grid.local],
        "assets": {name: _asset(seen, name) for name in seen.assets if asset in ("", name)},
        "notes": list(seen.notes),
    }


def draw(found: Forecast, asset: str, path: Path, lang: Language) -> None:
    """Write the fan of an asset as SVG or PNG, by the suffix.

    Raises
    ------
    UnknownAsset, WrongOption, CannotWrite
    """
    from parkopt.results.figures_forecast import fan_chart, readable, save

    if not asset:
        raise WrongOption(Where(field="asset"), option="--asset", value="", allowed="the asset whose fan is drawn")
    seen = _known(found, asset)
    save(fan_chart(seen.assets[asset].quantiles, seen.grid.local, None, readable(lang, path)), path)


def _known(found: Forecast, asset: str) -> Outlook:
    seen = found.outlook
    assert seen is not None
    if asset and asset not in seen.assets:
        known = ", ".join(seen.assets)
        raise UnknownAsset(park=found.problem.park.id, kind="uncertain asset", asset=asset, known=known)
    return seen


def _asset(seen: Outlook, name: str) -> dict[str, Any]:
    one = seen.assets[name]
    chain = np.round(seen.physical[name][one.key], 4).tolist()
    levels = {f"P{level * 100:.0f}": np.round(one.quantiles.at(level), 4).tolist() for level in SHOWN}
    kinds = {"series": one.key, "method": one.method, "synthetic": one.synthetic}
    return {**kinds, "chain_mw": chain, "mw": levels}
