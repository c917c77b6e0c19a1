"""Plants fitted to their records: known curves and losses are found again, and faults are clear."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from parkopt.clock import TimeGrid, fixed_zone, parse_date
from parkopt.errors import Faults
from parkopt.faults import (
    AlreadyThere,
    CannotFit,
    ImplausibleValue,
    MissingColumn,
    MissingKey,
    NaiveTime,
    NegativeValue,
    OutsideData,
    TooLittleHistory,
    UnknownAsset,
    WrongOption,
    WrongStep,
    WrongUnit,
)
from parkopt.forecast.wind_fleet import CurveFile, read_curve
from parkopt.models import technologies
from parkopt.models.base import Conditions
from parkopt.park.loader import load_park
from parkopt.park.table import ClockSpec
from parkopt.services.curve_fits import CurveRequest, fit_curve, write_curve
from parkopt.services.plant_fits import PlantRequest, _fit_loss, calibrate, fit_pv
from parkopt.weather import Embedded

ROOT = Path(__file__).parents[2]
SHEYANG = ROOT / "parks" / "sheyang"
EPW = ROOT.parent / "shared" / "data" / "weather" / "CHN_SH_Shanghai-Hongqiao_1956_2023_TMYx.epw"
ROOF = PlantRequest(str(SHEYANG), "roof_pv")
SEA = PlantRequest(str(SHEYANG), "offshore")


def stamps(n, step_min=60, start="2025-01-01", zone="+08:00"):
    return [f"{one:%Y-%m-%dT%H:%M}{zone}" for one in pd.date_range(start, periods=n, freq=f"{step_min}min")]


def cubic(speed):
    """Return the power of a 100 MW farm: 0 at 3 m/s, full at 12."""
    return 100 * np.clip((speed**3 - 27) / (12**3 - 27), 0, 1)


@pytest.fixture(scope="module")
def farm():
    rng = np.random.default_rng(0)
    speed = np.clip(rng.weibull(2.2, 4000) * 9, 0, 22)
    return pd.DataFrame({"time": stamps(4000), "v": speed, "p": cubic(speed)})


def saved(frame, folder, name="r.csv"):
    frame.to_csv(folder / name, index=False)
    return folder / name


def test_a_known_curve_is_found_again_and_read_by_a_park(farm, tmp_path):
    holes = farm.copy()
    holes.loc[5:9, "p"] = np.nan
    fit = fit_curve(CurveRequest(saved(holes, tmp_path), "v", "p", 100.0))
    assert fit.dropped["missing"] == 5
    assert fit.nmae < 0.01
    path = write_curve(fit, tmp_path / "curve.csv")
    curve = read_curve(CurveFile(file="curve.csv", power_unit="MW", rated="100 MW"), tmp_path)
    assert np.interp(8.0, curve.speeds_m_per_s, curve.power_mw) == pytest.approx(cubic(8.0), abs=1.0)
    assert curve.rated_mw == 100
    with pytest.raises(AlreadyThere):
        write_curve(fit, Path(path))


def test_units_and_a_step_without_times(farm, tmp_path):
    other = pd.DataFrame({"v": farm["v"] * 3.6, "p": farm["p"] * 1000})
    request = CurveRequest(saved(other, tmp_path), "v", "p", 100.0, step_min=60, speed_unit="km/h", power_unit="kW")
    same = fit_curve(CurveRequest(saved(farm, tmp_path, "s.csv"), "v", "p", 100.0))
    assert fit_curve(request).curve.power_mw == pytest.approx(same.curve.power_mw, abs=1e-6)


def test_thin_air_moves_the_curve(farm, tmp_path):
    """At 20 degC and 900 hPa the speed at 1.225 kg/m3 is lower by the cube root of the density."""
    thin = farm.assign(t=20.0, hpa=900.0)
    thin.loc[3, "hpa"] = np.nan
    request = CurveRequest(saved(thin, tmp_path), "v", "p", 100.0, temperature="t", pressure="hpa", pressure_unit="hPa")
    fit = fit_curve(request)
    assert fit.dropped["missing"] == 1
    slower = 8.0 * (90_000 / (287.05 * 293.15) / 1.225) ** (1 / 3)
    found = np.interp(slower, fit.curve.speeds_m_per_s, fit.curve.power_mw)
    assert found == pytest.approx(cubic(8.0), abs=1.5)


def test_pressure_needs_a_temperature_and_the_density_is_told(farm, tmp_path):
    path = saved(farm.assign(t=15.0, pa=101_325.0), tmp_path)
    with pytest.raises(MissingKey, match="--temperature"):
        fit_curve(CurveRequest(path, "v", "p", 100.0, pressure="pa"))
    plain = fit_curve(CurveRequest(path, "v", "p", 100.0))
    assert any("as the file has them" in note.en for note in plain.notes)
    dense = fit_curve(CurveRequest(path, "v", "p", 100.0, temperature="t", pressure="pa"))
    assert any("brought to 1.225" in note.en and "1.225" in note.zh for note in dense.notes)


def test_faults_of_a_record_name_file_and_row(farm, tmp_path):
    """Rows without power come before: the row is that of the file, not that of what is left."""
    odd = farm.copy()
    odd.loc[:4, "p"] = np.nan
    odd.loc[11, "p"] = 130.0
    odd.loc[20, "v"] = -3.0
    path = saved(odd, tmp_path)
    with pytest.raises(Faults) as found:
        fit_curve(CurveRequest(path, "v", "p", 100.0))
    told = [(type(one), one.where.file, one.where.row, one.where.field) for one in found.value.faults]
    assert told == [(NegativeValue, str(path), 21, "v"), (ImplausibleValue, str(path), 12, "p")]


def test_a_file_that_may_be_cut_off_is_told(farm, tmp_path):
    path = saved(farm, tmp_path)
    path.write_bytes(path.read_bytes().rstrip())
    assert any("cut off" in note.en for note in fit_curve(CurveRequest(path, "v", "p", 100.0)).notes)


def test_records_that_make_no_curve(farm, tmp_path):
    short = saved(farm[:500], tmp_path)
    with pytest.raises(TooLittleHistory):
        fit_curve(CurveRequest(short, "v", "p", 100.0))
    calm = saved(farm.assign(v=np.minimum(farm["v"], 9)), tmp_path)
    with pytest.raises(CannotFit):
        fit_curve(CurveRequest(calm, "v", "p", 100.0))
    whole = saved(farm, tmp_path)
    with pytest.raises(ImplausibleValue):
        fit_curve(CurveRequest(whole, "v", "p", 50.0))
    with pytest.raises(MissingColumn):
        fit_curve(CurveRequest(whole, "wind", "p", 100.0))
    with pytest.raises(WrongUnit):
        fit_curve(CurveRequest(whole, "v", "p", 100.0, speed_unit="MW"))
    with pytest.raises(NaiveTime):
        fit_curve(CurveRequest(saved(farm.assign(time=stamps(4000, zone="")), tmp_path), "v", "p", 100.0))
    bad = farm.astype({"v": object, "p": object})
    bad.loc[1, "v"], bad.loc[2, "p"] = "x", "y"
    with pytest.raises(Faults) as found:
        fit_curve(CurveRequest(saved(bad, tmp_path), "v", "p", 100.0))
    assert [one.where.row for one in found.value.faults] == [2, 3]


@pytest.fixture(scope="module")
def roof():
    """The embedded year's light through the roof plant with a loss of 25 %, from March on, 60 days."""
    file = load_park(SHEYANG / "park.yaml", technologies())
    grid = TimeGrid.day(parse_date("2025-03-01"), fixed_zone("+08:00"), 60, 60)
    weather = Embedded("actual").fetch(file.park.location, grid)
    plant = file.park.assets["roof_pv"].model_copy(update={"loss": 0.25})
    power = plant.series(Conditions(grid, weather, file.park.location, file.folder))["available_mw"]
    return pd.DataFrame({"time": stamps(grid.n, start="2025-03-01"), "power": power})


