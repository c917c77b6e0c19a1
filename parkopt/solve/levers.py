"""What can be moved to keep a promise no longer: numbers of the park file, and series, as leaves of one lever.

A leaf takes a move of 0 or more and says what to edit. The model's elastic form only guesses how far;
whether a move suffices is found by applying it (`parkopt.solve.smallest`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from parkopt.clock import FloatArray
from parkopt.models.build import Problem
from parkopt.models.hub import Promise
from parkopt.solve.edits import Edit, FieldEdit, Found, SeriesEdit, StateEdit, numbers_at, part_of

EPS = 1e-6
DIGITS = 3
"""Digits that a move is said with where the field has no usual rounding."""
FAR = 10.0
"""How many times its value a limit is raised at most where nothing else says how far."""


class Leaf(Protocol):
    """One thing that can be moved."""

    @property
    def most(self) -> float:
        """Largest move."""

    @property
    def step(self) -> float:
        """Rounding of the move."""

    def rounded(self, move: float) -> float:
        """Return the move that is made: rounded to the side that suffices, within what the field takes."""

    def edit(self, move: float) -> Edit | None:
        """Return what to edit, or None for no move."""


@dataclass(frozen=True)
class FieldLeaf:
    """A number of the park file; with a `key`, a figure of the asset's state goes with it or stands for it."""

    owner: str
    found: Found
    raised: bool
    step: float
    in_state: bool = False

    @property
    def limit(self) -> float:
        """The value that it can reach at most."""
        how, value = self.found.quantity, self.found.value
        if not self.raised:
            least = self.step if self.found.positive else 0.0
            return max(least, how.low) if how is not None else least
        high = math.inf if how is None else how.high
        return high if math.isfinite(high) else FAR * max(value, 1.0) * 1e3

    @property
    def most(self) -> float:
        """Largest move."""
        return abs(self.limit - self.found.value)

    def rounded(self, move: float) -> float:
        """Round the new value to the field's step, away from the old one."""
        value, step = self.found.value, self.step
        if move <= 0.0:
            return 0.0
        if self.raised:
            new = min(math.ceil((value + move) / step - EPS) * step, self.limit)
        else:
            new = max(math.floor((value - move) / step + EPS) * step, self.limit)
        return abs(round(new, 10) - value)

    def edit(self, move: float) -> Edit | None:
        """Return the new value."""
        if move <= 0.0:
            return None
        old = self.found.value
        new = round(old + move if self.raised else old - move, 10)
        unit = self.found.quantity.unit if self.found.quantity is not None else ""
        if self.in_state:
            return StateEdit(self.owner, str(self.found.path[0]), unit, old, new)
        return FieldEdit(self.owner, self.found.path, unit, old, new)


@dataclass(frozen=True)
class SeriesLeaf:
    """A series that gives way: a move of 1 is `shape`; a larger one takes of all that is left, in proportion."""

    asset: str
    series: str
    shape: FloatArray
    whole: FloatArray
    """Shape (n,): all that can give way."""
    sign: float = -1.0
    step: float = 10.0**-DIGITS

    @property
    def most(self) -> float:
        """The move that is `whole`."""
        return float(self.whole.sum()) / max(float(self.shape.sum()), EPS)

    def rounded(self, move: float) -> float:
        """Return the move itself: its powers are rounded step by step."""
        return min(move, self.most)

    def by_step(self, move: float) -> FloatArray:
        """Return how far each step gives way, shape (n,), rounded to the side that suffices."""
        left = np.maximum(self.whole - self.shape, 0.0)
        beyond = max(0.0, move - 1.0) * float(self.shape.sum()) / max(float(left.sum()), EPS)
        given = self.shape * min(move, 1.0) + left * min(beyond, 1.0)
        unit = 10.0 ** (math.floor(math.log10(max(float(given.max()), EPS))) - DIGITS)
        return np.asarray(np.minimum(np.ceil(given / unit - EPS) * unit, self.whole), dtype=float)

    def edit(self, move: float) -> Edit | None:
        """Return what is added to the series."""
        return None if move <= 0.0 else SeriesEdit(self.asset, self.series, self.sign * self.by_step(move))


