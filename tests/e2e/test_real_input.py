"""The main job on measured input: a real weather file, a real steel plant's meter, at 60 and 15 min."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from parkopt.intake import DayRequest, MeasuredLoad
from parkopt.park.series import SeriesSpec
from parkopt.results.summary import summary
from parkopt.workflow import DAY_AHEAD, Context, run

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
EPW = SHARED / "weather" / "CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw"
STEEL = SHARED / "real" / "uci_steel_industry_15min_2018.csv"
CTX = Context("t", "t", "t")
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the measured data are not beside this checkout")

METER = SeriesSpec(
    file=str(STEEL),
    time="date",
    format="%d/%m/%Y %H:%M",
    label="end",
    midnight="same_day",
    column="Usage_kWh",
    unit="kWh",
    zone="+08:00",
    repeat="weekday",
)


@needs_shared
def test_a_day_on_a_real_weather_file():
    result = run(DAY_AHEAD, DayRequest("sheyang", date(2026, 4, 10), weather=str(EPW)), CTX)
    assert result.schedule.attrs["weather_basis"] == "typical_year"
    assert result.schedule.attrs["gap"] <= 1e-3
    assert "km" in result.schedule.attrs["weather_notes"]


def steel_day(step_min):
    loads = {"steel": MeasuredLoad(METER, SHARED, 420_000.0)}
    request = DayRequest("sheyang", date(2026, 4, 10), step_min=step_min, weather=str(EPW), loads=loads)
    return run(DAY_AHEAD, request, CTX)


@needs_shared
def test_a_real_steel_plant_at_both_steps():
    """The same energy at both steps; quarter hours see higher peaks, so the demand charge can only rise."""
    hourly, quarter = steel_day(60), steel_day(15)
    energies = [
        float(r.schedule["demand_mw"].sel(asset="steel").sum()) * h for r, h in ((hourly, 1.0), (quarter, 0.25))
    ]
    assert energies[0] == pytest.approx(energies[1], rel=1e-9)
    costs = [summary(r.schedule)["cost_yuan"] for r in (hourly, quarter)]
    charges = [summary(r.schedule)["bill_yuan"]["demand_charge"] for r in (hourly, quarter)]
    assert charges[1] >= charges[0]
    assert costs[1] - charges[1] == pytest.approx(costs[0] - charges[0], rel=0.02)
    assert quarter.schedule.sizes["time"] == 96
    steel = quarter.schedule["demand_mw"].sel(asset="steel").to_numpy()
    assert steel.max() >= hourly.schedule["demand_mw"].sel(asset="steel").to_numpy().max()
    assert np.all(steel >= 0)


@needs_shared
def test_a_measured_load_is_taken_as_measured():
    """Without a year's energy nothing is scaled: the day is the plant's own 13 April 2018, in MWh."""
    import pandas as pd

    rows = pd.read_csv(STEEL)
    request = DayRequest("sheyang", date(2026, 4, 10), loads={"steel": MeasuredLoad(METER, SHARED)})
    result = run(DAY_AHEAD, request, CTX)
    kwh = rows.loc[rows["date"].str.startswith("13/04/2018"), "Usage_kWh"].sum()
    assert float(result.schedule["demand_mw"].sel(asset="steel").sum()) == pytest.approx(kwh / 1000, rel=1e-9)


@needs_shared
def test_the_measured_load_is_scaled_to_the_park_files_energy():
    """420 GWh a year over 8760 h of the plant's mean: the day's share is the plant's own."""
    import pandas as pd

    rows = pd.read_csv(STEEL)
    result = steel_day(60)
    day = float(result.schedule["demand_mw"].sel(asset="steel").sum())
    # 2026-04-10 is a Friday; the nearest Friday of 2018 is 13 April
    kwh = rows.loc[rows["date"].str.startswith("13/04/2018"), "Usage_kWh"].sum()
    assert day == pytest.approx(420_000 / 8760 * kwh / rows["Usage_kWh"].mean() / 4, rel=1e-9)
