"""The arrays that HiGHS gets are those of Pyomo's compiler, and a kept structure changes no answer."""

from dataclasses import replace

import numpy as np
import pytest

from parkopt.faults import FormsDiffer, Infeasible
from parkopt.models import build
from parkopt.solve import Limits, check
from parkopt.solve._compiled import compiled, compiled_by_pyomo
from parkopt.solve.planner import Planner, require_same, structure
from parkopt.solve.status import run
from tests.solve.random_parks import CASES, compare, park

EXACT = Limits(seconds=20, gap=1e-9)


@pytest.mark.parametrize("first", range(0, 220, 20))
def test_compiled_is_rebuilt_number_by_number(first):
    assert all(compare(seed) > 0 for seed in range(first, first + 20))


def test_the_parks_hold_every_technology():
    kinds = {asset.kind for seed in range(220) for asset in park(seed).park.assets.values()}
    assert {case.partition(":")[0] for case in CASES} | {"grid", "load"} == kinds


@pytest.mark.parametrize("seed", range(500, 512))
def test_both_forms_have_one_optimum(seed):
    """Objectives agree to the gap; with the whole numbers fixed to 1e-9."""
    built = build(park(seed))
    ours, theirs = compiled(built), compiled_by_pyomo(built)
    one, other = (run(form, form.cost, EXACT) for form in (ours, theirs))
    assert one.outcome == other.outcome
    if one.outcome != "optimal":
        return
    assert one.objective == pytest.approx(other.objective, rel=2e-6, abs=1e-3)
    whole = np.round(one.x[ours.integer])
    fixed = []
    for form in (ours, theirs):
        lower, upper = form.lower.copy(), form.upper.copy()
        lower[form.integer] = upper[form.integer] = whole
        held = replace(form, lower=lower, upper=upper, integer=np.zeros_like(form.integer))
        fixed.append(run(held, held.cost, EXACT).objective)
    assert fixed[0] == pytest.approx(fixed[1], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(600, 625))
def test_a_kept_structure_changes_no_answer(seed):
    """A planner that has solved other numbers of the structure answers as a fresh one does, value by value."""
    problem = park(seed)
    moved = {name: {key: row * 1.07 for key, row in own.items()} for name, own in problem.series.items()}
    other = replace(problem, series=moved)
    warm, quick = Planner(), Limits(seconds=20, gap=1e-4)
    try:
        warm.solve(other, quick)
        kept, fresh = warm.solve(problem, quick), Planner().solve(problem, quick)
    except Infeasible:
        pytest.skip("this park is infeasible with other numbers")
    assert kept.objective == fresh.objective
    for asset, own in fresh.values.items():
        for key, values in own.items():
            assert np.array_equal(kept.values[asset][key], values)
    assert check(kept.problem, kept.reported, kept.bill).passed


def test_the_reasons_of_a_rebuild_are_said():
    problem = park(3)
    planner = Planner()
    assert planner.solve(problem).reasons == ("first",)
    assert planner.solve(problem).reasons == ()
    rows = replace(problem, state=problem.state)
    assert structure(build(rows).hub) == structure(build(problem).hub)
    longer = next(park(seed) for seed in range(4, 400) if park(seed).grid.n != problem.grid.n)
    try:
        assert "another number of steps" in planner.solve(longer).reasons[0]
    except Infeasible:
        pytest.skip("infeasible")


def test_a_wrong_number_is_found():
    built = build(park(1))
    form, other = compiled(built), compiled_by_pyomo(built)
    for name in ("cost", "lower", "upper", "row_upper"):
        wrong = getattr(form, name).copy()
        wrong[np.flatnonzero(np.isfinite(wrong))[0]] += 1e-6
        with pytest.raises(FormsDiffer) as caught:
            require_same(replace(form, **{name: wrong}), other)
        assert name in caught.value.message("en")
    matrix = form.matrix.copy()
    matrix.data[0] += 1e-6
    with pytest.raises(FormsDiffer):
        require_same(replace(form, matrix=matrix), other)
