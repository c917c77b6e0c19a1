"""What a file's forecasts are held against: baselines that know only the past, and daylight."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.forecast.scores_baselines import (
    NIELSEN_DAYS,
    History,
    climatology,
    nielsen,
    persistence,
    smart_persistence,
)
from parkopt.services.forecast_file import ForecastFile
from parkopt.weather.sun import TimeArray, clear_sky, cos_zenith, extraterrestrial_w_per_m2, later

LINKE = 4.0
"""Linke turbidity of the clear sky; its ratio from day to day alone counts [-]."""
BoolArray = NDArray[np.bool_]


class Asked(Protocol):
    """What is asked of a file, as far as baselines must know it."""

    @property
    def kind(self) -> str:
        """Wind, PV or load."""
        ...

    @property
    def place(self) -> tuple[float, float] | None:
        """Degrees north and east."""
        ...

    @property
    def ahead_h(self) -> float:
        """Hours before midnight at which a day's forecast was issued."""
        ...


def issues_of(asked: Asked, file: ForecastFile) -> tuple[pd.DatetimeIndex, Text]:
    """Return when the forecast of each step was issued, and how that is known."""
    if file.issued is not None:
        return file.issued, Text("Baselines know what had ended at `issued`.", "基准预测只用 `issued` 之前的实测。")
    issued = file.local.normalize() - pd.Timedelta(hours=asked.ahead_h)
    hours = f"{asked.ahead_h:g} h"
    return issued.tz_convert("UTC"), Text(
        f"Baselines know what had ended {hours} before the midnight that opens the day (--ahead or column `issued`).",
        f"基准预测只用当日零点前 {hours} 已有的实测（--ahead，或 `issued` 列）。",
    )


def _middle(file: ForecastFile) -> TimeArray:
    start = np.asarray(file.index.tz_localize(None), dtype="datetime64[s]")
    return later(start, file.step / timedelta(minutes=2))


def daylight_of(asked: Asked, file: ForecastFile) -> BoolArray | None:
    """Return whether the sun is up in the middle of each step; None where that is not asked or not known."""
    if asked.kind != "pv" or asked.place is None:
        return None
    return np.asarray(cos_zenith(_middle(file), *asked.place) > 0)


def _clear(asked: Asked, file: ForecastFile) -> FloatArray:
    """Return the clear-sky irradiance on the level (Ineichen & Perez 2002) [W/m2]."""
    assert asked.place is not None
    middle = _middle(file)
    cos_z = cos_zenith(middle, *asked.place)
    return clear_sky(cos_z, extraterrestrial_w_per_m2(middle), np.full(cos_z.shape, LINKE))[0]


def references_of(
    asked: Asked, file: ForecastFile, issued: pd.DatetimeIndex
) -> tuple[dict[str, FloatArray], list[Text]]:
    """Return the forecasts to be better than, by name, and what could not be made."""
    history, notes = History(file.measured, file.index.tz_convert(file.zone)), []
    found = {
        "persistence_24h": persistence(history, file.index, issued),
        "climatology": climatology(history, file.index, issued),
    }
    if asked.kind == "wind":
        learnt = _learnt_at(file)
        late: BoolArray = np.zeros(len(issued), dtype=bool) if learnt is None else np.asarray(issued >= learnt)
        if late.any():
            mixed = np.full(len(late), np.nan)
            mixed[late] = nielsen(history, file.index[late], issued[late])
            found["nielsen"] = mixed
        else:
            en = f"The Nielsen mix needs {NIELSEN_DAYS:.0f} days of measurements before it begins; the file is shorter."
            notes.append(Text(en, f"Nielsen 混合基准需要先有 {NIELSEN_DAYS:.0f} 天实测；本文件不足。"))
    if asked.kind == "pv" and asked.place is not None:
        clear = _clear(asked, file)
        found["smart_persistence"] = smart_persistence(history, clear, file.index, clear, issued)
    if file.physical is not None:
        found["physical"] = file.physical
    return found, notes


def _learnt_at(file: ForecastFile) -> pd.Timestamp | None:
    """Return when so many days were measured that the Nielsen mix can learn; None where never."""
    enough = np.cumsum(np.isfinite(file.measured)) * file.step >= timedelta(days=NIELSEN_DAYS)
    return pd.Timestamp(file.index[int(np.argmax(enough))] + file.step) if enough.any() else None
