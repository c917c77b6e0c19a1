"""Day-ahead load of two measured works, issue 09:00 on the day before, by both engines.

`python -m tests.bench.load_forecast` refits each month on what was known at its first issue and tests
October to December. `... validate` does the same from May to September, for steps of the levels of the
errors: what was chosen was chosen there.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from parkopt.forecast.boosting import Engine
from parkopt.forecast.load_blend import LoadModel, fit_load
from parkopt.forecast.load_features import LoadPast, load_features
from parkopt.forecast.load_mix import Known, fit_distance, rows_of
from parkopt.forecast.quantiles import LEVELS
from tests.bench.load_data import PLATING, STEEL, plating, steel
from tests.bench.table import Table

GAP = timedelta(hours=15)
GOAL = 0.22
HOLDS = (0.75, 0.85)
GAMMAS = (0.0, 0.02, 0.05, 0.1)
ENGINES: tuple[Engine, ...] = ("sklearn", "lightgbm")


def fits(history: pd.Series, months: pd.DatetimeIndex, engine: Engine) -> list[LoadModel]:
    """Return the model of each month, fitted at its first issue."""
    known = Known(calendar="none", engine=engine)
    return [fit_load(history, month - GAP, GAP, history.index.tz, known) for month in months]


def roll(history: pd.Series, month: pd.Timestamp, model: LoadModel) -> np.ndarray:
    """Return the quantiles of each day of a month, issued the day before."""
    days = pd.date_range(month, month + pd.offsets.MonthBegin(1), freq="1D", inclusive="left")
    hours = pd.timedelta_range("0h", "23h", freq="1h")
    said = [model.predict(history, day - GAP, day + hours) for day in days]
    return np.concatenate([one.values for one in said])  # noqa: PD011 - no frames


def alone(model: LoadModel, history: pd.Series, month: pd.Timestamp) -> LoadModel:
    """Return boosting with weight 1, whatever the mix."""
    boosted = model.boosted
    if boosted is None:
        past = LoadPast(history[history.index + timedelta(hours=1) <= month - GAP])
        rows = rows_of(past, None, history.index.tz, GAP, model.known)
        boosted = fit_distance(rows.x[rows.usable], rows.mw[rows.usable], model.known)
    return replace(model, mix=np.array([1.0, 0, 0, 0]), boosted=boosted)


def medians(model: LoadModel, history: pd.Series, days: pd.DatetimeIndex) -> np.ndarray:
    """Return the median of a model for the days of a month, without its spread."""
    return model._values(load_features(days, history, days.normalize() - GAP))[:, 9]


def wape(forecast: np.ndarray, actual: np.ndarray) -> float:
    """Return the sum of absolute errors over the sum of loads [-]."""
    return float(np.abs(forecast - actual).sum() / np.abs(actual).sum())


def spread(quantiles: np.ndarray, actual: np.ndarray, peak: float) -> tuple[float, float, float]:
    """Return the pinball loss in peaks, and what the 80 % and the 50 % interval hold [-]."""
    away = actual[:, None] - quantiles
    pinball = np.maximum(LEVELS * away, (LEVELS - 1) * away).mean() / peak
    held = [((actual >= quantiles[:, i]) & (actual <= quantiles[:, 18 - i])).mean() for i in (1, 4)]
    return float(pinball), float(held[0]), float(held[1])


def table(name: str, history: pd.Series, year: int, engine: Engine) -> Table:
    """Return the table of one works by one engine, October to December."""
    begin = time.perf_counter()
    months = pd.date_range(f"{year}-10-01", periods=3, freq="MS", tz=history.index.tz)
    models = fits(history, months, engine)
    rolled = [roll(history, month, model) for month, model in zip(months, models, strict=True)]
    at = history.index[history.index >= months[0]]
    boosting = [
        medians(alone(model, history, month), history, at[at.month == month.month])
        for month, model in zip(months, models, strict=True)
    ]
    x, quantiles, actual = load_features(at, history, at.normalize() - GAP), np.vstack(rolled), history[at].to_numpy()
    found = {
        "24 h persistence (48 h where unknown)": wape(x["lag_24h"].to_numpy(), actual),
        "168 h persistence": wape(x["lag_168h"].to_numpy(), actual),
        "4-week mean, type of day": wape(x["mean_4w"].to_numpy(), actual),
        "4-week mean, weekday": wape(x["mean_weekday_4w"].to_numpy(), actual),
        "boosting": wape(np.concatenate(boosting), actual),
        "mix": wape(quantiles[:, 9], actual),
    }
    pinball, held, half = spread(quantiles, actual, history.max())
    gain = 1 - found["mix"] / found["168 h persistence"]
    means = min(found["4-week mean, type of day"], found["4-week mean, weekday"])
    good = (gain >= GOAL if name == "steel" else found["mix"] <= means) and HOLDS[0] <= held <= HOLDS[1]
    ends = np.cumsum([len(one) for one in rolled])[:-1]
    parts = zip(rolled, np.split(actual, ends), strict=True)
    by_month = ", ".join(f"{spread(one, came, 1.0)[1]:.0%}" for one, came in parts)
    weights = ", ".join("/".join(f"{w:g}" for w in model.mix) for model in models)
    seconds = time.perf_counter() - begin
    made = Table(f"{name}, {engine}, Oct-Dec {year}, issue 09:00 D-1", ["method", "WAPE"], failed=not good)
    made.rows = [[key, f"{value:.4f}"] for key, value in found.items()]
    made.notes = [
        f"mix {gain:.1%} better than 168 h persistence; all goals hold: {'yes' if good else 'NO'}",
        f"pinball {pinball:.4f} of the peak; 80 % interval holds {held:.1%} (by month {by_month}), 50 % {half:.1%}",
        f"weights boosting/type mean/weekday mean/type median by month: {weights}; {seconds:.0f} s",
    ]
    return made


def validation(name: str, history: pd.Series, year: int, engine: Engine = "lightgbm") -> Table:
    """Return what steps of the levels give from May to September."""
    months = pd.date_range(f"{year}-05-01", periods=5, freq="MS", tz=history.index.tz)
    models = fits(history, months, engine)
    actual = history[(history.index >= months[0]) & (history.index < f"{year}-10-01")].to_numpy()
    heads = ["gamma", "WAPE", "pinball", "80 % holds", "50 % holds"]
    made = Table(f"{name}, {engine}, May-Sep {year}: step of the levels", heads)
    for gamma in GAMMAS:
        at_gamma = [replace(model, known=replace(model.known, gamma=gamma)) for model in models]
        quantiles = np.vstack([roll(history, month, one) for month, one in zip(months, at_gamma, strict=True)])
        pinball, held, half = spread(quantiles, actual, history.max())
        error = wape(quantiles[:, 9], actual)
        made.rows.append([f"{gamma:g}", f"{error:.4f}", f"{pinball:.5f}", f"{held:.1%}", f"{half:.1%}"])
    return made


def main() -> None:
    """Print the tables."""
    if not STEEL.exists() or not PLATING.exists():
        print("needs ../shared/data/real")
        return
    for name, history, year in (("steel", steel(), 2018), ("electroplating", plating(), 2017)):
        if "validate" in sys.argv:
            print(validation(name, history, year).text(), flush=True)
            continue
        for engine in ENGINES:
            print(table(name, history, year, engine).text(), flush=True)


if __name__ == "__main__":
    main()