def test_a_known_loss_of_pv_is_found_again(roof, tmp_path):
    found = fit_pv(ROOF, saved(roof, tmp_path))
    assert found.loss == pytest.approx(0.25, abs=1e-3)
    assert found.before == 0.1
    assert found.fit.scale == pytest.approx(0.75 / 0.9, abs=0.01)
    assert found.after.scale == pytest.approx(1, abs=1e-3)
    assert abs(found.fit.shift_min) < 5
    assert any("synthetic" in str(note) for note in found.notes)


def test_marks_of_no_value_are_told_in_any_unit(roof, tmp_path):
    marked = roof.assign(power=roof["power"] * 1000)
    marked.loc[30:33, "power"] = -99
    marked.loc[60, "power"] = np.nan
    found = fit_pv(ROOF, saved(marked, tmp_path), unit="kW")
    assert found.fit.dropped["sentinel"] == 4
    assert found.fit.dropped["unreadable"] == 1
    assert found.loss == pytest.approx(0.25, abs=2e-3)


def test_a_late_clock_is_told(roof, tmp_path):
    late = roof.assign(power=0.6 * roof["power"] + 0.4 * np.roll(roof["power"], 1))
    found = fit_pv(ROOF, saved(late, tmp_path))
    assert found.fit.shift_min == pytest.approx(24, abs=8)
    assert any("behind" in str(note) for note in found.notes)


@pytest.mark.parametrize(("hours", "told"), [(1, "behind"), (-1, "ahead of"), (8, "behind"), (-8, "ahead of")])
def test_a_wrong_zone_gives_no_loss(roof, tmp_path, hours, told):
    moved = roof.assign(power=np.roll(roof["power"], hours))
    with pytest.raises(CannotFit, match=told) as found:
        fit_pv(ROOF, saved(moved, tmp_path))
    assert "时区" in found.value.message("zh")


