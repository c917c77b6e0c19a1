"""Running and standing: the rows against every on/off pattern, the plain numbers against a walk through the hours."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import WrongState
from parkopt.models import commitment
from parkopt.models.commitment import Band, Before
from parkopt.models.hub import Hub
from parkopt.park.state import AssetState, ParkState
from parkopt.testing import _grid

FEW = settings(max_examples=40, deadline=None)
N = 6
LONG = Before(on=False, since_h=math.inf, load_mw=0.0)


def hub_of(n=N, step_min=60):
    from datetime import date

    hub = Hub(_grid(date(2026, 7, 15), step_min, n), {"u": {}}, ParkState())
    return hub, hub.block("u")


def values(hub, x):
    """Return the violation of the worst row at x; bounds are checked too."""
    worst = 0.0
    for rows in hub.all_rows:
        at = np.zeros(rows.relation.sum.n)
        for places, columns, coefficients in rows.relation.sum.entries:
            np.add.at(at, places, coefficients * x[columns])
        low, high = rows.relation.bounds
        worst = max(worst, float(np.max(low - at)), float(np.max(at - high)))
    for made in hub.columns:
        own = x[made.columns]
        worst = max(worst, float(np.max(own - made.upper)), float(np.max(made.lower - own)))
    return worst


def keeps_times(pattern, was, up_h, down_h, step_h=1.0):
    """Walk through the hours: a switch is allowed once the unit has been as it is for long enough."""
    on, for_h = was.on, was.since_h
    for runs in pattern:
        if bool(runs) != on:
            if for_h < (up_h if on else down_h) - 1e-9:
                return False
            on, for_h = bool(runs), 0.0
        for_h += step_h
    return True


def point(hub, pattern, was, **more):
    """Return x with the starts and stops that a pattern has."""
    before = np.concatenate([[float(was.on)], pattern])
    change = np.diff(before)
    own = {"on": pattern, "start": np.maximum(change, 0.0), "stop": np.maximum(-change, 0.0), **more}
    x = np.zeros(hub.n_columns)
    for made in hub.columns:
        x[made.columns] = own[made.name]
    return x


@FEW
@given(st.integers(0, 5), st.integers(0, 5), st.booleans(), st.sampled_from([0.0, 1.0, 2.0, 3.5, math.inf]))
def test_the_rows_allow_just_the_patterns_that_keep_the_times(up_h, down_h, was_on, since_h):
    was = Before(was_on, since_h, None)
    hub, block = hub_of()
    unit = commitment.add_switching(block, hub, was)
    commitment.add_least_times(block, hub, unit, was, up_h, down_h)
    for pattern in itertools.product((0.0, 1.0), repeat=N):
        allowed = values(hub, point(hub, np.asarray(pattern), was)) <= 1e-9
        assert allowed == keeps_times(pattern, was, up_h, down_h), pattern


@pytest.mark.parametrize("up_h", [0, 1])
def test_starts_and_stops_are_whole_without_being_binary(up_h):
    """Whatever `on` is, no start and stop in between keeps the rows."""
    hub, block = hub_of(3)
    unit = commitment.add_switching(block, hub, LONG)
    commitment.add_least_times(block, hub, unit, LONG, up_h, 0)
    for pattern in itertools.product((0.0, 1.0), repeat=3):
        x = point(hub, np.asarray(pattern), LONG)
        for step in range(3):
            both = x.copy()
            both[[unit.start[step], unit.stop[step]]] += 0.3
            assert values(hub, both) > 0.2


@FEW
@given(st.integers(0, 3), st.integers(0, 4), st.booleans(), st.sampled_from([1.0, 2.0, 4.0, math.inf]))
def test_the_least_cold_is_one_for_the_starts_after_a_long_stand(down_h, cold_after_h, was_on, since_h):
    was = Before(was_on, since_h, None)
    hub, block = hub_of()
    unit = commitment.add_switching(block, hub, was)
    commitment.add_least_times(block, hub, unit, was, 0, down_h)
    commitment.add_cold(block, hub, unit, was, down_h, cold_after_h)
    for pattern in itertools.product((0.0, 1.0), repeat=N):
        if not keeps_times(pattern, was, 0, down_h):
            continue
        cold, on, for_h = np.zeros(N), was.on, was.since_h
        for t, runs in enumerate(pattern):
            if runs and not on:
                cold[t] = float(for_h > cold_after_h)
            for_h = (for_h if bool(runs) == on else 0.0) + 1.0
            on = bool(runs)
        assert values(hub, point(hub, np.asarray(pattern), was, cold=cold)) <= 1e-9
        for t in np.flatnonzero(cold):
            less = cold.copy()
            less[t] = 0.5
            assert values(hub, point(hub, np.asarray(pattern), was, cold=less)) > 0.4


@FEW
@given(
    st.lists(st.booleans(), min_size=N, max_size=N),
    st.lists(st.floats(0, 1).map(lambda v: round(v, 3)), min_size=N, max_size=N),
    st.booleans(),
    st.floats(0, 1).map(lambda v: round(v, 3)),
    st.integers(0, 3),
    st.tuples(*[st.sampled_from([3.0, 5.0, 8.0, 10.0])] * 4),
)
def test_the_rows_allow_just_the_loads_that_keep_band_and_ramps(pattern, shares, was_on, was_share, up_h, limits):
    """Loads 2-10 MW: each change of a running unit, each first and last load, by hand."""
    low, high = 2.0, 10.0
    up, down, first, last = limits
    band = Band(low, high, first, last, up, down)
    was = Before(was_on, math.inf, low + was_share * (high - low) if was_on else 0.0)
    load = np.asarray(
        [low + share * (high - low) if runs else 0.0 for runs, share in zip(pattern, shares, strict=True)]
    )
    hub, block = hub_of()
    made = hub.var(block, "load_mw", 0.0, high)
    unit = commitment.add_switching(block, hub, was)
    commitment.add_least_times(block, hub, unit, was, up_h, 0)
    commitment.add_band(block, hub, unit, made, was, band, up_h)
    commitment.add_ramps(block, hub, unit, made, was, band)
    if not keeps_times(pattern, was, up_h, 0):
        return
    over, on, mw = 0.0, was.on, was.load_mw
    for runs, now in zip(pattern, load, strict=True):
        if on and runs:
            over = max(over, now - mw - up, mw - now - down)
        elif runs:
            over = max(over, now - first)
        elif on:
            over = max(over, mw - last)
        on, mw = runs, now
    x = point(hub, np.asarray(pattern, float), was, load_mw=load)
    if over > 1e-5:
        assert values(hub, x) > 1e-9
    elif over <= 0.0:
        assert values(hub, x) <= 1e-9


@FEW
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.booleans(), st.sampled_from([0.0, 0.75, 5.0, math.inf]))
def test_since_is_what_a_walk_finds(pattern, was_on, since_h):
    on, for_h = was_on, since_h
    for runs in pattern:
        for_h = (for_h if runs == on else 0.0) + 0.25
        on = runs
    got = commitment.after(Before(was_on, since_h, None), np.asarray(pattern, float), 0.25)
    assert got == (on, for_h if math.isfinite(for_h) else None)


@pytest.mark.parametrize(
    ("hours", "step_h", "steps"), [(0, 1, 1), (1, 1, 1), (1.5, 1, 2), (4, 0.25, 16), (0.7, 0.25, 3), (0.75, 0.25, 3)]
)
def test_a_part_of_a_step_counts_as_a_whole_one(hours, step_h, steps):
    assert commitment.steps_of(hours, step_h) == steps


def test_bound_by_what_came_before():
    """On for 1 h with 4 h to run: 3 steps more; in half hours 6; with 3.5 h before, one step of an hour."""
    assert commitment.bound_by(1.0, 4.0, 1.0, 5).tolist() == [1, 1, 1, 0, 0]
    assert commitment.bound_by(1.0, 4.0, 0.5, 8).sum() == 6
    assert commitment.bound_by(3.5, 4.0, 1.0, 5).tolist() == [1, 0, 0, 0, 0]
    assert not commitment.bound_by(math.inf, 4.0, 1.0, 5).any()


@pytest.mark.parametrize(
    ("state", "ok"),
    [
        ({"on": True, "power_mw": 1.9}, False),
        ({"on": True, "power_mw": 2.0}, True),
        ({"on": True, "power_mw": 10.1}, False),
        ({"on": False, "power_mw": 1.0}, False),
        ({"on": False, "power_mw": 0.0}, True),
        ({"on": False}, True),
    ],
)
def test_a_state_that_cannot_be_is_refused(state, ok):
    if ok:
        made = commitment.before("u", AssetState(**state), 2.0, 10.0, LONG)
        assert made.on == state["on"]
        assert made.load_mw == state.get("power_mw", 0.0)
    else:
        with pytest.raises(WrongState, match="power_mw"):
            commitment.before("u", AssetState(**state), 2.0, 10.0, LONG)


def test_without_a_state_it_is_as_the_file_says():
    assert commitment.before("u", AssetState(), 2.0, 10.0, LONG) is LONG
