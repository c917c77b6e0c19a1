"""The PV plant of a park file: how it stands, what it needs, and what its fields do to the power."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.faults import MissingColumn
from parkopt.forecast import pv
from parkopt.models.base import Conditions
from parkopt.models.tech.pv import Pv
from parkopt.park.base import Location
from parkopt.weather.source import Origin, canonical

GRID = TimeGrid.day(date(2026, 6, 20), fixed_zone("+08:00"), days=2)
BASE = {"kind": "pv", "capacity": "80 MWp", "ac_limit": "70 MW"}


def conditions(**more):
    sun = pv.sun(GRID.index, 33.8, 120.5, 3.0, 30.0)
    cos = np.cos(np.radians(np.minimum(sun.zenith_deg, 90.0)))
    values = {"ghi_w_per_m2": 850 * cos, "dni_w_per_m2": 750 * sun.up, "dhi_w_per_m2": 100 * cos}
    flat = {"temp_air_degc": 22.0, "pressure_pa": 101_000.0, "wind_speed_10m_m_per_s": 3.0, **more}
    values |= {name: np.broadcast_to(np.asarray(value, dtype=float), GRID.n) for name, value in flat.items()}
    origin = Origin("test", "forecast", 33.8, 120.5, "", 30.0)
    return Conditions(GRID, canonical(values, GRID, origin), Location(latitude=33.8, longitude=120.5), Path())


def power(at=None, **fields):
    return Pv.model_validate(BASE | fields).series(at or conditions())["available_mw"]


def test_defaults_are_the_plain_chain():
    at = conditions()
    names = ("ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2", "temp_air_degc", "wind_speed_10m_m_per_s")
    columns = (at.weather[name].to_numpy() for name in names)
    sun = pv.sun(GRID.index, 33.8, 120.5, 3.0, 30.0)
    plain = pv.pv_power_mw(sun, *columns, dc_mw=80, ac_limit_mw=70, tilt_deg=25, azimuth_deg=180)
    np.testing.assert_array_equal(power(at), plain)
    assert plain.max() > 40


def test_the_ratio_stands_for_the_limit():
    stated = Pv.model_validate({"kind": "pv", "capacity": "80 MWp", "dc_ac_ratio": 1.25})
    assert stated.ac_limit == 64.0
    assert Pv.model_validate_json(stated.model_dump_json()) == stated
    low = power(ac_limit=None, dc_ac_ratio=2.0)
    assert low.max() == 40.0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"ac_limit": None}, "Field required"),
        ({"dc_ac_ratio": 1.2}, "exactly one of ac_limit, dc_ac_ratio"),
        ({"tilt": "10 deg", "tracker": {}}, "exactly one of tilt/azimuth, orientations, tracker"),
        ({"tracker": {}, "orientations": [{"share": 1, "tilt": "9 deg", "azimuth": "90 deg"}]}, "exactly one of tilt"),
        ({"orientations": [{"share": 0.5, "tilt": "9 deg", "azimuth": "90 deg"}]}, "the shares sum to 0.5, not to 1"),
        ({"bifacial": {}}, "bifacial needs bifacial.gcr"),
        ({"degradation": "0.5 %/yr"}, "degradation needs commissioned"),
        ({"commissioned": "2021-13"}, "should match pattern"),
        ({"soiling": [0.01] * 11}, "at least 12 items"),
        ({"soiling": 1.5}, "outside"),
        ({"tracker": {"max_angle": "95 deg"}}, "outside"),
    ],
)
def test_faults_of_the_config(fields, told):
    with pytest.raises(ValidationError, match=told):
        Pv.model_validate(BASE | fields)


def test_two_roofs_are_the_sum_of_their_parts_below_the_limit():
    roofs = [{"share": s, "tilt": "12 deg", "azimuth": f"{a} deg"} for s, a in ((0.25, 90), (0.75, 270))]
    both = power(ac_limit="200 MW", orientations=roofs)
    east, west = (power(ac_limit="200 MW", tilt="12 deg", azimuth=f"{a} deg") for a in (90, 270))
    # the inverters' part-load curve is all that does not add up, and least at high load
    high = both > 20.0
    assert high.sum() > 15
    np.testing.assert_allclose(both[high], (0.25 * east + 0.75 * west)[high], rtol=1e-3)
    assert power(orientations=roofs, ac_limit="30 MW").max() == 30.0


def test_tracker_and_bifacial_add():
    fixed = power(ac_limit="100 MW").sum()
    turned = power(ac_limit="100 MW", tracker={}).sum()
    both = power(ac_limit="100 MW", tracker={"gcr": 0.35}, bifacial={"bifaciality": 0.8}).sum()
    assert turned > 1.1 * fixed
    assert 1.02 * turned < both < 1.15 * turned
    assert (
        power(ac_limit="100 MW", bifacial={"gcr": 0.4}, albedo=0.4).sum() > power(ac_limit="100 MW", albedo=0.4).sum()
    )


def test_dirt_and_age_scale_the_dc_power():
    base = power(ac_limit="200 MW", loss=0.0)
    june = [0.0] * 12
    june[5] = 0.04
    np.testing.assert_allclose(power(ac_limit="200 MW", loss=0.0, soiling=june), 0.96 * base, rtol=2e-3, atol=0.06)
    np.testing.assert_array_equal(power(soiling=june), power(soiling=0.04))
    aged = power(ac_limit="200 MW", loss=0.0, commissioned="2016-06", degradation="0.5 %/yr")
    np.testing.assert_allclose(aged, 0.95 * base, rtol=2e-3, atol=0.08)
    assert (power(commissioned="2016-06") == power()).all(), "no rate, no loss"


def test_snow_needs_its_weather():
    with pytest.raises(MissingColumn) as fault:
        power(snow=True)
    assert fault.value.facts["column"] == "snow_depth_m"
    depth = np.where(np.arange(GRID.n) > 6, 0.15, 0.0)
    under = power(conditions(snow_depth_m=depth, temp_air_degc=-25.0), snow=True)
    assert under.sum() < 0.9 * power(conditions(snow_depth_m=depth, temp_air_degc=-25.0)).sum()
    assert (power(conditions(snow_depth_m=0.0), snow=True) == power()).all()
