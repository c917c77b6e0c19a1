"""What it would have cost to do otherwise in one step: the day is solved again with that forbidden or forced.

Where a dual says nothing (two plans of one cost, a decision that hangs on a unit's on or off) this does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from parkopt.errors import Text
from parkopt.faults import WrongValue
from parkopt.models.algebra import Vars
from parkopt.models.build import Built
from parkopt.solve._compiled import Compiled
from parkopt.solve.again import Changed, again
from parkopt.solve.planner import Solution
from parkopt.solve.reason_words import flow_words, hour, number
from parkopt.solve.shadow import _held
from parkopt.solve.status import Limits
from parkopt.solve.terms import BOUND_MW

FINE = Limits(seconds=5.0, gap=1e-6)
NUDGE_MW = 1.0
"""How much more, or less, is asked for where nothing else is said."""


@dataclass(frozen=True)
class Counterfactual:
    """One flow or state held otherwise in one step."""

    asset: str
    step: int
    variable: str
    was: float
    at_least: float | None
    at_most: float | None
    extra_yuan: float | None
    """What the horizon would cost more, all else decided anew; None where no schedule allows it."""
    within_yuan: float
    """How far the solver's gap leaves that open."""
    says: Text

    @property
    def same_cost(self) -> bool:
        """Whether it would cost the same, as far as the solver's gap can tell."""
        return self.extra_yuan is not None and self.extra_yuan <= self.within_yuan + 0.01

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        extra = None if self.extra_yuan is None else round(self.extra_yuan, 2)
        return {**vars(self), "extra_yuan": extra, "says": vars(self.says), "same_cost": self.same_cost}


def counterfactual(
    solution: Solution,
    asset: str,
    step: int,
    limits: Limits = FINE,
    *,
    variable: str | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    base: Solution | None = None,
) -> Counterfactual:
    """Say what it would cost more to do otherwise in one step.

    Parameters
    ----------
    solution : Solution
        A solved problem.
    asset, step : str, int
        Who, and when.
    limits : Limits
        Time and gap of the solve; the gap bounds how exact the answer is (`within_yuan`).
    variable : str, optional
        ``charge_mw``, ``discharge_mw``, ``import_mw``, ``on``, ...; where absent, what the asset does now is forbidden
        (a running unit is off, a store does not charge, import is 1 MW less), and where it rests it must act (a unit
        is on, a store charges 1 MW).
    at_most, at_least : float, optional
        Bounds of it in that step.
    base : Solution, optional
        The solution at the same gap, where it is at hand: see `solved_finely`.

    Raises
    ------
    WrongValue
        Where the asset has no such variable.
    """
    if variable is None:
        variable, at_least, at_most = opposite(solution, asset, step)
    block = solution.built.hub.blocks.get(asset)
    if block is None or variable not in block.variables or len(block.variables[variable]) != solution.problem.grid.n:
        raise WrongValue(
            value=f"{asset}.{variable}", reason=Text("nothing of that name is decided", "没有该名称的决策")
        )
    before = base or solved_finely(solution, limits)
    found = again(solution, _held_to(solution, asset, variable, step, at_least, at_most), limits)
    extra = None if found is None else max(0.0, found.objective - before.objective)
    within = sum(abs(one.objective) * one.gap for one in (before, found) if one is not None)
    was = float(solution.values[asset][variable][step])
    says = _words(solution, asset, variable, step, (at_least, at_most), extra)
    return Counterfactual(asset, step, variable, was, at_least, at_most, extra, within, says)


def solved_finely(solution: Solution, limits: Limits = FINE) -> Solution:
    """Return the solution solved to a gap, or itself where that found nothing better."""
    if solution.gap <= limits.gap_for(0) and solution.outcome == "optimal":
        return solution
    found = again(solution, _held_to(solution), limits)
    return solution if found is None or found.objective > solution.objective else found


def opposite(solution: Solution, asset: str, step: int) -> tuple[str, float | None, float | None]:
    """Return the variable that is asked about, the least and the most of it."""
    values = solution.values.get(asset, {})
    if "on" in values:
        return ("on", None, 0.0) if values["on"][step] > 1 / 2 else ("on", 1.0, None)
    if "charge_mw" in values:
        if values["discharge_mw"][step] > BOUND_MW:
            return "discharge_mw", None, 0.0
        return ("charge_mw", None, 0.0) if values["charge_mw"][step] > BOUND_MW else ("charge_mw", NUDGE_MW, None)
    if "import_mw" in values:
        name = "export_mw" if values["export_mw"][step] > BOUND_MW else "import_mw"
        return name, None, max(0.0, float(values[name][step]) - NUDGE_MW)
    name = next((made.name for made in solution.built.hub.columns if made.asset == asset), "")
    return name, None, max(0.0, float(values[name][step]) - NUDGE_MW) if name else None


def _held_to(
    solution: Solution,
    asset: str = "",
    variable: str = "",
    step: int = 0,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Any:
    """Return the change that holds a variable of one step, and for the goal carbon its carbon."""

    def change(built: Built, form: Compiled) -> Changed:
        held = form
        if solution.problem.objective.goal == "carbon" and built is solution.built:
            held = _held(solution)
        if not variable:
            return Changed(held, held.cost)
        made: Vars = built.hub.blocks[asset].variables[variable]
        lower, upper = held.lower.copy(), held.upper.copy()
        if at_least is not None:
            lower[made.first + step] = max(at_least, lower[made.first + step])
        if at_most is not None:
            upper[made.first + step] = min(at_most, upper[made.first + step])
        crossed = lower[made.first + step] > upper[made.first + step]
        if crossed:  # what is asked for lies outside its own limits: a row says so without an error of the solver
            return Changed(replace(held, lower=lower, upper=lower.copy(), row_lower=held.row_lower + 1e9), held.cost)
        return Changed(replace(held, lower=lower, upper=upper), held.cost)

    return change


def _words(
    solution: Solution,
    asset: str,
    variable: str,
    step: int,
    bounds: tuple[float | None, float | None],
    extra: float | None,
) -> Text:
    at_least, at_most = bounds
    when, flow = hour(solution.problem.grid, step), flow_words(variable)
    if variable == "on":
        what = Text("on", "开机") if at_least else Text("off", "停机")
    else:
        sign, amount = ("≥", at_least) if at_least is not None else ("≤", at_most)
        what = Text(f"{flow.en} {sign} {number(amount or 0.0)} MW", f"{flow.zh} {sign} {number(amount or 0.0)} MW")
    if extra is None:
        return Text(f"{asset} at {when} {what.en}: no schedule allows that", f"{asset} {when} {what.zh}：没有可行方案")
    yuan = number(extra)
    return Text(
        f"{asset} at {when} {what.en}: the horizon would cost {yuan} yuan more",
        f"{asset} {when} {what.zh}：全期费用将增加 {yuan} 元",
    )
