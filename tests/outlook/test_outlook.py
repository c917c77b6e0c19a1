"""What a day may bring: quantiles by asset, joint scenarios, and never a look at the day itself."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from parkopt.faults import MissingKey, OutsideData, TooLittleHistory, WrongOption
from parkopt.intake import DayRequest
from parkopt.outlook import issue_of, outlook_of, planned_on, what_came
from parkopt.outlook.came import day_noise
from parkopt.outlook.past import LONGEST_DAYS, learnt
from parkopt.outlook.types import Asked
from parkopt.stages import Context
from parkopt.workflow import fetch_weather, forecast, load_park
from tests.outlook.recorded import recorded_park

CTX = Context("run", "2026-01-01T00:00:00+00:00", "test")
DAY = date(2026, 6, 2)


def posed(park="sheyang", day=DAY, **more):
    return forecast(fetch_weather(load_park(DayRequest(str(park), day, **more), CTX), CTX), CTX)


@pytest.fixture(scope="module")
def chain():
    return posed(on="chain")


@pytest.fixture(scope="module")
def outlook(chain):
    loaded = chain.observed.loaded
    return outlook_of(loaded.file, loaded.grid, chain.observed.weather, chain.series)


def test_it_is_issued_at_nine_the_day_before(chain):
    issue = issue_of(chain.problem.grid)
    assert issue.isoformat() == "2026-06-01T09:00:00+08:00"


def test_all_that_is_uncertain_has_quantiles(outlook):
    assert set(outlook.assets) == {"offshore", "roof_pv", "steel", "blade_works", "data_hall"}
    for one in outlook.assets.values():
        assert one.quantiles.values.shape == (24, 19)
        assert one.quantiles.values.min() >= 0
        assert one.synthetic
    assert outlook.assets["offshore"].quantiles.values.max() <= 300.0
    assert not outlook.assets["roof_pv"].quantiles.values[[0, 1, 2, 23]].any()  # night


def test_caution_means_less_sun_and_more_load(outlook):
    careful, middle = outlook.cautious(0.2), outlook.expected
    assert (careful["offshore"]["available_mw"] <= middle["offshore"]["available_mw"]).all()
    assert careful["offshore"]["available_mw"].sum() < middle["offshore"]["available_mw"].sum()
    assert (careful["steel"]["demand_mw"] > middle["steel"]["demand_mw"]).all()
    same = [name for name in outlook.physical if name not in outlook.assets]
    assert same
    assert all(careful[name] == dict(outlook.physical[name]) for name in same)


def test_scenarios_keep_probability_and_limits(outlook):
    drawn = outlook.scenarios(draws=60, keep=5, seed=3)
    assert len(drawn) == 5
    assert drawn.weights.sum() == pytest.approx(1.0)
    future = outlook.future(drawn, 0)
    assert (future["offshore"]["available_mw"] <= 300.0).all()
    again = outlook.scenarios(draws=60, keep=5, seed=3)
    assert all((again.values[name] == drawn.values[name]).all() for name in drawn.values)
    assert any((outlook.scenarios(60, 5, 4).values[n] != drawn.values[n]).any() for n in drawn.values)


def test_what_came_of_the_day_itself_is_never_learnt_from(chain):
    """The embedded year is the same every year: the past ends at the issue and begins after the day of last year."""
    loaded = chain.observed.loaded
    at = Asked(loaded.file, loaded.grid, chain.observed.weather, issue_of(loaded.grid), 31, "sklearn", False, {})
    plant = loaded.park.assets["offshore"]
    seen = learnt(at, "offshore", plant)
    local = seen.past.index.tz_convert(loaded.grid.zone)
    assert local[-1] < at.issue
    days = {(stamp.month, stamp.day) for stamp in local}
    first = DAY
    assert not any(((first + timedelta(days=k)).month, (first + timedelta(days=k)).day) in days for k in range(12))
    assert len(seen.past) == (LONGEST_DAYS - 31) * 24
    assert (seen.past.issued < seen.past.index).all()
    assert (seen.past.known <= at.issue).all()


def test_a_long_horizon_never_meets_its_own_days_in_last_years_copy():
    made = posed(on="chain", days=31)
    loaded = made.observed.loaded
    at = Asked(loaded.file, loaded.grid, made.observed.weather, issue_of(loaded.grid), 1, "sklearn", False, {})
    seen = learnt(at, "offshore", loaded.park.assets["offshore"])
    past, ahead = (
        {(t.month, t.day) for t in index.tz_convert(loaded.grid.zone)} for index in (seen.past.index, loaded.grid.index)
    )
    assert not past & ahead


def test_later_days_are_forecast_like_days_ahead():
    """PV of a week: each day's median stays near its chain, not near the late evening of the days that were learnt."""
    made = posed(on="median", days=7)
    chain = made.outlook.physical["roof_pv"]["available_mw"].reshape(7, 24).sum(axis=1)
    middle = made.series["roof_pv"]["available_mw"].reshape(7, 24).sum(axis=1)
    assert (middle > 0.5 * chain).all()
    assert any("later days" in note for note in made.outlook.notes)
    one = posed(on="median")
    assert made.series["roof_pv"]["available_mw"][:24] == pytest.approx(one.series["roof_pv"]["available_mw"], abs=8.0)
    assert not any("later days" in note for note in one.outlook.notes)


