"""Guesses at how far the fields of some promises move, from how far the elastic model lets the promises give way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parkopt.models.algebra import Vars
from parkopt.models.build import Problem
from parkopt.models.hub import Promise
from parkopt.solve.edits import SeriesEdit
from parkopt.solve.elastic import Amounts
from parkopt.solve.levers import FieldLeaf, Leaf, SeriesLeaf, leaves_of
from parkopt.solve.offers import Change, amounts_by_step
from parkopt.solve.smallest import Moves

SOME = 0.05
"""First guess at a change, as a part of the field, where its unit says nothing."""
SAME = 1e-6
"""How near a bound is to a field's value, in its unit, where the field is that bound."""


class Parts:
    """The leaves of the promises of one offer, side by side."""

    def __init__(self, problem: Problem, promises: Sequence[Promise], guess: dict[int, Amounts]) -> None:
        self.problem, self.promises = problem, promises
        self.leaves: list[Leaf] = []
        self.set(guess)

    def set(self, guess: dict[int, Amounts]) -> None:
        """Take another guess; the leaves stay the same in number, in the same list."""
        self.guess = guess
        self.groups = {
            place: leaves_of(self.promises[place], self.problem, amounts) for place, amounts in guess.items()
        }
        self.leaves[:] = [leaf for group in self.groups.values() for leaf in group]
        self.moves = [
            _guessed(self.promises[place], leaf, self.guess[place])
            for place, group in self.groups.items()
            for leaf in group
        ]

    def unsure(self) -> Iterator[tuple[int, list[Leaf], int]]:
        """Yield promises whose amount does not say how far their fields move, their leaves and the first's place."""
        first = 0
        for place, group in self.groups.items():
            promise = self.promises[place]
            if self.guess[place] and any(isinstance(leaf, FieldLeaf) and _unsure(promise, leaf) for leaf in group):
                yield place, group, first
            first += len(group)

    def changes(self, moves: Moves) -> Iterator[Change]:
        """Yield the change of each promise that moves."""
        first = 0
        for place, group in self.groups.items():
            own, before = moves[first : first + len(group)], self.moves[first : first + len(group)]
            first += len(group)
            if any(own):
                yield _change(self.promises[place], group, own, (before, self.guess[place]))


def _guessed(promise: Promise, leaf: Leaf, amounts: Amounts) -> float:
    """Return how far a leaf moves where the elastic form lets its promise give way by some amounts."""
    if isinstance(leaf, SeriesLeaf):
        return 1.0
    if not amounts or not isinstance(leaf, FieldLeaf):
        return 0.0
    if _unsure(promise, leaf):
        return SOME * abs(leaf.found.value)
    if isinstance(promise.component, Vars) and promise.value is None:  # each of several limits holds its own steps
        upper, value = promise.component.upper, leaf.found.value
        return max((far for step, far in amounts.items() if abs(upper[step] - value) < SAME), default=0.0)
    far = Change(promise, amounts).amount
    return far / promise.per_unit if promise.per_unit > 0 else 0.0


def _unsure(promise: Promise, leaf: FieldLeaf) -> bool:
    """Return whether a promise's amount does not say how far its field moves."""
    quantity = leaf.found.quantity
    return promise.value is None and not (promise.raised and quantity is not None and quantity.unit == promise.unit)


def says_all(change: Change) -> bool:
    """Return whether a change's values say its amount."""
    units = {edit.unit for edit in change.edits if not isinstance(edit, SeriesEdit)}
    return change.promise.value is not None or (change.promise.raised and units <= {change.promise.unit})


def _change(promise: Promise, group: list[Leaf], moves: Moves, guessed: tuple[Moves, Amounts]) -> Change:
    """Return the change of one promise, its amounts those of what is edited."""
    edits = tuple(edit for leaf, move in zip(group, moves, strict=True) if (edit := leaf.edit(move)) is not None)
    before, amounts = guessed
    for leaf, move in zip(group, moves, strict=True):
        if isinstance(leaf, SeriesLeaf) and leaf.sign < 0:
            return Change(promise, amounts_by_step(leaf.by_step(move)), edits)
    as_guessed = all(leaf.rounded(old) == new for leaf, old, new in zip(group, before, moves, strict=True))
    if amounts and as_guessed and promise.unit != "h":
        return Change(promise, amounts, edits)
    far = max((abs(edit.new - edit.old) for edit in edits if not isinstance(edit, SeriesEdit)), default=0.0)
    step = max(amounts.items(), key=lambda item: item[1])[0] if amounts else 0
    return Change(promise, {step: far * promise.per_unit / (promise.hours if promise.unit == "h" else 1.0)}, edits)
