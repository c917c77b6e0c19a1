"""Prices on a grid, by hand and against a count of minutes."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.clock import STEPS_MIN, TimeGrid
from parkopt.errors import ParkoptError
from parkopt.faults import OutsideData
from parkopt.models.prices import adders_yuan_per_mwh, energy_yuan_per_mwh, export_yuan_per_mwh, period_shares
from parkopt.park.loader import load_part
from parkopt.park.tariff import Energy, Export, Tariff, TimeOfUse

CN = timezone(timedelta(hours=8))
ROOT = Path(__file__).resolve().parents[2]
YDZ = load_part(ROOT / "parks/ydz/tariffs/retail_tou.yaml", Tariff)
TOU = YDZ.energy.time_of_use
BASE = 395.7
PERIODS = ("super", "peak", "flat", "valley", "deep")


def grid(day, step_min=60, days=1):
    return TimeGrid.day(date.fromisoformat(day), CN, step_min, days)


def prices(day, step_min=60):
    return energy_yuan_per_mwh(YDZ.energy, grid(day, step_min), Path())


@pytest.mark.parametrize(
    ("day", "hour", "factor"),
    [
        ("2026-07-15", 14, 2.16),
        ("2026-07-15", 15, 1.80),
        ("2026-07-15", 19, (2.16 + 1.80) / 2),
        ("2026-07-15", 20, 2.16),
        ("2026-07-15", 21, (2.16 + 1.80) / 2),
        ("2026-07-15", 22, 1.00),
        ("2026-07-15", 12, 0.35),
        ("2026-07-15", 13, 1.00),
        ("2026-07-15", 5, 0.35),
        ("2026-06-15", 14, 1.80),
        ("2026-06-15", 19, 1.80),
        ("2026-12-15", 18, 2.16),
        ("2026-12-15", 14, 1.80),
        ("2026-04-15", 3, 0.35),
        ("2026-04-15", 1, 1.00),
        ("2026-04-15", 10, 0.35),
        ("2026-04-15", 14, 1.00),
        ("2026-04-15", 15, 1.80),
        ("2026-10-02", 11, 0.28),
        ("2026-10-02", 13, 0.28),
        ("2026-10-02", 14, 1.00),
        ("2026-10-02", 3, 0.35),
        ("2026-10-02", 16, 1.80),
        ("2026-10-12", 11, 0.35),
        ("2026-07-18", 12, 0.35),
    ],
)
def test_jiangsu_426_by_hand(day, hour, factor):
    """Notice 426/2025, two-part: summer 14-15 and 19:30-21:30 super, deep valley 10-14 on holidays alone."""
    assert prices(day)[hour] == pytest.approx(BASE * factor, abs=1e-9)


@pytest.mark.parametrize(("hour", "yuan_per_kwh"), [(3, 0.3828), (8, 0.6400), (16, 0.9566)])
def test_the_published_agency_prices_come_out(hour, yuan_per_kwh):
    """State Grid Jiangsu, October 2026, two-part, 1-10 kV: valley, flat, peak."""
    day = grid("2026-10-12")
    paid = energy_yuan_per_mwh(YDZ.energy, day, Path()) + adders_yuan_per_mwh(YDZ, day)
    assert paid[hour] / 1000 == pytest.approx(yuan_per_kwh, abs=1e-4)


@settings(max_examples=8, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2098, 12, 31)), st.sampled_from(STEPS_MIN))
def test_the_periods_share_out_each_step_of_a_year(day, step_min):
    shares = period_shares(TOU, TimeGrid.day(day, CN, step_min, 365))
    assert set(shares) == set(PERIODS)
    assert np.sum(list(shares.values()), axis=0) == pytest.approx(1.0, abs=1e-12)
    assert min(part.min() for part in shares.values()) >= 0


@settings(max_examples=30, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2098, 12, 31)), st.sampled_from((30, 15)))
def test_finer_steps_cost_the_same_in_the_mean(day, step_min):
    hourly, fine = (energy_yuan_per_mwh(YDZ.energy, TimeGrid.day(day, CN, step, 3), Path()) for step in (60, step_min))
    assert fine.reshape(-1, 60 // step_min).mean(axis=1) == pytest.approx(hourly, abs=1e-9)


def clock(minute):
    return f"{minute // 60}:{minute % 60:02d}"


WINDOW = (
    st.tuples(st.integers(0, 96), st.integers(0, 96))
    .filter(lambda w: w[0] != w[1])
    .map(lambda w: (w[0] * 15, w[1] * 15))
)
LAYER = st.dictionaries(st.sampled_from(PERIODS), st.lists(WINDOW, min_size=1, max_size=2), max_size=4)
MULTIPLIERS = {"super": 2.0, "peak": 1.5, "flat": 1.0, "valley": 0.5, "deep": 0.25}
ORDER = ("deep", "super", "valley", "peak", "flat")


def written(layer):
    return {period: [f"{clock(a)}-{clock(b)}" for a, b in windows] for period, windows in layer.items()}


def inside(minute, window):
    a, b = window
    return a <= minute < b if a < b else minute >= a or minute < b


def price_at(minute, layers):
    for layer in layers:
        for period in ORDER:
            if any(inside(minute, window) for window in layer.get(period, [])):
                return 100 * MULTIPLIERS[period]
    return 100.0


@settings(max_examples=60, deadline=None)
@given(LAYER, LAYER, st.sampled_from(["2026-07-15", "2026-10-02"]), st.sampled_from(STEPS_MIN))
def test_any_windows_are_priced_minute_by_minute(ordinary, festive, day, step_min):
    """Overlapping windows of less than a step were added up once: half super and half peak for the same half hour."""
    season = {"months": list(range(1, 13)), "windows": written(ordinary), "holiday_windows": written(festive)}
    tariff = TimeOfUse.model_validate({"base": "100 yuan/MWh", "multipliers": MULTIPLIERS, "seasons": [season]})
    layers = [festive, ordinary] if day == "2026-10-02" else [ordinary]
    by_minute = np.array([price_at(minute, layers) for minute in range(24 * 60)])
    found = energy_yuan_per_mwh(Energy(time_of_use=tariff), grid(day, step_min), Path())
    assert found == pytest.approx(by_minute.reshape(-1, step_min).mean(axis=1))


def test_a_holiday_may_do_without_a_peak():
    season = {"months": list(range(1, 13)), "windows": {"peak": ["14-22"]}, "holiday_windows": {"flat": ["0-24"]}}
    tariff = TimeOfUse.model_validate({"base": "100 yuan/MWh", "multipliers": {"peak": 2}, "seasons": [season]})
    found = [
        energy_yuan_per_mwh(Energy(time_of_use=tariff), grid(day), Path())[15] for day in ("2026-10-02", "2026-10-12")
    ]
    assert found == [100.0, 200.0]


def test_a_season_changes_at_local_midnight():
    days = TimeGrid.day(date(2026, 6, 30), CN, 60, 2)
    found = energy_yuan_per_mwh(YDZ.energy, days, Path())
    assert found[14] == pytest.approx(1.80 * BASE)
    assert found[24 + 14] == pytest.approx(2.16 * BASE)


def test_flat():
    assert energy_yuan_per_mwh(Energy(flat="0.4 yuan/kWh"), grid("2026-07-15"), Path()).tolist() == [400.0] * 24


@pytest.mark.parametrize("step_min", STEPS_MIN)
def test_by_hour_repeats_the_same_day(step_min):
    energy = Energy(by_hour=[f"{hour} yuan/MWh" for hour in range(24)])
    found = energy_yuan_per_mwh(energy, grid("2026-07-15", step_min, 2), Path())
    assert found.tolist() == np.tile(np.repeat(np.arange(24.0), 60 // step_min), 2).tolist()


def series(tmp_path, step_min=60, days=1):
    steps = grid("2026-07-15", step_min, days).local
    rows = [f"{stamp.isoformat()},{0.001 * i}" for i, stamp in enumerate(steps)]
    (tmp_path / "p.csv").write_text("\n".join(["time,price", *rows]), encoding="utf-8")
    return Energy.model_validate({"series": {"file": "p.csv", "column": "price", "unit": "yuan/kWh"}})


def test_a_market_series_is_laid_on_the_grid(tmp_path):
    found = energy_yuan_per_mwh(series(tmp_path), grid("2026-07-15"), tmp_path)
    assert found == pytest.approx(np.arange(24.0))
    fine = energy_yuan_per_mwh(series(tmp_path), grid("2026-07-15", 15), tmp_path)
    assert fine == pytest.approx(np.repeat(np.arange(24.0), 4))


def test_a_quarter_hourly_series_is_averaged(tmp_path):
    found = energy_yuan_per_mwh(series(tmp_path, 15), grid("2026-07-15"), tmp_path)
    assert found == pytest.approx(np.arange(96.0).reshape(24, 4).mean(axis=1))


HOURS_OF_A_DAY = 24


def market(folder, first, **spec):
    """Write 24 hourly prices 1, 2, ... stamped from `first` on, and return the energy price."""
    stamps = [first + timedelta(hours=hour) for hour in range(HOURS_OF_A_DAY)]
    rows = [f"{stamp:%Y-%m-%dT%H:%M}+08:00,{hour + 1}" for hour, stamp in enumerate(stamps)]
    (folder / "p.csv").write_text("\n".join(["time,price", *rows]), encoding="utf-8")
    return Energy.model_validate({"series": {"file": "p.csv", "column": "price", "unit": "yuan/MWh", **spec}})


def test_hour_beginning_and_hour_ending_prices_are_told_apart(tmp_path):
    """00:00 to 23:00 by their starts and 01:00 to 24:00 by their ends are the same day; silence means starts."""
    day = grid("2026-07-15")
    midnight, one = datetime(2026, 7, 15), datetime(2026, 7, 15, 1)  # noqa: DTZ001 - the zone is written beside it
    for first, spec in ((midnight, {}), (midnight, {"label": "start"}), (one, {"label": "end"})):
        found = energy_yuan_per_mwh(market(tmp_path, first, **spec), day, tmp_path)
        assert found.tolist() == list(range(1, 25))
    with pytest.raises(OutsideData):
        energy_yuan_per_mwh(market(tmp_path, one), day, tmp_path)


def test_a_last_hour_stamped_with_its_own_day_closes_it(tmp_path):
    """Hour-ending files often stamp hour 24 with 00:00 of the day that it closes."""
    rows = [f"2026-07-15T{hour:02d}:00+08:00,{hour}" for hour in range(1, 24)] + ["2026-07-15T00:00+08:00,24"]
    (tmp_path / "p.csv").write_text("\n".join(["time,price", *rows]), encoding="utf-8")
    spec = {"file": "p.csv", "column": "price", "unit": "yuan/MWh", "label": "end", "midnight": "same_day"}
    found = energy_yuan_per_mwh(Energy.model_validate({"series": spec}), grid("2026-07-15"), tmp_path)
    assert found.tolist() == list(range(1, 25))


def preset(**more):
    return TimeOfUse.model_validate({"preset": "jiangsu_426_two_part", "base": "0.3957 yuan/kWh", **more})


@pytest.mark.parametrize("day", ["2026-01-01", "2026-04-15", "2026-07-15", "2026-10-02", "2026-12-15"])
def test_the_preset_is_jiangsus_notice(day):
    """The park file writes the same notice out by hand."""
    found = energy_yuan_per_mwh(Energy(time_of_use=preset()), grid(day, 15), Path())
    assert found == pytest.approx(prices(day, 15))


def test_what_stands_beside_a_preset_wins_and_a_single_part_peak_is_lower():
    assert preset(multipliers=MULTIPLIERS).multipliers == MULTIPLIERS
    single = TimeOfUse.model_validate({"preset": "jiangsu_426_single_part", "base": "100 yuan/MWh"})
    found = energy_yuan_per_mwh(Energy(time_of_use=single), grid("2026-07-15"), Path())
    assert found[[14, 15, 12, 8]] == pytest.approx([204.0, 170.0, 35.0, 100.0])


def test_a_base_may_move_by_month():
    tariff = preset(base_by_month={7: "200 yuan/MWh"})
    assert energy_yuan_per_mwh(Energy(time_of_use=tariff), grid("2026-07-15"), Path())[8] == pytest.approx(200)
    assert energy_yuan_per_mwh(Energy(time_of_use=tariff), grid("2026-06-15"), Path())[8] == pytest.approx(395.7)


def test_weekends_have_windows_of_their_own_and_worked_ones_do_not():
    """Saturday 18 July is free; Saturday 10 October 2026 is worked for the National Day; 3 October is a holiday."""
    season = {
        "months": list(range(1, 13)),
        "windows": {"peak": ["14-22"]},
        "weekend_windows": {"valley": ["0-24"]},
        "holiday_windows": {"deep": ["0-24"]},
    }
    tariff = TimeOfUse.model_validate({"base": "100 yuan/MWh", "multipliers": MULTIPLIERS, "seasons": [season]})
    days = {"2026-07-17": 150.0, "2026-07-18": 50.0, "2026-10-10": 150.0, "2026-10-03": 25.0}
    for day, price in days.items():
        assert energy_yuan_per_mwh(Energy(time_of_use=tariff), grid(day), Path())[15] == pytest.approx(price), day


def test_a_line_loss_may_be_a_share_of_the_energy_price():
    adders = {
        "network": {"price": "0.08 yuan/kWh", "basis": "reported"},
        "line_loss": {"of_energy": "2.83 %", "basis": "reported"},
        "funds": {"price": "0.03 yuan/kWh", "on": "consumption", "basis": "assumed"},
    }
    whole = {"id": "t", "mode": "fixed", "basis": "assumed", "energy": {"flat": "400 yuan/MWh"}, "adders": adders}
    tariff, day = Tariff.model_validate(whole), grid("2026-07-15")
    energy = energy_yuan_per_mwh(tariff.energy, day, Path())
    assert adders_yuan_per_mwh(tariff, day, energy) == pytest.approx(80 + 0.0283 * 400)


def test_a_market_series_is_never_guessed(tmp_path):
    with pytest.raises(OutsideData):
        energy_yuan_per_mwh(series(tmp_path), grid("2026-07-16"), tmp_path)


def test_adders_are_summed():
    assert adders_yuan_per_mwh(YDZ, grid("2026-07-15")).tolist() == pytest.approx([244.3] * 24)
    spot = load_part(ROOT / "parks/dafeng/tariffs/direct_110kv.yaml", Tariff)
    assert adders_yuan_per_mwh(spot, grid("2026-07-15"))[0] == pytest.approx(78.8 + 9.5 + 70 + 29)


def test_exports_earn_a_price_or_a_share_or_nothing():
    energy = np.array([100.0, 200.0, -50.0])

    def earned(export):
        return export_yuan_per_mwh(YDZ.model_copy(update={"export": export}), energy).tolist()

    assert earned(None) == [0.0] * 3
    assert earned(Export(price="0.25 yuan/kWh")) == [250.0] * 3
    assert earned(Export(of_energy=0.9)) == pytest.approx([90.0, 180.0, -45.0])


def test_energy_in_two_forms_is_refused_with_its_place(tmp_path):
    text = (ROOT / "parks/ydz/tariffs/retail_tou.yaml").read_text(encoding="utf-8")
    path = tmp_path / "t.yaml"
    path.write_text(text.replace("energy:\n", "energy:\n  flat: 0.4 yuan/kWh\n"), encoding="utf-8")
    with pytest.raises(
        ParkoptError, match="exactly one of flat, time_of_use, by_hour, series is needed, not 2"
    ) as caught:
        load_part(path, Tariff)
    assert caught.value.where.field == "energy"