def test_a_loss_that_does_not_bring_the_ratio_to_1_says_so():
    """A plant that always gives 1 % more than the loss tells: no round agrees."""
    from parkopt.forecast.pv_fit import PvFit
    from parkopt.services.plant_fits import _apart

    fits = iter([PvFit(scale, 0, {}, 0.0, 0.0) for scale in (0.99, 1.01, 0.99, 1.01, 0.99)])
    _, _, last = _fit_loss(lambda _: next(fits), 0.1)
    assert "0.9900" in _apart(last.scale)[0].zh
    assert _apart(1.00001) == ()


def test_what_is_odd_in_the_weather_is_told(roof, tmp_path):
    """A weather file with a column that is not read: its note reaches the reader of the loss."""
    file = load_park(SHEYANG / "park.yaml", technologies())
    grid = TimeGrid.day(parse_date("2025-03-01"), fixed_zone("+08:00"), 60, 60)
    weather = Embedded("actual").fetch(file.park.location, grid)
    frame = weather.to_dataframe().filter(regex="^(ghi|dni|dhi|temp_air|pressure|wind_speed_100m)")
    frame = frame.reset_index(drop=True).assign(time=stamps(grid.n, start="2025-03-01"), sunshine=1)
    request = PlantRequest(str(SHEYANG), "roof_pv", weather=str(saved(frame, tmp_path, "w.csv")))
    found = fit_pv(request, saved(roof, tmp_path))
    assert any("sunshine" in str(note) for note in found.notes)


def test_readings_that_fit_no_loss(roof, tmp_path):
    with pytest.raises(CannotFit):
        fit_pv(ROOF, saved(roof.assign(power=np.minimum(roof["power"] * 1.6, 69)), tmp_path))
    with pytest.raises(TooLittleHistory):
        fit_pv(ROOF, saved(roof[:240], tmp_path))
    with pytest.raises(TooLittleHistory):
        fit_pv(ROOF, saved(roof.assign(power=0.0), tmp_path))
    with pytest.raises(UnknownAsset):
        fit_pv(SEA, saved(roof, tmp_path))
    with pytest.raises(WrongUnit):
        fit_pv(ROOF, saved(roof, tmp_path), unit="m/s")
    with pytest.raises(MissingColumn):
        fit_pv(ROOF, saved(roof, tmp_path), column="kw")
    with pytest.raises(WrongStep):
        fit_pv(ROOF, saved(roof.assign(time=stamps(len(roof), 10)), tmp_path))
    with pytest.raises(NaiveTime):
        fit_pv(ROOF, saved(roof.assign(time=stamps(len(roof), zone="")), tmp_path), clock=ClockSpec())


def test_full_load_hours_of_a_year(tmp_path):
    """The loss goes with the power, so its two ends give the same gross yield."""
    found = calibrate(SEA, 2551.0)
    before, after = found.full_load_h
    assert after == pytest.approx(2551)
    assert before / (1 - 0.22) == pytest.approx(after / (1 - found.value))
    assert (found.field, found.before) == ("loss", 0.22)
    scale = calibrate(SEA, 2551.0, "wind_scale")
    assert 0.5 < scale.value < 1
    assert scale.full_load_h[1] == pytest.approx(2551, abs=1)


def test_full_load_hours_that_cannot_be():
    with pytest.raises(CannotFit, match="before losses"):
        calibrate(SEA, 6000.0)
    with pytest.raises(CannotFit, match="factors"):
        calibrate(SEA, 8700.0, "wind_scale")
    with pytest.raises(UnknownAsset, match="offshore"):
        calibrate(ROOF, 2551.0)
    with pytest.raises(WrongOption):
        calibrate(SEA, 2551.0, "shear")


def test_losses_by_cause_change_their_performance_alone(tmp_path):
    text = (SHEYANG / "park.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "tariffs").symlink_to(SHEYANG / "tariffs")
    (folder / "park.yaml").write_text(
        text.replace("loss: 0.22", "losses: {wake: 0.08, electrical: 0.03}"), encoding="utf-8"
    )
    found = calibrate(PlantRequest(str(folder), "offshore"), 2551.0)
    assert found.field == "losses.performance"
    assert (1 - found.value) * 0.92 * 0.97 == pytest.approx(1 - calibrate(SEA, 2551.0).value)


@pytest.mark.skipif(not EPW.exists(), reason="the measured data are not beside this checkout")
def test_a_year_of_a_weather_file():
    found = calibrate(PlantRequest(str(SHEYANG), "offshore", weather=str(EPW)), 500.0)
    assert found.basis == "typical_year"
    assert found.full_load_h[1] == pytest.approx(500)


def test_dated_weather_without_a_whole_year(tmp_path):
    n = 48
    frame = pd.DataFrame(
        {"time": stamps(n), "ghi_w_per_m2": 0.0, "temp_air_degc": 10.0, "wind_speed_100m_m_per_s": 8.0}
    )
    weather = saved(frame.assign(dni_w_per_m2=0.0, dhi_w_per_m2=0.0, pressure_pa=101_325.0), tmp_path)
    with pytest.raises(OutsideData):
        calibrate(PlantRequest(str(SHEYANG), "offshore", weather=str(weather)), 2551.0)
