"""What is odd but not wrong: each check has a case that it tells and one that it does not."""

from __future__ import annotations

from datetime import date, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from parkopt.clock import TimeGrid
from parkopt.park.base import Location
from parkopt.weather import Embedded, Epw
from parkopt.weather.plausible import far_notes, plausibility_notes

CN = timezone(timedelta(hours=8))
SHEYANG = Location(latitude=33.8, longitude=120.5)
WEATHER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "weather"
GHI, WIND = "ghi_w_per_m2", "wind_speed_100m_m_per_s"


def days(n=10, step_min=60):
    return Embedded("actual").fetch(SHEYANG, TimeGrid.day(date(2026, 7, 1), CN, step_min, n))


def changed(name, rows, value, step_min=60):
    dataset = days(step_min=step_min)
    values = dataset[name].to_numpy().copy()
    values[rows] = value
    return dataset.assign({name: (dataset[name].dims, values, dataset[name].attrs)})


def notes(dataset):
    return plausibility_notes(dataset, 33.8)


@pytest.mark.parametrize("step_min", [60, 30, 15])
@pytest.mark.parametrize("basis", ["actual", "forecast"])
def test_the_embedded_year_is_not_odd(step_min, basis):
    n = 365 if step_min == 60 else 30
    assert notes(Embedded(basis).fetch(SHEYANG, TimeGrid.day(date(2026, 1, 1), CN, step_min, n))) == ()


@pytest.mark.skipif(not WEATHER.exists(), reason="needs ../shared")
def test_a_real_year_shines_neither_at_night_nor_above_the_sky():
    file = WEATHER / "CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw"
    found = Epw(file).fetch(Location(latitude=31.2, longitude=121.3), TimeGrid.day(date(2026, 1, 1), CN, 60, 365))
    assert not [note for note in plausibility_notes(found, 31.2) if GHI in note]


# local hours 1 to 3 of 1 July are 17 to 19 UTC of the day before
@pytest.mark.parametrize(("name", "rows", "value", "told"), [
    (GHI, [1, 2, 3], 5.0, f"{GHI} is 5 W/m2 or more at night in 3 step(s), first 2026-06-30 17:00 UTC."),
    (GHI, [d * 24 + 12 for d in range(6)], 1450.0, "1.25 times a clear sky in 6 step(s), first 2026-07-01 04"),
    (GHI, range(34, 39), 0.0, "0 by day in 5 step(s), first 2026-07-02 02:00"),
    (GHI, range(34, 39), 222.0, "one and the same value by day in 5 step(s), first 2026-07-02 02:00"),
    (WIND, range(30, 44), 7.7, f"{WIND} is one and the same value in 14 step(s), first 2026-07-01 22:00"),
    (WIND, range(30, 60), 0.0, f"{WIND} is one and the same value in 30 step(s)"),
])  # fmt: skip
def test_odd_values_are_told(name, rows, value, told):
    found = notes(changed(name, list(rows), value))
    assert len(found) == 1
    assert told in found[0]


@pytest.mark.parametrize(("name", "rows", "value"), [
    (GHI, [1, 2, 3], 4.9), (GHI, [d * 24 + 12 for d in range(5)], 1450.0), (GHI, [36, 37], 0.0),
    (GHI, [35, 36, 37], 222.0), (WIND, range(30, 41), 7.7), (WIND, range(30, 50), 0.0),
])  # fmt: skip
def test_what_happens_is_not_told(name, rows, value):
    assert notes(changed(name, list(rows), value)) == ()


def test_hours_count_and_not_steps():
    # held quarter hours are no stuck sensor
    assert notes(changed(WIND, list(range(40)), 7.7, step_min=15)) == ()
    assert len(notes(changed(WIND, list(range(56)), 7.7, step_min=15))) == 1


@pytest.mark.parametrize(("name", "factor", "told"), [
    (GHI, 0.6, "kWh/m2 a year; 1100 to 1700 is usual"), (WIND, 0.4, "m/s on average; 4 to 10"),
    ("wind_speed_10m_m_per_s", 3.6, "m/s on average; 2 to 8"),
])  # fmt: skip
def test_sums_of_a_year_are_for_these_latitudes_only(name, factor, told):
    year = Embedded("actual").fetch(SHEYANG, TimeGrid.day(date(2026, 1, 1), CN, 60, 365))
    odd = year.assign({name: year[name] * factor})
    assert [note for note in notes(odd) if told in note and name in note]
    assert not [note for note in plausibility_notes(odd, 45.0) if "usual" in note]
    assert not [note for note in notes(odd.isel(time=slice(0, 8000))) if "usual" in note]


def test_nothing_is_changed():
    dataset = changed(GHI, [1], 50.0)
    before = dataset.copy(deep=True)
    notes(dataset)
    assert dataset.identical(before)
    assert np.asarray(dataset[GHI])[1] == 50


def test_far_sites():
    assert far_notes("x", (33.8, 120.5), (33.8, 121.5)) == ()
    assert far_notes("x", (33.8, 120.5), (33.8, 122.5)) == ("The file's site x is 185 km from the park.",)
