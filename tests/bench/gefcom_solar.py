"""PV power a day ahead on GEFCom2014's 3 zones: fitted to March 2013, tested on April 2013.

`python -m tests.bench.gefcom_solar [FIRST AFTER]`, another test month than April 2013: 2013-03-01 2013-04-01

All 24 hours count, night is 0. One fit a zone. Nothing was chosen on April: a fit a zone rather than one
over all, and trees rather than analogs, did better in each of Dec 2012 to Mar 2013; the share of the
analogs and the shifts are from held-out blocks of Jan-Mar 2013.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.forecast.ensemble import Fit, calibrate
from parkopt.forecast.features import pv_features
from parkopt.forecast.pv_sun import sun
from parkopt.forecast.quantiles import PERCENTILES, Quantiles, sure
from tests.bench.gefcom_data import LATITUDE, LONGITUDE, Record, solar
from tests.bench.gefcom_wind import HEADS, TAILED, scored
from tests.bench.table import Table

ZONES = (1, 2, 3)
SPLIT = ("2012-04-01", "2013-04-01", "2013-05-01")
NIGHT_DEG = 93.0
"""Zenith at mid-hour beyond which an hour has no sun at all: half an hour moves it by 7 degrees at most, its
last light gives next to nothing [deg]."""


def features_of(record: Record) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the features, and which hours are dark."""
    place = sun(record.index, LATITUDE, LONGITUDE, 0.0, 30.0)
    angles = (place.zenith_deg, place.azimuth_deg, place.dni_extra)
    return pv_features(record.weather, None, 1.0, angles, record.issued), place.zenith_deg > NIGHT_DEG


def zone_forecasts(record: Record, split: tuple[str, str, str]) -> tuple[dict[str, Quantiles], float]:
    """Return the forecasts of a zone by method, and the share of the analogs."""
    features, dark = features_of(record)
    train = record.between(split[0], split[1]) & ~dark & np.isfinite(record.power)
    test = record.between(split[1], split[2])
    most = np.where(dark[test], 0.0, 1.0)
    fit = Fit(("lightgbm",), levels=TAILED)
    held_out = calibrate(record.index[train], features[train], record.power[train], fit, (0.0, 1.0))
    ensemble = fit.ensemble(features[train], record.power[train], held_out.analog_share)
    names = ("boosting, lightgbm", "analogs")
    members = (member.predict(features[test]) for member in ensemble.members)
    found = {name: one.within(0, most) for name, one in zip(names, members, strict=True)}
    mean = ensemble.predict(features[test]).within(0, 1)
    found["average"] = mean.within(0, most)
    found["average, calibrated"] = held_out.shifts.applied(mean).within(0, most)
    return found, held_out.analog_share


def references(record: Record, split: tuple[str, str, str]) -> tuple[Quantiles, Quantiles]:
    """Return climatology of the hour of the day, and the day before."""
    train, test = record.between(split[0], split[1]), record.between(split[1], split[2])
    hours = record.index.hour.to_numpy()
    by_hour = np.stack([np.quantile(record.power[train & (hours == h)], PERCENTILES) for h in range(24)])
    return Quantiles(PERCENTILES, by_hour[hours[test]]), sure(record.power[np.flatnonzero(test) - 24])


def stacked(parts: list[Quantiles]) -> Quantiles:
    """Return the zones' forecasts one after the other."""
    return Quantiles(parts[0].levels, np.vstack([part.values for part in parts]))  # noqa: PD011 - not pandas


def main(split: tuple[str, str, str] = SPLIT) -> None:
    """Print the table of a split: start of training, start of the test, its end."""
    began, records = time.perf_counter(), [solar(zone) for zone in ZONES]
    tests = [record.between(split[1], split[2]) for record in records]
    came: FloatArray = np.concatenate([record.power[test] for record, test in zip(records, tests, strict=True)])
    known = [references(record, split) for record in records]
    results = [zone_forecasts(record, split) for record in records]
    rows = [scored("climatology of the hour", stacked([one[0] for one in known]), came)]
    rows.append(scored("persistence 24 h", stacked([one[1] for one in known]), came, spread=False))
    rows += [scored(name, stacked([found[name] for found, _ in results]), came) for name in results[0][0]]
    light = np.concatenate([~features_of(r)[1][t] for r, t in zip(records, tests, strict=True)])
    final = stacked([found["average, calibrated"] for found, _ in results])
    rows.append(scored("the same, hours with sun", final[light], came[light]))
    table = Table(f"GEFCom2014 solar, 3 zones, fitted before {split[1]}, tested before {split[2]}", HEADS, rows)
    table.notes.append(f"Share of the analogs by zone: {', '.join(f'{share:.0%}' for _, share in results)}.")
    table.notes.append("Must show (April 2013): pinball <= 0.0128, MAE <= 0.035, over all 24 hours.")
    table.notes.append(
        f"{time.perf_counter() - began:.0f} s, {time.process_time():.0f} s of it CPU time; {came.size} test hours."
    )
    print(table.text())


if __name__ == "__main__":
    main((SPLIT[0], *sys.argv[1:3]) if len(sys.argv) == 3 else SPLIT)
