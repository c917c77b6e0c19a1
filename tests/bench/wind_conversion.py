"""Wind to power on real data: GEFCom2014 wind, zone 1, day-ahead ECMWF wind at 100 m, tested on Jul-Nov 2013.

`python -m tests.bench.wind_conversion`; the reference's isotonic line is MAE .1545, RMSE .2008 of the capacity.
Kelmarsh 2019 (also in ../shared) has power alone, no wind, and so cannot be fitted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from parkopt.forecast.turbines import power_curve
from parkopt.forecast.wind import LOSS, RHO_0_KG_PER_M3, wind_power_mw
from parkopt.forecast.wind_fit import fit_power_curve, fit_wind_scale

DATA = Path(__file__).resolve().parents[2].parent / "shared/data/real/gefcom2014_wind_zone1_hourly_2012_2013.csv.gz"
SPLIT = pd.Timestamp("2013-07-01 01:00")
"""The first hour of the test; the target time of a row is the end of its hour."""
TURBINE = "SWT130/3600"


def record() -> pd.DataFrame:
    """Return wind at 100 m [m/s] and power over capacity by target time, steps without power left out."""
    frame = pd.read_csv(DATA, index_col="TARGETdtm", parse_dates=True)
    wind = np.hypot(frame["U100"], frame["V100"])
    return pd.DataFrame({"wind": wind, "power": frame["TARGETVAR"]}).dropna()


def measured() -> dict[str, tuple[float, float, float]]:
    """Return MAE, RMSE and bias of each method on the test, as shares of the capacity."""
    every = record()
    train, test = every[every.index < SPLIT], every[every.index >= SPLIT]
    x, y = train["wind"].to_numpy(), train["power"].to_numpy()
    v, truth = test["wind"].to_numpy(), test["power"].to_numpy()
    fit, curve = fit_power_curve(x, y, 1.0), power_curve(TURBINE)

    def chain(speed, loss=LOSS):
        return wind_power_mw(speed, RHO_0_KG_PER_M3, curve, 1.0, loss)

    def fitted(one):
        return wind_power_mw(v, RHO_0_KG_PER_M3, one.curve, one.curve.power_mw.max(), 0.0)

    scale = fit_wind_scale(x, y, 1.0, chain)
    print(f"trained on {len(train)} h, tested on {len(test)} h; dropped of the record: {fit.dropped}; {fit.notes[0]}")
    print(f"factor on the wind for {TURBINE} less {LOSS:g}: {scale.factor:.3f}")
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    forecasts = {
        "mean of the record": np.full(v.size, y.mean()),
        f"curve of {TURBINE}, loss {LOSS:g}": chain(v),
        "the same, fit_wind_scale": chain(v * scale.factor),
        "isotonic regression of all steps": isotonic.predict(v),
        "fit_power_curve": fitted(fit),
        "fit_power_curve, last 3 months only": fitted(fit_power_curve(x[-24 * 92 :], y[-24 * 92 :], 1.0)),
    }
    off = {name: made - truth for name, made in forecasts.items()}
    return {name: (np.abs(o).mean(), np.sqrt((o**2).mean()), o.mean()) for name, o in off.items()}


def main() -> None:
    """Print the table."""
    rows = measured()
    print(f"{'method':40s} {'MAE':>7s} {'RMSE':>7s} {'bias':>7s}  of capacity")
    for name, (mae, rmse, bias) in rows.items():
        print(f"{name:40s} {mae:7.4f} {rmse:7.4f} {bias:7.4f}")


if __name__ == "__main__":
    main()
