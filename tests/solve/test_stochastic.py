"""One plan for several futures: by hand, against each future alone, and against scipy's own linear programme."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from parkopt.faults import GridMismatch, NoSolution, OutOfRange
from parkopt.solve import solve
from parkopt.solve.follow import follow, plan_of
from parkopt.solve.stochastic import Risk, hedge
from tests.solve.days import EXACT, day, days

HALF = np.array([0.5, 0.5])


def futures(problem, factors):
    """The same day with its sun times each factor."""
    sun = problem.series["pv"]
    return [
        replace(problem, series={**problem.series, "pv": {"available_mw": np.asarray(sun["available_mw"]) * factor}})
        for factor in factors
    ]


def sunny(first, **more):
    return day([100.0, 400.0], sun=[first, 0.0], store={}, **more)


def test_one_future_is_an_ordinary_day():
    problem = sunny(5.0)
    found, alone = hedge([problem], np.ones(1), EXACT), solve(problem, EXACT)
    assert found.expected_yuan == pytest.approx(alone.objective)
    assert found.plan["ess"]["charge_mw"] == pytest.approx(alone.reported["ess"]["charge_mw"], abs=1e-6)


def test_a_newsvendor_between_two_futures():
    """Stored energy is worth 400 - 20 in the second hour where it is short of it, nothing where its own sun serves all.

    A MWh charged at 100 gives 0.81 MWh; with probability p of no sun it saves 0.81 (400 p - 20), so it pays
    from p = (100 / 0.81 + 20) / 400 = 0.359 on.
    """

    def pair(p):
        dark, bright = day([100.0, 400.0], sun=[0.0, 0.0], store={}), day([100.0, 400.0], sun=[0.0, 10.0], store={})
        return hedge([dark, bright], np.array([p, 1 - p]), EXACT)

    assert pair(0.34).plan["ess"]["charge_mw"][0] == pytest.approx(0.0, abs=1e-6)
    assert pair(0.38).plan["ess"]["charge_mw"][0] == pytest.approx(4.0, abs=1e-6)


def test_risk_moves_the_plan_to_the_bad_future():
    """At p = 0.2 the mean says no charging; who counts the dearest fifth alone charges all the same."""
    dark, bright = day([100.0, 400.0], sun=[0.0, 0.0], store={}), day([100.0, 400.0], sun=[0.0, 10.0], store={})
    weights = np.array([0.2, 0.8])
    calm, wary = (hedge([dark, bright], weights, EXACT, risk) for risk in (None, Risk(weight=1.0, level=0.8)))
    assert calm.plan["ess"]["charge_mw"][0] == pytest.approx(0.0, abs=1e-6)
    assert wary.plan["ess"]["charge_mw"][0] == pytest.approx(4.0, abs=1e-6)
    assert wary.at_risk_yuan < calm.at_risk_yuan
    assert wary.expected_yuan > calm.expected_yuan


def test_the_tail_is_the_mean_of_the_dearest_part():
    dark, bright = sunny(0.0), sunny(10.0)
    found = hedge([dark, bright], HALF, EXACT, Risk(level=0.75))
    assert found.at_risk_yuan == pytest.approx(max(found.costs_yuan))
    whole = hedge([dark, bright], HALF, EXACT, Risk(level=0.0))
    assert whole.at_risk_yuan == pytest.approx(whole.expected_yuan)
    middle = hedge([dark, bright], HALF, EXACT, Risk(level=0.25))
    assert middle.at_risk_yuan == pytest.approx((0.5 * max(found.costs_yuan) + 0.25 * min(found.costs_yuan)) / 0.75)


def test_scipy_agrees():
    """Two hours, a store, two futures written down once more as a linear programme of its own."""
    suns, prices, weights = np.array([[0.0, 8.0], [6.0, 0.0]]), np.array([100.0, 300.0]), np.array([0.3, 0.7])
    found = hedge([day(list(prices), sun=list(sun), store={}) for sun in suns], weights, EXACT)
    # columns: charge, discharge in hour 1, 2; import and use in each future and hour
    cost = np.concatenate([[0, 0, 20, 20], *(np.concatenate([w * prices, [0, 0]]) for w in weights)])
    equal, right = [], []
    for s in range(2):
        for t in range(2):
            row = np.zeros(12)
            row[[t, 2 + t, 4 + 4 * s + t, 6 + 4 * s + t]] = [-1, 1, 1, 1]
            equal.append(row)
            right.append(10.0)
    levels = np.zeros((2, 12))
    levels[0, [0, 2]] = levels[1, [0, 2]] = [0.9, -1 / 0.9]
    levels[1, [1, 3]] = [0.9, -1 / 0.9]
    bounds = [(0, 4)] * 2 + [(0, 8)] * 2 + [b for sun in suns for b in [(0, 60)] * 2 + [(0, x) for x in sun]]
    peer = linprog(cost, np.vstack([levels, -levels]), [8, 8, 0, 0], np.array(equal), right, bounds)
    assert found.expected_yuan == pytest.approx(peer.fun, rel=1e-9)


def test_futures_that_no_plan_serves_are_refused():
    fits, never = day([100.0], [10.0], sun=[0.0]), day([100.0], [90.0], sun=[0.0])
    with pytest.raises(NoSolution):
        hedge([fits, never], HALF, EXACT)


@pytest.mark.parametrize("weights", [np.array([1.0]), np.array([0.5, 0.6]), np.array([1.5, -0.5])])
def test_weights_must_be_probabilities(weights):
    with pytest.raises(GridMismatch):
        hedge([sunny(0.0), sunny(1.0)], weights, EXACT)


def test_futures_must_share_one_structure():
    with pytest.raises(GridMismatch):
        hedge([sunny(0.0), day([100.0, 400.0], sun=[0.0, 0.0])], HALF, EXACT)


@pytest.mark.parametrize("given_", [{"weight": 1.1}, {"weight": -0.1}, {"level": 1.0}])
def test_risk_is_a_share(given_):
    with pytest.raises(OutOfRange):
        Risk(**given_)


@settings(max_examples=25, deadline=None)
@given(days(whole=True), st.lists(st.floats(0.0, 2.0), min_size=2, max_size=4))
def test_between_foresight_and_the_plan_of_the_mean(problem, factors):
    """Wait-and-see <= here-and-now <= the plan of the middle sun; each future costs what following the plan costs."""
    made, weights = futures(problem, factors), np.full(len(factors), 1 / len(factors))
    found = hedge(made, weights, EXACT)
    slack = 1e-5 * max(1.0, abs(found.expected_yuan))
    foresight = weights @ [solve(one, EXACT).objective for one in made]
    assert foresight <= found.expected_yuan + slack
    followed = np.array([follow(one, found.plan, EXACT).objective for one in made])
    assert followed == pytest.approx(found.costs_yuan, abs=10 * slack)
    [mean] = futures(problem, [float(np.mean(factors))])
    middle = plan_of(solve(mean, EXACT))
    assert found.expected_yuan <= weights @ [follow(one, middle, EXACT).objective for one in made] + slack
