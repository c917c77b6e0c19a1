"""An infinite headroom limits nothing: it makes no row, and what has no finite power limit cannot be sold."""

import numpy as np
import pytest

from parkopt.faults import WrongValue
from parkopt.models.algebra import Sum
from parkopt.models.build import build
from parkopt.models.headroom import connection_free, free_of
from parkopt.models.hub import Headroom
from parkopt.models.tech.generator import Generator
from parkopt.models.tech.reserve import Reserve
from parkopt.solve import Limits, solve
from tests.models.test_reserve import case, moving, offer, store

N = 3
GAS = {"kind": "generator", "power": "10 MW", "min_load": 0.2, "efficiency": 0.5, "fuel_price": "500 yuan/MWh"}
"""Runs at its least load, 2 MW, where the grid is cheaper."""
NO_LIMIT = np.inf


def numbers(*values):
    return Sum(len(values), (), np.asarray(values, dtype=float))


def declared(monkeypatch, up_mw, up_mwh=None):
    """Let the generator say what it keeps free, beside what its rows say."""
    plain = Generator.build

    def build_and_declare(self, block, hub):
        plain(self, block, hub)
        behind = None if up_mwh is None else numbers(*up_mwh)
        hub.headroom.append(Headroom(block.name, numbers(*up_mw), numbers(*up_mw), behind))

    monkeypatch.setattr(Generator, "build", build_and_declare)


def constants(hub):
    return np.concatenate([rows.relation.sum.constant for rows in hub.all_rows])


def test_energy_without_end_makes_no_row(monkeypatch):
    """6, 8 and 5 MW are free, and 4 MWh behind the second step alone: they bound that call and the next one's start."""
    declared(monkeypatch, (6.0, 8.0, 5.0), (NO_LIMIT, 4.0, NO_LIMIT))
    problem = case([50.0] * N, {"up": offer("gas")}, gas=GAS)
    built = build(problem)
    assert np.isfinite(constants(built.hub)).all()
    assert list(built.hub.blocks["up"].rows["level_gas"].labels) == [1]
    assert built.model is not None
    solution = solve(problem, Limits(gap=1e-9))
    assert solution.reported["up"]["offered_mw"] == pytest.approx([6.0, 4.0, 4.0])


@pytest.mark.parametrize("endless", [(0, 1, 2), (1,)])
def test_power_without_end_is_refused(monkeypatch, endless):
    """In all steps, or in one: nobody can say what is free there."""
    declared(monkeypatch, [NO_LIMIT if t in endless else 5.0 for t in range(N)])
    with pytest.raises(WrongValue, match="nothing says what it keeps free"):
        build(case([50.0] * N, {"up": offer("gas")}, gas=GAS))


def test_a_bound_that_is_missing_is_refused_unless_a_row_stands_in():
    """Without an upper bound 7 - p is left by a row p <= 7 over all steps; over two of three it is not enough."""
    hub = build(case([50.0] * N, {}, gas={**GAS, "min_load": 0.0})).hub
    block = hub.block("gas")
    power = next(flow.mw for flow in hub.supplies if flow.asset == "gas")
    block.rows.clear()
    power.upper[:] = NO_LIMIT
    with pytest.raises(WrongValue, match="nothing says what it keeps free"):
        free_of(hub, "gas", "up", "f")
    hub.rows(block, "most", power <= np.asarray([7.0, NO_LIMIT, 7.0]))
    with pytest.raises(WrongValue, match="nothing says what it keeps free"):
        free_of(hub, "gas", "up", "f")
    power.upper[1] = 9.0
    free = free_of(hub, "gas", "up", "f")
    limits = {int(s): float(at) for steps, limit in free.mw for s, at in zip(steps, limit.constant, strict=True)}
    assert limits == {0: 7.0, 1: 9.0, 2: 7.0}
    assert [float(v) for _, limit in free.mw for _, _, values in limit.entries for v in values] == [-1.0] * N


def test_a_store_without_a_top_has_no_limit_behind_taking_more():
    """Down is bounded by its power alone; up still by the energy that is in it."""
    hub = build(case([50.0] * N, {}, ess=store())).hub
    hub.headroom.clear()
    hub.blocks["ess"].variables["soc_mwh"].upper[:] = NO_LIMIT
    down, up = free_of(hub, "ess", "down", "f"), free_of(hub, "ess", "up", "f")
    assert (down.levels, down.opening) == ([], None)
    assert len(up.levels) == 1
    assert up.opening is not None


def test_an_endless_connection_bounds_no_offer():
    hub = build(case([50.0] * N, {})).hub
    grid = next(flow.mw for flow in hub.draws if flow.asset == "grid")
    grid.upper[:] = NO_LIMIT
    assert connection_free(hub, "up").mw == []
    assert len(connection_free(hub, "down").mw) == 1


def test_what_can_be_made_up_without_end_makes_no_row():
    """A load that moves and may later take any power is bound by what it takes less now."""
    hub = build(case([50.0] * 24, {}, mill=moving())).hub
    power = next(flow.mw for flow in hub.draws if flow.asset == "mill")
    power.upper[:] = NO_LIMIT
    block = hub.block("up")
    made = Reserve.model_validate(offer("mill"))
    made.build(block, hub)
    made.finish(block, hub)
    assert np.isfinite(constants(hub)).all()
    assert list(block.rows["free_mill"].labels) == list(range(24))
    assert list(block.rows["later_mill"].labels) == [23], "nothing can be made up after the last step"
