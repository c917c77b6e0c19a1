"""Six days by hand-over against one model over all six; `python -m tests.bench.thirty_days` is the same with thirty."""

from functools import cache

import pytest

from tests.bench.thirty_days import compare, replay, replayed

DAYS = 6
PARKS = ["ydz", "dafeng"]


@cache
def both(park):
    return compare(park, DAYS)


def tampered(park, change):
    """Replay the days with a changed state handed over by the third."""
    rows = both(park).days
    states = [one.account.state for one in rows]
    states[2] = change(states[2])
    return replay(rows[0].loaded.park, [one.schedule for one in rows], states)


def with_asset(name, **changes):
    return lambda state: state.model_copy(
        update={"assets": {**state.assets, name: state.of(name).model_copy(update=changes)}}
    )


@pytest.mark.parametrize("park", PARKS)
def test_days_and_the_one_model_agree_with_the_replay(park):
    assert both(park).disagreements == ()
    assert len(both(park).days) == DAYS
    assert both(park).long.schedule.sizes["time"] == DAYS * 24


@pytest.mark.parametrize("park", PARKS)
def test_who_looks_one_day_ahead_pays_no_less(park):
    """The days together are one schedule of all days, so they cannot beat what the one model proves."""
    one = both(park)
    assert one.by_days - one.at_once >= -one.gap * abs(one.at_once) - 1.0
    assert one.gap <= 1e-3


@pytest.mark.parametrize(
    ("park", "name", "changes"),
    [
        ("ydz", "ess", {"soc_mwh": 150.01}),
        ("dafeng", "grid", {"peak_mw": 1.0}),
        ("dafeng", "guoxin", {"taken_mwh": 1.0}),
    ],
)
def test_a_tampered_state_is_found(park, name, changes):
    found = tampered(park, with_asset(name, **changes))
    assert len(found) == 1
    assert found[0].startswith(f"after 2026-04-03: {name}.{next(iter(changes))}")


def test_tampered_energies_of_the_year_are_found():
    def more(state):
        return state.model_copy(update={"year": state.year.model_copy(update={"export_mwh": 1e5})})

    assert [what.split(" is ")[0] for what in tampered("dafeng", more)] == ["after 2026-04-03: year.export_mwh"]


def test_a_tampered_bill_is_found():
    (first, *others) = both("ydz").days
    changed = first.schedule.copy(deep=True)
    changed["bill_yuan"].loc[{"line": "grid_fees"}] += 1.0
    states = [one.account.state for one in (first, *others)]
    found = replay(first.loaded.park, [changed, *(one.schedule for one in others)], states)
    assert [what.split(":")[0] for what in found] == ["grid_fees"]


def test_a_day_left_out_is_found():
    rows = both("ydz").days
    assert replayed(rows[0].loaded.park, [rows[0], *rows[2:]])
