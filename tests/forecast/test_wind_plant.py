"""The wind plant of a park file: its forms, what they forbid, and what its settings do to a day and a year."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.errors import Faults
from parkopt.faults import CannotFit, ImplausibleValue, MissingFile, TooShort, WrongValue
from parkopt.forecast.turbines import power_curve
from parkopt.forecast.wind import LOSS, air_density_kg_per_m3, hub_speed_m_per_s, wind_power_mw
from parkopt.models import technologies
from parkopt.models.base import Conditions
from parkopt.models.tech.wind import Wind, calibrate_to_flh
from parkopt.park.base import Location
from parkopt.park.loader import load_park
from parkopt.weather.embedded import Embedded

ZONE = fixed_zone("+08:00")
PLACE = Location(latitude=33.8, longitude=120.5)
ONE = {"kind": "wind", "capacity": "80 MW", "turbine": "V164/8000", "hub_height": "105 m"}
FLEET = [
    {"turbine": "V164/8000", "count": 10, "hub_height": "105 m"},
    {"turbine": "SWT130/3600", "count": 5, "hub_height": "90 m"},
]


def conditions(folder, days):
    grid = TimeGrid.day(date(2026, 1, 1), ZONE, days=days)
    return Conditions(grid, Embedded("actual").fetch(PLACE, grid), PLACE, folder)


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    return conditions(tmp_path_factory.mktemp("park"), 365)


@pytest.fixture
def week(tmp_path):
    return conditions(tmp_path, 7)


def available(at, **fields):
    return Wind(**fields).series(at)["available_mw"]


def test_the_defaults_are_the_chain_step_by_step_bit_for_bit(week):
    weather = week.weather
    speed = hub_speed_m_per_s(week.speeds_by_height, 105.0, 0.10)
    density = air_density_kg_per_m3(weather["temp_air_degc"].to_numpy(), weather["pressure_pa"].to_numpy(), 105.0)
    np.testing.assert_array_equal(
        available(week, **ONE), wind_power_mw(speed, density, power_curve("V164/8000"), 80.0, LOSS)
    )


def test_a_fleet_of_one_type_is_the_plant_of_that_type(week):
    np.testing.assert_allclose(available(week, kind="wind", fleet=FLEET[:1]), available(week, **ONE), rtol=1e-12)


def test_a_fleet_is_the_sum_of_its_types(week):
    second = {"kind": "wind", "capacity": "18 MW", "turbine": "SWT130/3600", "hub_height": "90 m"}
    both = available(week, kind="wind", fleet=FLEET)
    np.testing.assert_allclose(both, available(week, **ONE) + available(week, **second), rtol=1e-12)
    np.testing.assert_allclose(available(week, kind="wind", fleet=FLEET, capacity="98 MW"), both, rtol=1e-12)


def test_a_capacity_that_is_not_the_fleets(week):
    with pytest.raises(WrongValue, match="98 MW"):
        available(week, kind="wind", fleet=FLEET, capacity="120 MW")


@pytest.mark.parametrize(
    "change",
    [
        {"turbine": None},
        {"fleet": FLEET},
        {"curve": {"file": "c.csv", "power_unit": "kW"}},
        {"capacity": None},
        {"hub_height": None},
        {"turbine": None, "fleet": FLEET},
        {"loss": 0.1, "losses": {}},
        {"losses": {"wake": 0.08, "wake_curve": "dena_mean"}},
        {"losses": {"wake_by_speed": {}}},
        {"losses": {"wake_curve": "dena_median"}},
        {"turbine": None, "hub_height": None, "fleet": [FLEET[0] | {"count": 0}]},
        {"turbine": None, "hub_height": None, "fleet": [FLEET[0] | {"turbine": None}]},
    ],
)
def test_forms_that_contradict_one_another(change):
    with pytest.raises(ValidationError):
        Wind(**(ONE | change))


def test_a_dumped_plant_can_be_read_again():
    plant = Wind(kind="wind", fleet=FLEET, losses={"wake_by_speed": {5: 0.1, 12: 0.0}}, restart_speed="22 m/s")
    assert Wind(**plant.model_dump(mode="json")) == plant
    again = Wind(**ONE)
    assert Wind(**again.model_dump(mode="json")) == again


def test_losses_by_cause(week):
    gross = available(week, **ONE, loss=0.0)
    losses = {"wake": 0.08, "availability": 0.955, "electrical": "2.5 %", "performance": 0.09}
    np.testing.assert_allclose(available(week, **ONE, losses=losses), gross * 0.92 * 0.955 * 0.975 * 0.91)
    by_speed = available(week, **ONE, losses={"wake_by_speed": {0: 0.08}})
    np.testing.assert_allclose(by_speed, gross * 0.92)
    dena = available(week, **ONE, losses={"wake_curve": "dena_mean"})
    assert 0.8 * gross.sum() < dena.sum() < gross.sum()
    assert (dena <= gross + 1e-9).all()


def test_energy_falls_with_the_loss_and_keeps_its_bounds(year):
    sums = [available(year, **ONE, loss=loss).sum() for loss in (0.0, 0.1, 0.22, 0.5, 1.0)]
    assert sums == sorted(sums, reverse=True)
    assert 0.3 * 80 * 8760 < sums[0] < 0.7 * 80 * 8760
    assert sums[-1] == 0


def test_turbines_out_of_service_in_mw_and_as_a_share(week):
    stamps = "\n".join(f"2026-01-{d:02d}T{h:02d}:00+08:00,{8 * (d == 2)},{10 * (d == 2)}"
                       for d in range(1, 8) for h in range(24))  # fmt: skip
    (week.folder / "out.csv").write_text("time,mw,pct\n" + stamps + "\n", encoding="utf-8")
    whole = available(week, **ONE).reshape(7, 24)
    in_mw = available(week, **ONE, outage={"file": "out.csv", "column": "mw", "unit": "MW"}).reshape(7, 24)
    share = available(week, **ONE, outage={"file": "out.csv", "column": "pct", "unit": "%"})
    np.testing.assert_allclose(in_mw[1], 0.9 * whole[1])
    np.testing.assert_array_equal(in_mw[[0, 2, 3, 4, 5, 6]], whole[[0, 2, 3, 4, 5, 6]])
    np.testing.assert_allclose(share, in_mw.ravel())
    with pytest.raises(ImplausibleValue, match="mw"):
        available(week, **(ONE | {"capacity": "5 MW"}), outage={"file": "out.csv", "column": "mw", "unit": "MW"})


def test_a_restart_speed_and_a_soft_stop_change_storms_alone(year):
    plain = available(year, **ONE)
    waits = available(year, **ONE, restart_speed="20 m/s")
    soft = available(year, **ONE, soft_stop={"begins": "25 m/s", "stops": "32 m/s"})
    wind = hub_speed_m_per_s(year.speeds_by_height, 105.0, 0.10)
    assert (waits[wind < 20] == plain[wind < 20]).all()
    assert (waits <= plain).all()
    assert waits.sum() < plain.sum()  # the embedded year has one typhoon
    np.testing.assert_array_equal(soft[wind <= 24], plain[wind <= 24])
    assert soft.sum() > plain.sum()


def test_a_factor_on_the_wind(week):
    assert available(week, **ONE, wind_scale=1.1).sum() > available(week, **ONE).sum()


def test_the_users_curve_keeps_its_distance_to_its_rating(week):
    curve = power_curve("V164/8000")
    rows = zip(curve.speeds_m_per_s, curve.power_mw / curve.power_mw.max() * 900, strict=True)
    (week.folder / "c.csv").write_text("v,kw\n" + "".join(f"{float(v)!r},{float(p)!r}\n" for v, p in rows))
    own = {"file": "c.csv", "speed": "v", "power": "kw", "power_unit": "kW"}
    base = {key: value for key, value in ONE.items() if key != "turbine"}
    np.testing.assert_allclose(available(week, **base, curve=own), available(week, **ONE), rtol=1e-9)
    rated = available(week, **base, curve=own | {"rated": "1 MW"})
    np.testing.assert_allclose(rated, 0.9 * available(week, **ONE), rtol=1e-9)
    fleet = [{"curve": own | {"rated": "1 MW"}, "count": 80, "hub_height": "105 m"}]
    np.testing.assert_allclose(available(week, kind="wind", fleet=fleet, capacity="80 MW"), rated, rtol=1e-9)


def test_a_fleet_is_rated_by_its_ratings_not_by_its_curves(week):
    """A curve that reaches 900 of 1000 kW: 80 of them are 80 MW, and 8 MW out of service are a tenth."""
    curve = power_curve("V164/8000")
    rows = zip(curve.speeds_m_per_s, curve.power_mw / curve.power_mw.max() * 900, strict=True)
    (week.folder / "c.csv").write_text("v,kw\n" + "".join(f"{float(v)!r},{float(p)!r}\n" for v, p in rows))
    own = {"file": "c.csv", "speed": "v", "power": "kw", "power_unit": "kW", "rated": "1 MW"}
    fields = {"kind": "wind", "fleet": [{"curve": own, "count": 80, "hub_height": "105 m"}]}
    assert Wind(**fields).rated_mw(week.folder) == pytest.approx(80)
    stamps = "".join(f"2026-01-{d:02d}T{h:02d}:00+08:00,8\n" for d in range(1, 8) for h in range(24))
    (week.folder / "out.csv").write_text("time,mw\n" + stamps, encoding="utf-8")
    held = available(week, **fields, outage={"file": "out.csv", "column": "mw", "unit": "MW"})
    np.testing.assert_allclose(held, 0.9 * available(week, **fields), rtol=1e-9)


def test_files_are_named_for_the_hash():
    fleet = [FLEET[0], {"curve": {"file": "b.csv", "power_unit": "kW"}, "count": 1, "hub_height": "90 m"}]
    plant = Wind(kind="wind", fleet=fleet, outage={"file": "o.csv", "column": "x", "unit": "MW"})
    assert list(plant.files()) == [("fleet.1.curve.file", "b.csv"), ("outage.file", "o.csv")]


def test_calibrated_to_the_hours_of_the_year(year):
    plant = Wind(**ONE)
    found = calibrate_to_flh(plant, year, 2551.0)
    assert found.field == "loss"
    assert 0 < found.value < 1
    assert available(year, **ONE, loss=found.value).sum() / 80 == pytest.approx(2551.0)
    assert "2551 h over a year of embedded" in found.notes[0].en
    apart = Wind(**ONE, losses={"wake": 0.08, "availability": 0.955})
    second = calibrate_to_flh(apart, year, 2551.0)
    assert second.field == "losses.performance"
    losses = {"wake": 0.08, "availability": 0.955, "performance": second.value}
    assert available(year, **ONE, losses=losses).sum() / 80 == pytest.approx(2551.0)
    with pytest.raises(CannotFit):
        calibrate_to_flh(plant, year, 7000.0)


def test_a_week_is_no_year(week):
    with pytest.raises(TooShort):
        calibrate_to_flh(Wind(**ONE), week, 2551.0)


def test_the_park_file_reports_each_wrong_form_with_its_place(tmp_path):
    assets = {
        "grid": {"kind": "grid"},
        "a": {"kind": "wind", "capacity": "8 MW", "hub_height": "90 m"},
        "b": {key: v for key, v in ONE.items() if key != "turbine"} | {"curve": {"file": "no.csv", "power_unit": "kW"}},
    }
    path = tmp_path / "park.yaml"
    path.write_text(yaml.safe_dump({"assets": assets}), encoding="utf-8")
    with pytest.raises(Faults) as faults:
        load_park(path, technologies())
    found = {fault.where.field: fault for fault in faults.value.faults}
    assert "exactly one of turbine, curve, fleet is needed" in found["assets.a"].message()
    assert isinstance(found["assets.b.curve.file"], MissingFile)