def leaves_of(promise: Promise, problem: Problem, by_step: dict[int, float]) -> list[Leaf]:
    """Return what can be moved for a promise; `by_step` is where the elastic model lets it give way.

    Nothing is returned where the promise has no number in the park file.
    """
    own, field = problem.series.get(promise.asset, {}), promise.name.partition(".")[2]
    if promise.series in own:
        whole = np.asarray(own[promise.series], dtype=float)
        shape = _shape(promise, problem, by_step, whole) if by_step else whole
        return [SeriesLeaf(promise.asset, promise.series, shape, whole)]
    part = part_of(problem, promise.asset)
    if part is None:
        return []
    if field == "connected":
        return _connected(promise, problem)
    leaves: list[Leaf] = [_leaf(promise, problem, found) for found in numbers_at(part, field)]
    if promise.value is None and field.endswith("_limit"):  # lower limits at some times hold as well
        leaves += [_leaf(promise, problem, found) for found in numbers_at(part, f"{field}s.limit")]
        if f"{field}_mw" in own:
            most = max(by_step.values(), default=1.0)
            shape = np.full(problem.grid.n, most)
            leaves.append(SeriesLeaf(promise.asset, f"{field}_mw", shape, FAR * shape, sign=1.0))
    return leaves


def _shape(promise: Promise, problem: Problem, by_step: dict[int, float], whole: FloatArray) -> FloatArray:
    """Return by how much each step gives way; what falls on a local day is spread over its steps."""
    shape = np.zeros(problem.grid.n)
    if promise.component is None or len(promise.component) == problem.grid.n:
        for step, amount in by_step.items():
            shape[step] = amount
        return np.minimum(shape, whole)
    days = problem.grid.local.normalize()
    day = np.asarray((days - days[0]).days)
    for label, amount in by_step.items():
        inside = day == label
        shape[inside] = whole[inside] * amount / max(float(whole[inside].sum()), EPS)
    return np.minimum(shape, whole)


def _leaf(promise: Promise, problem: Problem, found: Found) -> FieldLeaf:
    return FieldLeaf(promise.asset, found, promise.raised, rounding_of(promise, problem, found))


def rounding_of(promise: Promise, problem: Problem, found: Found) -> float:
    """Return to which step a new value is rounded: hours to whole steps, powers to 10 kW, shares to a per mille."""
    if promise.unit == "h":
        return problem.grid.hours
    fine = 10.0 ** (math.floor(math.log10(abs(found.value))) - DIGITS) if found.value else 10.0**-DIGITS
    if promise.value is None:
        return fine
    usual = 0.01 if promise.unit == "MW" else 10.0**-DIGITS
    return min(usual, 100.0 * fine) if found.value else usual


def _connected(promise: Promise, problem: Problem) -> list[Leaf]:
    """Return the connected capacity: its field, or what was declared and stands in the state."""
    part, declared = part_of(problem, promise.asset), problem.state.of(promise.asset).connected_mva
    chosen = list(numbers_at(part, "connected.max"))
    found = chosen or list(numbers_at(part, "connected.capacity"))
    if chosen and declared is not None and declared < chosen[0].value:
        quantity = found[0].quantity
        said = Found(("connected_mva",), declared, quantity)
        return [FieldLeaf(promise.asset, said, True, rounding_of(promise, problem, said), in_state=True)]
    return [_leaf(promise, problem, one) for one in found]


def farthest(promise: Promise, leaves: Sequence[Leaf]) -> float:
    """Return how far a promise can give way in one step by moving its one field; no limit where that is not known."""
    if promise.value is None or len(leaves) != 1 or not isinstance(leaves[0], FieldLeaf) or promise.per_unit <= 0:
        return math.inf
    return leaves[0].most * promise.per_unit


def edits_of(leaves: Sequence[Leaf], moves: Sequence[float]) -> list[Edit]:
    """Return the edits of some moves."""
    made = [leaf.edit(move) for leaf, move in zip(leaves, moves, strict=True)]
    return [edit for edit in made if edit is not None]
