"""An infeasible day: each offer, once applied, gives a feasible day, and no proper part of it does."""

import json

import numpy as np
import pytest

from parkopt.faults import Infeasible
from parkopt.solve import Limits, check, solve
from parkopt.testing import grid_asset, load_asset, prices, small_problem
from tests.solve.infeasible_days import days, explained, faults

SAMPLE = [(seed, problem) for seed, problem in days(24, first=1000)]


def test_offers_work_and_no_part_of_them_does():
    """Of all offers of the sample, each works and none has a part that does; an amount may be 1 % too large once.

    Where whole numbers make what suffices no interval (a full tank forbids what a fuller one and an emptier do not),
    halving can miss a smaller amount.
    """
    found = [(seed, what) for seed, problem in SAMPLE for what in faults(problem, explained(problem)[0])]
    assert [what for what in found if not what[1].startswith("less of")] == []
    assert len(found) <= 1


@pytest.mark.parametrize(("seed", "problem"), SAMPLE[:6], ids=[str(seed) for seed, _ in SAMPLE[:6]])
def test_the_same_day_is_explained_alike(seed, problem):
    one, other = (explained(problem)[0] for _ in range(2))
    assert one.text("en") == other.text("en")
    assert one.as_dict("zh") == other.as_dict("zh")


def short(demand=62.4, **more):
    return small_problem(
        {"grid": grid_asset(50, **more), "load": load_asset()},
        {"grid": prices([300.0] * 3), "load": {"demand_mw": [10.0, demand, 20.0]}},
    )


def test_an_offer_is_data_and_words_from_one_source():
    with pytest.raises(Infeasible) as caught:
        solve(short())
    first = caught.value.offers[0]
    (change,) = first.changes
    (edit,) = first.edits
    assert (edit.owner, edit.new) == ("grid", pytest.approx(62.4))
    assert change.amount == pytest.approx(12.4)
    said = caught.value.as_dict("zh")["offers"][0]
    assert "grid.import_limit" in said["says"]
    assert "提高" in said["says"]
    assert json.loads(json.dumps(said)) == said
    done = solve(first.apply(short()), Limits(gap=1e-9))
    assert check(done.problem, done.reported, done.bill).passed
    assert float(np.max(done.reported["grid"]["import_mw"])) == pytest.approx(62.4)


def test_a_day_that_no_promise_covers_names_the_asset():
    """The levels of a store that loses all it holds cannot be kept by any field that an explanation may move."""
    ess = {
        "kind": "storage",
        "charge": "0.1 MW",
        "discharge": "1 MW",
        "energy": "10 MWh",
        "self_discharge": "0.5/h",
        "soc_min": 0.4,
        "soc_final": 0.4,
    }
    problem = small_problem(
        {"grid": grid_asset(50), "load": load_asset(), "ess": ess},
        {"grid": prices([300.0] * 3), "load": {"demand_mw": [10.0] * 3}},
    )
    with pytest.raises(Infeasible) as caught:
        solve(problem)
    assert "ess" in caught.value.message("en")
    assert "ess" in caught.value.message("zh")
