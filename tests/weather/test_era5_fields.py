"""Sums, units and times of ERA5 fields, as pure functions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkopt.errors import Where
from parkopt.faults import NotAGridPoint, UnclearSums, WrongUnit
from parkopt.weather.era5_cells import choose
from parkopt.weather.era5_fields import Field, find_sums, from_direction_deg, humidity_percent, in_unit, per_hour
from parkopt.weather.sites import haversine_km
from tests.weather.era5_files import SITE, since_midnight, world

FILE = Where(file="x.nc")
LIGHT = world().data["ssrd"][:, 1, 1]
TIMES = world().times
AT = TIMES.to_numpy().astype("datetime64[s]")


def field(name, values, unit="", issued=None, times=AT):
    return Field(name, times, np.asarray(values, dtype=float), unit, issued, FILE)


@pytest.mark.parametrize(
    ("name", "written", "value", "inside"),
    [("t2m", "K", 300, 26.85), ("t2m", "", 300, 26.85), ("t2m", "degC", 20, 20), ("sp", "hPa", 1000, 1e5),
     ("u10", "m s**-1", 5, 5), ("u10", "m s-1", 5, 5), ("u10", "km/h", 36, 10), ("ssrd", "J m**-2", 7, 7),
     ("ssrd", "kJ m-2", 7, 7000), ("tp", "m", 2, 2), ("tcc", "(0 - 1)", 0.5, 0.5), ("tcc", "%", 50, 0.5)],
)  # fmt: skip
def test_units(name, written, value, inside):
    assert in_unit(field(name, [value], written, times=AT[:1])).values[0] == pytest.approx(inside)  # noqa: PD011


def test_a_unit_of_another_dimension():
    with pytest.raises(WrongUnit, match="MWh"):
        in_unit(field("ssrd", [1], "MWh", times=AT[:1]))


def test_what_sums_run_over_is_found():
    assert find_sums(field("ssrd", LIGHT), SITE) == "hour"
    assert find_sums(field("ssrd", since_midnight(TIMES, LIGHT)), SITE) == "day"
    issue = np.full(len(AT), AT[0])
    assert find_sums(field("ssrd", np.cumsum(LIGHT) - LIGHT[0], issued=issue), SITE) == "issue"
    with pytest.raises(UnclearSums, match="ssrd"):
        find_sums(field("ssrd", LIGHT[22:26], times=AT[22:26]), SITE)


def test_differences_give_back_the_hours():
    day = per_hour(field("ssrd", since_midnight(TIMES, LIGHT)), "day").values  # noqa: PD011 - no frame
    # the row of 00 UTC at the very start closes a day that is not in the data
    np.testing.assert_allclose(day[1:], LIGHT[1:], atol=1e-6)
    assert np.isnan(day[0])


@given(st.floats(0.5, 60), st.floats(0, 359.9))
def test_direction_is_where_the_wind_comes_from(speed, origin):
    u, v = -speed * np.sin(np.deg2rad(origin)), -speed * np.cos(np.deg2rad(origin))
    found = float(from_direction_deg(np.array([u]), np.array([v]))[0])
    assert abs((found - origin + 180) % 360 - 180) < 1e-6


def test_humidity():
    np.testing.assert_allclose(humidity_percent(np.array([20.0, 20.0]), np.array([20.0, 9.27])), [100, 50], atol=0.1)


@given(st.floats(33.5, 34), st.floats(120, 120.75), st.booleans(), st.booleans())
def test_bilinear_weights_meet_the_site(latitude, longitude, falling, east_of_greenwich):
    lats, lons = np.array([33.5, 33.75, 34.0]), np.array([120, 120.25, 120.5, 120.75])
    lats = lats[::-1] if falling else lats
    cells = choose(lats, lons if east_of_greenwich else lons - 360, (latitude, longitude), FILE)
    assert cells.weight.sum() == pytest.approx(1)
    assert lats[cells.latitude.index] @ cells.latitude.weight == pytest.approx(latitude, abs=2e-4)
    assert lons[cells.longitude.index] @ cells.longitude.weight == pytest.approx(longitude, abs=2e-4)


def test_the_seam_and_the_far_side_of_the_globe():
    lats, lons = np.array([50.0, 50.25]), np.arange(0, 360, 0.25)
    cells = choose(lats, lons, (50.1, -0.1), FILE)
    assert sorted(lons[cells.longitude.index]) == [0.0, 359.75]
    with pytest.raises(NotAGridPoint, match="0 to 10 E"):
        choose(lats, np.arange(0, 10.1, 0.25), (50.1, -175.0), FILE)


def test_distance():
    assert haversine_km((0.0, 0.0), np.array([0.0]), np.array([90.0]))[0] == pytest.approx(6371 * np.pi / 2)
    assert pd.notna(haversine_km((90.0, 0.0), np.array([90.0]), np.array([180.0]))[0])
