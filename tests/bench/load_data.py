"""Two measured works for the load bench, hourly [MW]; None where ../shared is absent."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "real"
STEEL = REAL / "uci_steel_industry_15min_2018.csv"
PLATING = REAL / "de_factory_LP_G_G_15min_normalised_1000kWh.csv.gz"


def steel() -> pd.Series:
    """UCI steel plant 2018, CC BY 4.0: rows are kWh of the quarter that ends; 00:00 closes the same day."""
    rows = pd.read_csv(STEEL)
    starts = pd.date_range("2018-01-01", periods=len(rows), freq="15min", tz="+09:00")
    return pd.Series(rows["Usage_kWh"].to_numpy() * 4 / 1000, index=starts).resample("1h").mean()


def plating() -> pd.Series:
    """German electroplating works 2017, CC BY 4.0: W at 1 MWh a year, summer time undone to +01:00."""
    rows = pd.read_csv(PLATING)
    starts = pd.DatetimeIndex(pd.to_datetime(rows["datetime"], utc=True)).tz_convert("+01:00")
    return pd.Series(rows.iloc[:, 1].to_numpy() / 1e6, index=starts).resample("1h").mean()
