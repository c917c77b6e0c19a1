"""The accounts of the four parks, a winter and a summer day: integers that close, origins that go on."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from parkopt.carbon.account import account
from parkopt.carbon.factors import factor
from parkopt.carbon.network import UNACCOUNTED, origin_of
from parkopt.carbon.opening import EXPORT, green_sources, opening_reservoir
from parkopt.carbon.reservoir import OPENING
from parkopt.carbon.schedule_network import _absorb_rounding, _balance, _Placed, consumers, flows_of
from parkopt.errors import Faults
from parkopt.faults import NotClosed, OutOfRange, UnknownAsset, WrongState, WrongValue
from parkopt.park.state import AssetState, ParkState
from parkopt.workflow import DAY_AHEAD, Context, DayRequest, run

ROOT = Path(__file__).parents[2]
PARKS = ("dafeng", "huanghai", "sheyang", "ydz")
WINTER, SUMMER = date(2026, 1, 15), date(2026, 7, 15)
CTX = Context(run="r1", created_at="2026-01-01T00:00:00+00:00", version="0")


@cache
def planned(park, day, step_min=60):
    return run(DAY_AHEAD, DayRequest(park=park, day=day, step_min=step_min), CTX)


@pytest.fixture(scope="module", params=[(p, d, s) for p in PARKS for d, s in ((WINTER, 60), (SUMMER, 15))], ids=str)
def done(request):
    return planned(*request.param)


def test_shares_sum_to_the_consumption(done):
    schedule = done.schedule
    assert schedule["share_wh"].dtype == schedule["consumption_wh"].dtype == np.int64
    assert np.array_equal(schedule["share_wh"].sum("source"), schedule["consumption_wh"])
    assert schedule["consumption_wh"].sum() > 0
    assert schedule["share_wh"].min() >= 0


def test_green_is_the_sum_over_green_labels(done):
    schedule, green = done.schedule, green_sources(done.loaded.park)
    labels = [label for label in schedule["source"].to_numpy().tolist() if label.split("<")[-1] in green]
    assert np.array_equal(schedule["green_wh"], schedule["share_wh"].sel(source=labels).sum("source"))
    assert schedule["green_wh"].sum() > 0
    never = {OPENING, UNACCOUNTED, *done.loaded.park.of_kind("grid")}
    assert not never & {origin_of(label) for label in labels}


def test_the_parks_carbon_is_the_sum_of_its_enterprises(done):
    schedule = done.schedule
    assert np.array_equal(schedule["park_carbon_ug"], schedule["carbon_ug"].sum("enterprise"))
    assert np.array_equal(schedule["park_consumption_wh"], schedule["consumption_wh"].sum("enterprise"))
    product = schedule["park_factor_kg_per_mwh"] * schedule["park_consumption_wh"] * 1000
    np.testing.assert_allclose(product, schedule["park_carbon_ug"], rtol=1e-12)


def test_carbon_closes_exactly(done):
    assert done.account.trace.open_carbon_ug() == 0
    flows = flows_of(done.schedule, done.loaded.park, done.loaded.grid, done.loaded.factor)
    imported, traced = flows.supplies["grid"].wh.sum(), done.account.trace.traced
    at = [row for row, label in enumerate(traced.labels) if label == UNACCOUNTED]
    unaccounted = traced.wh[:, at].sum() + traced.other_wh[:, at].sum()
    assert traced.source_ug.sum() == (imported + unaccounted) * done.loaded.factor.ug_per_wh


def test_records_have_the_integers_of_the_dataset(done):
    schedule = done.schedule
    by_type = Counter(record["type"] for record in done.records)
    names, steps = consumers(done.loaded.park), schedule.sizes["time"]
    assert by_type == {"schedule": 1, "park-hour": steps, "enterprise-hour": steps * len(names)}
    rows = [r for r in done.records if r["type"] == "enterprise-hour"]
    for row, record in enumerate(rows):
        own = {
            key: schedule[key].to_numpy()[row // steps, ..., row % steps]
            for key in ("consumption_wh", "green_wh", "carbon_ug", "share_wh")
        }
        assert record["enterprise"] == names[row // steps]
        assert record["consumption_wh"] == own["consumption_wh"] == sum(record["by_source_wh"].values())
        assert record["green_wh"] == own["green_wh"]
        assert record["carbon_ug"] == str(own["carbon_ug"])
        shares = dict(zip(schedule["source"].to_numpy().tolist(), own["share_wh"].tolist(), strict=True))
        assert record["by_source_wh"] == {label: wh for label, wh in shares.items() if wh}


def test_a_park_records_sources_equal_its_sinks(done):
    park, schedule = done.loaded.park, done.schedule
    hours = [r for r in done.records if r["type"] == "park-hour"]
    for step, record in enumerate(hours):
        sinks = record["sinks_wh"]
        assert sum(record["sources_wh"].values()) == sum(sinks.values()) > 0
        assert sinks["consumers"] == record["consumption_wh"]
        assert not set(park.enterprises) & set(sinks), "an enterprise's evidence holds this record"
        assert sinks.get(EXPORT, 0) == int(schedule["export_wh"].isel(time=step).sum())
        assert int(record["carbon_ug"]) // record["consumption_wh"] == int(record["park_factor_ug_per_wh"])
    assert [h["end"] for h in hours[:-1]] == [h["start"] for h in hours[1:]]
    assert hours[0]["start"].endswith("T16:00:00Z")


def test_whole_wh_agree_with_the_megawatts(done):
    schedule, hours, park = done.schedule, done.loaded.grid.hours, done.loaded.park
    mw = schedule["demand_mw"].sum("asset").to_numpy()
    mw = mw + (schedule["power_mw"].sum("asset").to_numpy() if "power_mw" in schedule else 0)
    np.testing.assert_allclose(schedule["park_consumption_wh"], mw * hours * 1e6, atol=len(park.assets))
    flows = flows_of(schedule, park, done.loaded.grid, done.loaded.factor)
    np.testing.assert_allclose(flows.supplies["grid"].wh, schedule["import_mw"] * hours * 1e6, atol=20)
    np.testing.assert_allclose(schedule["export_wh"].sum("source"), schedule["export_mw"] * hours * 1e6, atol=20)
    for name in park.of_kind("wind") | park.of_kind("pv"):
        given = schedule["supply_mw"].sel(asset=name).to_numpy() * hours * 1e6
        np.testing.assert_allclose(flows.supplies[name].wh, given, atol=20)
        assert not flows.supplies[name].wh[given == 0].any(), "rounding must not make energy where nothing runs"


def test_the_next_state_holds_the_reservoir(done):
    for name, reservoir in done.account.trace.reservoirs.items():
        state = done.account.state.assets[name]
        assert state.origin_wh == reservoir.wh
        assert {k: int(v) for k, v in state.origin_ug.items()} == reservoir.ug
        assert abs(sum(state.origin_wh.values()) / 1e6 - state.soc_mwh) <= 1e-4
        asset = done.loaded.park.assets[name]
        assert abs(state.soc_mwh - done.schedule["soc_mwh"].sel(asset=name).to_numpy()[-1]) < 1e-9
        assert asset.soc_min * asset.energy - 1e-6 <= state.soc_mwh <= asset.soc_max * asset.energy + 1e-6


@pytest.mark.parametrize("park", PARKS)
def test_the_second_day_knows_where_the_stored_energy_came_from(park):
    first = planned(park, WINTER)
    handed = first.account.state
    second = run(DAY_AHEAD, DayRequest(park=park, day=WINTER + timedelta(days=1), state=handed), CTX)
    green = green_sources(first.loaded.park)
    stored = {origin for origin, wh in handed.assets["ess"].origin_wh.items() if wh > 1000 and origin in green}
    assert stored
    labels = set(second.schedule["source"].to_numpy().tolist())
    assert {f"ess<{origin}" for origin in stored} <= labels
    assert second.account.trace.opening_ug == sum(int(ug) for ug in handed.assets["ess"].origin_ug.values())
    assert second.account.trace.open_carbon_ug() == 0
    assert second.schedule.attrs["state_sha256"] != first.schedule.attrs["state_sha256"]


def test_the_grid_factor_is_named(done):
    attrs = done.schedule.attrs
    assert attrs["grid_factor_id"] == "jiangsu_2023"
    assert attrs["grid_factor_ug_per_wh"] == factor("jiangsu_2023").ug_per_wh
    assert attrs["carbon_basis"].startswith("forecast")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("df-cold-port", "export", "enterprises.export"),
        ("df-cold-port", "ess", "enterprises.ess"),
        ("df-cold-port", "consumers", "enterprises.consumers"),
        ("offshore:", "opening:", "assets.opening"),
        ("offshore:", "'offshore<x':", "assets.offshore<x"),
        ("offshore:", "'export:offshore':", "assets.export:offshore"),
        ("offshore:", "'offshore:loss':", "assets.offshore:loss"),
    ],
)
def test_names_that_the_account_could_mix_up_are_refused(tmp_path, old, new, field):
    text = (ROOT / "parks/dafeng/park.yaml").read_text(encoding="utf-8").split("\noffshore:")[0]
    shutil.copytree(ROOT / "parks/dafeng", tmp_path / "park")
    (tmp_path / "park/park.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(WrongValue) as caught:
        run(DAY_AHEAD, DayRequest(park=str(tmp_path / "park"), day=WINTER), CTX)
    assert caught.value.where.field == field


def test_a_gap_larger_than_rounding_is_not_hidden():
    """One MW of demand that nobody supplies must not be booked on a source."""
    done = planned("dafeng", WINTER)
    bent = done.scheduled.schedule.copy(deep=True)
    bent["demand_mw"].loc[{"asset": "cold_port"}] += 1.0
    with pytest.raises(NotClosed):
        account(bent, done.loaded.park, done.loaded.grid, done.loaded.state, done.scheduled.state, done.loaded.factor)


def test_rounding_goes_onto_a_source_that_runs():
    """Step 0: PV is the largest. Step 1: the storage alone serves the load, so the gap stays for the tracing."""
    sources = {"pv": np.array([600, 0]), "grid": np.array([398, 0])}
    _absorb_rounding(sources, {"ess": np.array([0, 99])}, [np.array([1000, 100])])
    assert {name: wh.tolist() for name, wh in sources.items()} == {"pv": [602, 0], "grid": [398, 0]}


def test_rounding_at_a_bus_without_a_source_goes_upstream_over_the_line_that_feeds_it():
    """3 Wh are missing behind a line: it takes and brings 3 more, and wind gives them; the loss stays."""
    wind, load = _Placed({"wind": np.array([102])}, {"wind": "a"}), _Placed({"b": np.array([103])}, {"b": "b"})
    sent, arrived = _Placed({"w": np.array([102])}, {"w": "a"}), _Placed({"w": np.array([100])}, {"w": "b"})
    _balance(["a", "b"], (wind, _Placed()), [load], (sent, arrived))
    assert [int(one.wh[name][0]) for one, name in ((wind, "wind"), (sent, "w"), (arrived, "w"))] == [105, 105, 103]
    far = _Placed({"b": np.array([200])}, {"b": "b"})
    _balance(["a", "b"], (wind, _Placed()), [far], (sent, arrived))
    assert int(arrived.wh["w"][0]) == 103, "97 Wh are no rounding"


def test_origins_open_by_the_method_asked_for():
    known = ({"pv": 600, "grid": 400}, {"pv": 0, "grid": 9})
    for method in ("pool", "pool_operator", "fifo", "lifo"):
        store = opening_reservoir("ess", (0.9, 0.9), 1000, known, 5, method)
        assert (store.method, store.wh, store.ug) == (method, *known)
        undeclared = opening_reservoir("ess", (0.9, 0.9), 1000, None, 5, method)
        assert (undeclared.wh, undeclared.ug) == ({OPENING: 1000}, {OPENING: 5000})
        assert opening_reservoir("ess", (0.9, 0.9), 0, None, 5, method).wh == {}


GOOD = {
    "origin_wh": {"offshore": 20_000_000, "grid": 30_000_000},
    "origin_ug": {"offshore": "0", "grid": "17481000000000"},
}
BAD_STATES = {
    "unknown source": (UnknownAsset, {**GOOD, "origin_wh": {"moon": 50_000_000}, "origin_ug": {"moon": "0"}}),
    "disguised source": (UnknownAsset, {"origin_wh": {"x<offshore": 50_000_000}, "origin_ug": {"x<offshore": "0"}}),
    "too much": (WrongState, {"origin_wh": {"offshore": 10**30}, "origin_ug": {"offshore": "0"}}),
    "too little": (WrongState, {"origin_wh": {"grid": 5}, "origin_ug": {"grid": "1"}}),
    "negative": (WrongState, {**GOOD, "origin_wh": {"offshore": 50_000_005, "grid": -5}}),
    "no carbon": (WrongState, {"origin_wh": {"grid": 50_000_000}}),
    "no number": (WrongState, {"origin_wh": {"grid": 50_000_000}, "origin_ug": {"grid": "abc"}}),
    "negative carbon": (WrongState, {"origin_wh": {"grid": 50_000_000}, "origin_ug": {"grid": "-7"}}),
    "huge carbon": (WrongState, {"origin_wh": {"grid": 50_000_000}, "origin_ug": {"grid": "9" * 30}}),
    "endless level": (WrongState, {"soc_mwh": float("inf")}),
    "odd month": (WrongState, {"month": "/etc/passwd"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_STATES)
def test_an_opening_state_that_cannot_be_is_refused_before_anything_is_solved(name):
    cls, own = BAD_STATES[name]
    state = ParkState(assets={"ess": AssetState(**{"soc_mwh": 50.0, **own})})
    with pytest.raises((cls, Faults)) as caught:
        run(DAY_AHEAD[:1], DayRequest(park="dafeng", day=WINTER, state=state), CTX)
    faults = getattr(caught.value, "faults", [caught.value])
    assert cls in [type(fault) for fault in faults]
    assert all(fault.where.field.startswith("assets.ess.") for fault in faults)


def test_a_sound_opening_state_is_used():
    state = ParkState(assets={"ess": AssetState(soc_mwh=50.0, **GOOD)})
    made = run(DAY_AHEAD, DayRequest(park="dafeng", day=WINTER, state=state), CTX)
    assert made.account.trace.opening_ug == 17_481_000_000_000
    assert "ess<opening" not in made.schedule["source"].to_numpy().tolist()


@pytest.mark.parametrize("year", [1, 1600, 1949, 2100, 2300, 9999])
def test_days_beyond_the_calendar_are_refused(year):
    with pytest.raises(OutOfRange, match="1950 to 2099"):
        run(DAY_AHEAD, DayRequest(park="dafeng", day=date(year, 12, 31)), CTX)
