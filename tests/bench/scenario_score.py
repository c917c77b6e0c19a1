"""Scenarios of a real wind farm scored: ``python -m tests.bench.scenario_score [draws]``.

GEFCom2014 wind, zone 1, with ECMWF winds issued at 00 h: quantiles by gradient boosting trained
to June 2013, days of July to November 2013. The energy score is that of the vector of a day's
24 powers per unit of capacity, not divided by anything.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np
import pandas as pd

from parkopt.forecast.boosting import fit_boosting
from parkopt.forecast.copula import Block, ranks, with_tails
from parkopt.forecast.features import wind_features
from parkopt.forecast.quantiles import LEVELS, Quantiles
from parkopt.forecast.reduce import METHODS, distances, reduced_to, transport_cost
from parkopt.forecast.scores_joint import energy_score, variogram_score
from parkopt.forecast.scores_quantile import coverage, pinball
from tests.bench.gefcom_data import wind

FARM = Block("wind", "wind", -35.0, 149.0)
"""Somewhere in Australia; one farm alone has no distances."""


def quantiles_and_days() -> tuple[Quantiles, np.ndarray]:
    """Return the quantile forecasts (24 rows a day) and the powers (days, 24) of the whole test days."""
    record = wind()
    features = wind_features(record.weather, None, 1.0, record.issued)
    came = np.isfinite(record.power)
    train, test = record.between("2012-01-01", "2013-07-01") & came, record.between("2013-07-01", "2013-12-01")
    whole = pd.Series(came).groupby(record.issued).transform("all").to_numpy() & test
    trees = fit_boosting(features[train], record.power[train], LEVELS)
    return trees.predict(features[whole]).within(0, 1), record.power[whole].reshape(-1, 24)


def kinds(draws: int, day: int) -> dict[str, np.ndarray]:
    """Return ranks (draws, 24) of the copula, of independent hours and of hours that move as one."""
    random = np.random.RandomState(10_000 + day)
    return {
        "copula": ranks(draws, [FARM], 24, seed=day)["wind"],
        "independent": random.uniform(size=(draws, 24)),
        "fully correlated": np.repeat(random.uniform(size=(draws, 1)), 24, axis=1),
    }


def scored(forecast: Quantiles, days: np.ndarray, draws: int) -> pd.DataFrame:
    """Return the mean energy and variogram scores by kind of dependence."""
    rows = []
    for at, actual in enumerate(days):
        q = with_tails(forecast[slice(24 * at, 24 * at + 24)], 0, 1)
        for name, rank in kinds(draws, at).items():
            own = q.drawn(rank)
            rows.append((name, energy_score(own, actual), variogram_score(own, actual)))
    return pd.DataFrame(rows, columns=["dependence", "energy", "variogram"]).groupby("dependence").mean()


def reductions(forecast: Quantiles, count: int, draws: int = 500, k: int = 10) -> pd.DataFrame:
    """Return seconds and transport cost over that of random choices, by method, over some days."""
    rows, random, weights = [], np.random.RandomState(0), np.full(draws, 1 / draws)
    for at in range(count):
        points = with_tails(forecast[slice(24 * at, 24 * at + 24)], 0, 1).drawn(kinds(draws, at)["copula"])
        d = distances(points)
        chance = np.mean([transport_cost(d, weights, random.choice(draws, k, replace=False)) for _ in range(50)])
        for method in METHODS:
            start = perf_counter()
            chosen, _ = reduced_to(distances(points), weights, k, method)
            rows.append((method, perf_counter() - start, transport_cost(d, weights, chosen) / chance))
    return pd.DataFrame(rows, columns=["method", "seconds", "cost / random"]).groupby("method").median()


def main(draws: int) -> None:
    """Print the tables."""
    forecast, days = quantiles_and_days()
    flat = days.ravel()
    print(f"{len(days)} whole days, {draws} draws; pinball {pinball(forecast, flat):.4f} (19 levels), ", end="")
    print(f"80 % coverage {coverage(forecast, flat):.3f}")
    print(scored(forecast, days, draws).round(4).to_string())
    print(f"\n500 scenarios to 10, median of 20 days\n{reductions(forecast, 20).round(4).to_string()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