def test_what_came_is_no_forecast(chain):
    with pytest.raises(WrongOption, match="chain"):
        posed(on="median", weather_basis="actual")
    late = chain.observed.weather.assign_attrs(issued_at="2026-06-01T20:00+08:00")
    loaded = chain.observed.loaded
    assert outlook_of(loaded.file, loaded.grid, late, chain.series).issue.hour == 20


def test_a_fit_serves_the_days_it_was_made_for(chain):
    loaded, fits = chain.observed.loaded, {}
    first = outlook_of(loaded.file, loaded.grid, chain.observed.weather, chain.series, ahead_days=3, fits=fits)
    kept = {name: fit for name, (_, fit) in fits.items()}
    later = posed(day=DAY + timedelta(days=2), on="chain")
    outlook_of(loaded.file, later.problem.grid, later.observed.weather, later.series, ahead_days=3, fits=fits)
    assert {name: fit for name, (_, fit) in fits.items()} == kept
    last = posed(day=DAY + timedelta(days=3), on="chain")
    outlook_of(loaded.file, last.problem.grid, last.observed.weather, last.series, ahead_days=3, fits=fits)
    assert all(fits[name][1] is not fit for name, fit in kept.items())
    assert first.assets["offshore"].method.startswith("analogs")


@pytest.mark.parametrize(
    ("text", "kind", "level"),
    [("chain", "chain", 0.5), ("median", "quantile", 0.5), ("P40", "quantile", 0.4), ("p5", "quantile", 0.05),
     ("scenarios", "scenarios", 0.5), ("", "chain", 0.5)],
)  # fmt: skip
def test_what_a_request_means(chain, text, kind, level):
    found = planned_on(text, chain.problem.park)
    assert (found.kind, found.level) == (kind, level)
    assert planned_on(found.text, chain.problem.park) == found


@pytest.mark.parametrize("text", ["P0", "P100", "P5.5", "P4", "P96", "mean", "50"])
def test_what_no_request_may_say(chain, text):
    with pytest.raises(WrongOption):
        planned_on(text, chain.problem.park)


def test_the_default_is_the_chain_without_a_history(chain):
    default = posed()
    assert default.on.kind == "chain"
    assert default.outlook is None
    assert all((default.series[n][k] == v).all() for n, own in chain.series.items() for k, v in own.items())


def test_synthetic_loads_come_with_noise_that_is_their_days_own(chain):
    file, grid = chain.observed.loaded.file, chain.problem.grid
    one, two = (what_came(file, grid, chain.series, 0.04, seed) for seed in (0, 0))
    other = what_came(file, grid, chain.series, 0.04, 1)
    assert (one["steel"]["demand_mw"] == two["steel"]["demand_mw"]).all()
    assert (one["steel"]["demand_mw"] != other["steel"]["demand_mw"]).any()
    assert (one["offshore"]["available_mw"] == chain.series["offshore"]["available_mw"]).all()
    calm = what_came(file, grid, chain.series, 0.0, 0)
    assert (calm["steel"]["demand_mw"] == chain.series["steel"]["demand_mw"]).all()
    both = replace(grid, n=48)
    assert (day_noise(both, 7)[:24] == day_noise(grid, 7)).all()


# ------------------------------------------------------------ a park with records of its own


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return recorded_park(tmp_path_factory.mktemp("park"), date(2026, 1, 1), 40)


def test_a_record_corrects_the_chain(own):
    """The record is 0.8 of the chain and nothing else: analogs of 32 days find that."""
    made = posed(own, date(2026, 2, 5))
    assert made.on.text == "median"
    one = made.outlook.assets["offshore"]
    assert not one.synthetic
    assert "analogs" in one.method
    chained = made.outlook.physical["offshore"]["available_mw"]
    windy = chained > 20
    assert windy.any()
    assert made.series["offshore"]["available_mw"][windy].sum() == pytest.approx(0.8 * chained[windy].sum(), rel=0.15)
    came = what_came(made.observed.loaded.file, made.problem.grid, made.series, 0.0, 0)
    beyond = posed(own, date(2026, 3, 1))
    with pytest.raises(OutsideData):  # the record ends before: nobody knows what came
        what_came(beyond.observed.loaded.file, beyond.problem.grid, beyond.series, 0.0, 0)
    assert came["offshore"]["available_mw"] == pytest.approx(0.8 * chained, abs=1e-3)


def test_the_record_of_the_day_itself_changes_nothing(own, tmp_path):
    """Poison: from the issue on the record says 300 MW; the forecast is the same to the bit."""
    clean = posed(own, date(2026, 2, 5)).series["offshore"]["available_mw"]
    other = recorded_park(tmp_path, date(2026, 1, 1), 40, poison_from="2026-02-04T09:00+08:00")
    poisoned = posed(other, date(2026, 2, 5)).series["offshore"]["available_mw"]
    assert (poisoned == clean).all()


def test_a_record_without_past_forecasts_is_refused(tmp_path):
    file = recorded_park(tmp_path, date(2026, 1, 1), 40, forecasts=False)
    with pytest.raises(MissingKey, match=r"weather\.history"):
        posed(file, date(2026, 2, 5))


def test_a_short_record_is_refused_with_its_days(tmp_path):
    file = recorded_park(tmp_path, date(2026, 1, 25), 20)
    with pytest.raises(TooLittleHistory, match="14"):
        posed(file, date(2026, 2, 5))
