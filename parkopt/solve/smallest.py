"""The smallest moves that make a day feasible, found by applying them: the model itself is the judge.

More of a move is taken never to hurt. A guess that suffices and of which 99 % do not is kept; else it is
enlarged until it suffices, and shrunk by halving, one leaf after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from pydantic import ValidationError

from parkopt.errors import ParkoptError
from parkopt.models.base import Technology
from parkopt.models.build import Built, Problem, build
from parkopt.solve._compiled import Compiled, compiled, values_of
from parkopt.solve.edits import applied
from parkopt.solve.levers import Leaf, edits_of
from parkopt.solve.relaxed import relax_and_fix
from parkopt.solve.status import Limits, Raw, run

QUICK = Limits(seconds=2.0, gap=1e9)
"""Any schedule will do."""
NEAR = 0.99
"""A move is the smallest where this part of it, less its rounding, does not suffice."""
FINE = 0.004
"""Part of a move to which halving finds it."""
GRID = 3
"""Rounded values that are tried below the one that halving found."""
LARGER = (1.0, 1.003, 1.03, 1.2, 2.0, 5.0, 20.0)
"""By how much a guess is enlarged."""
BOTH_MW = 1e-4


def feasible(problem: Problem) -> bool:
    """Return whether any schedule keeps all promises of a problem, opposite flows apart."""
    try:
        built = build(replace(problem, exclusive=frozenset(), exclusive_at=frozenset()))
    except (ParkoptError, ValidationError):
        return False
    form = compiled(built)
    raw = _any(form)
    if raw.outcome == "unbounded":
        return True
    if raw.outcome not in ("optimal", "time_limit"):
        return False
    if not _circles(built, form, raw):
        return True
    opposed = {name: asset for name, asset in problem.park.assets.items() if isinstance(asset, Technology)}
    apart = frozenset(name for name, asset in opposed.items() if asset.opposites)
    strict = compiled(build(replace(problem, exclusive=apart, exclusive_at=frozenset())))
    return _any(strict).outcome in ("optimal", "time_limit")


def _any(form: Compiled) -> Raw:
    """Return some schedule: by rounding, else the first that HiGHS finds; without a cost it proves faster."""
    if not form.integer.any():
        return run(form, form.cost, QUICK)
    start = relax_and_fix(form, form.cost, QUICK)
    if start.outcome != "optimal":
        return Raw(start.outcome, "", np.empty(0), np.nan, np.nan, 0.0)
    if len(start.x):
        return Raw("optimal", "", start.x, start.objective, start.gap, 0.0)
    raw = run(form, np.zeros_like(form.cost), QUICK)
    if raw.outcome not in ("optimal", "time_limit"):
        return raw
    integers = np.flatnonzero(form.integer)  # with a price, flows do not circle for nothing
    lower, upper = form.lower.copy(), form.upper.copy()
    lower[integers] = upper[integers] = np.round(raw.x[integers])
    priced = run(replace(form, lower=lower, upper=upper, integer=np.zeros_like(form.integer)), form.cost, QUICK)
    return priced if priced.outcome == "optimal" else raw


def _circles(built: Built, form: Compiled, raw: Raw) -> bool:
    """Return whether opposite flows run together in a schedule."""
    values = values_of(form, built.hub, raw.x)
    for name, asset in built.problem.park.assets.items():
        own = values.get(name, {})
        for one, other in asset.opposites if isinstance(asset, Technology) else ():
            if float(np.max(np.minimum(own[one], own[other]), initial=0.0)) > BOTH_MW:
                return True
    return False


Moves = list[float]
Works = Callable[[Moves], bool]


def judge(problem: Problem, leaves: Sequence[Leaf]) -> Works:
    """Return the function that says whether some moves make a day feasible."""

    def works(moves: Moves) -> bool:
        try:
            return feasible(applied(problem, edits_of(leaves, moves)))
        except ValidationError:
            return False

    return works


def smallest(works: Works, leaves: Sequence[Leaf], guess: Moves, better: Callable[[], Moves | None]) -> Moves | None:
    """Return the smallest moves, or None where no move suffices.

    Parameters
    ----------
    works : callable
        Says whether moves suffice.
    guess : list of float
        Where to begin; 0 where nothing is known.
    better : callable
        Gives a second guess, if there is one, where the first does not suffice.
    """
    found = _enough(works, leaves, guess, better)
    if found is None:
        return None
    moves, short = found
    for place, leaf in enumerate(leaves):
        low = short[place] if len(leaves) == 1 else None
        moves[place] = _shrunk(works, moves, place, leaf, low)
    return moves


def _enough(
    works: Works, leaves: Sequence[Leaf], guess: Moves, better: Callable[[], Moves | None]
) -> tuple[Moves, Moves] | None:
    """Return moves that suffice and some that do not, or None."""

    def enlarged(moves: Moves, factor: float) -> Moves:
        return [leaf.rounded(min(factor * move, leaf.most)) for leaf, move in zip(leaves, moves, strict=True)]

    short, known = [0.0] * len(leaves), guess
    tried = [short]
    for turn in range(len(LARGER)):
        moves = enlarged(known, LARGER[turn])
        if moves not in tried and works(moves):
            return moves, short
        short = moves
        tried.append(moves)
        second = better() if turn == 0 else None
        if second is not None:
            known = second
            moves = enlarged(known, 1.0)
            if moves not in tried and works(moves):
                return moves, [0.0] * len(leaves)
            short = moves
            tried.append(moves)
    most = enlarged([leaf.most for leaf in leaves], 1.0)
    return (most, short) if most not in tried and works(most) else None


def _shrunk(works: Works, moves: Moves, place: int, leaf: Leaf, short: float | None) -> float:
    """Return the smallest move of one leaf while the others stay; `short` is known not to suffice."""

    def holds(move: float) -> bool:
        return works([*moves[:place], move, *moves[place + 1 :]])

    move = moves[place]
    less = NEAR * move - leaf.step
    if move <= 0.0 or (less <= 0.0 and short is not None) or (less > max(0.0, short or 0.0) and not holds(less)):
        return move
    if short is None and holds(0.0):
        return 0.0
    low, high = short or 0.0, less if less > max(0.0, short or 0.0) else move
    while high - low > max(leaf.step / 2, FINE * high):
        middle = (low + high) / 2
        if holds(middle):
            high = middle
        else:
            low = middle
    found = _on_grid(holds, leaf, low, min(leaf.rounded(high), move))
    less = leaf.rounded(NEAR * found - leaf.step)
    if 0.0 < less < min(found, low) and holds(less):  # a full tank may forbid what a fuller one and an emptier do not
        return _shrunk(works, [*moves[:place], less, *moves[place + 1 :]], place, leaf, None)
    return found


def _on_grid(holds: Callable[[float], bool], leaf: Leaf, low: float, high: float) -> float:
    """Return the smallest rounded move between one that does not suffice and one that does."""
    for _ in range(GRID):
        next_up = leaf.rounded(low + leaf.step * 1e-3)
        if next_up >= high or holds(next_up):
            return min(next_up, high)
        low = next_up
    return high
