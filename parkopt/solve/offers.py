"""An offer: the fields that would have to give way for a day to be feasible, in words, as data, and applied.

Words and data come from the same edits, so what is said is what `Offer.apply` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from parkopt.clock import FloatArray, TimeGrid
from parkopt.errors import Language, Text
from parkopt.models.build import Problem
from parkopt.models.hub import Promise
from parkopt.solve.edits import Edit, FieldEdit, Found, SeriesEdit, StateEdit, applied
from parkopt.solve.levers import FieldLeaf

MANY = 1000
"""Amounts from here on are said in whole numbers."""
SMALL = 1e-6


@dataclass(frozen=True)
class Change:
    """How far one promise must give way, and what that edits."""

    promise: Promise
    by_step: dict[int, float]
    """Amount in the promise's unit by step; hours and energies of powers are those of the step."""
    edits: tuple[Edit, ...] = ()

    @property
    def most(self) -> tuple[int, float]:
        """The step where it gives way most, and by how much."""
        return max(self.by_step.items(), key=lambda item: item[1])

    @property
    def amount(self) -> float:
        """How far the promise moves: a limit by its largest step, energy by the sum of the steps."""
        if _is_one_number(self.promise):
            return self.most[1]
        return sum(self.by_step.values()) * self.promise.hours

    @property
    def size(self) -> float:
        """What it costs: amount times weight."""
        return self.amount * self.promise.weight

    def words(self, grid: TimeGrid) -> Text:
        """Say how far it must move: as a new value where the park file has one, else as an amount."""
        name, amount = self.promise.name, number(self.amount)
        unit = f" {self.promise.unit}" if self.promise.unit else ""
        en, zh = ("raise", "提高") if self.promise.raised else ("lower", "降低")
        new_en, new_zh = self._new_values()
        when = self._when(grid)
        most_en, most_zh = (f", most at {when}", f"，{when} 最多") if when else ("", "")
        if self.promise.value is None:  # whose values they are is said one by one, after the whole
            new_en, most_en, new_zh, most_zh = most_en, new_en, most_zh, new_zh
        return Text(
            f"{en} {name} by {amount}{unit}{new_en}{most_en}", f"把 {name} {zh} {amount}{unit}{new_zh}{most_zh}"
        )

    def _when(self, grid: TimeGrid) -> str:
        """Return the time of the step where it gives way most, where they differ."""
        amounts = list(self.by_step.values())
        if len(amounts) < 2 or max(self.by_step) >= grid.n or min(amounts) > max(amounts) - SMALL:  # noqa: PLR2004
            return ""
        return grid.label(self.most[0])[-5:]

    def _new_values(self) -> tuple[str, str]:
        edits = [edit for edit in (self.edits or self._expected()) if not isinstance(edit, SeriesEdit)]
        if not edits:
            return "", ""
        said_en, said_zh = zip(*(self._value(edit, named=len(edits) > 1) for edit in edits), strict=True)
        return f" ({', '.join(said_en)})", f"（{'，'.join(said_zh)}）"

    def _value(self, edit: FieldEdit | StateEdit, *, named: bool) -> tuple[str, str]:
        own = self.promise.value is not None  # its unit is the promise's, or a share of it
        unit = edit.unit if not own or self.promise.unit == "MW" else ""
        tail = f" {unit}" if unit else ""
        odd = isinstance(edit, StateEdit) or (edit.name != self.promise.name and "[" not in self.promise.name)
        head = f"{edit.name} " if named or odd else ""
        old, new = plain(edit.old), plain(edit.new)
        return f"{head}from {old} to {new}{tail}", f"{head}由 {old} 到 {new}{tail}"

    def _expected(self) -> tuple[Edit, ...]:
        """Return the new value that the amount comes to, where nothing was tried."""
        promise = self.promise
        if promise.value is None or promise.per_unit <= 0:
            return ()
        found = Found((promise.name.partition(".")[2],), promise.value, None)
        leaf = FieldLeaf(promise.asset, found, promise.raised, 10.0**-3 if promise.unit != "MW" else 0.01)
        edit = leaf.edit(leaf.rounded(self.amount / promise.per_unit))
        return () if edit is None else (edit,)

    def as_dict(self, grid: TimeGrid) -> dict[str, object]:
        """Return the change as plain data; times are starts of steps with their offset."""
        steps = {step: amount for step, amount in sorted(self.by_step.items()) if step < grid.n}
        return {
            "field": self.promise.name,
            "direction": "raise" if self.promise.raised else "lower",
            "by": _short(self.amount),
            "unit": self.promise.unit,
            "values": [_value_as_dict(edit) for edit in self.edits if not isinstance(edit, SeriesEdit)],
            "by_step": [
                {"time": grid.local[step].isoformat(), "by": _short(amount * self.promise.hours)}
                for step, amount in (steps.items() if len(steps) > 1 or self._is_series else ())
            ],
        }

    @property
    def _is_series(self) -> bool:
        return any(isinstance(edit, SeriesEdit) for edit in self.edits)


@dataclass(frozen=True)
class Offer:
    """Changes that together, and no part of them alone, make the day feasible."""

    changes: tuple[Change, ...]
    grid: TimeGrid = field(repr=False)

    @property
    def size(self) -> float:
        """What it costs, by which offers are ordered."""
        return sum(change.size for change in self.changes)

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """All that it edits."""
        return tuple(edit for change in self.changes for edit in change.edits)

    @property
    def words(self) -> Text:
        """The offer in both languages."""
        return joined([change.words(self.grid) for change in self.changes], Text(" and ", "，同时"))

    def apply(self, problem: Problem) -> Problem:
        """Return the problem with the park's fields, series and state changed as the words say.

        Raises
        ------
        pydantic.ValidationError
            Where another problem's park refuses a value.
        """
        return applied(problem, self.edits)

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return the offer as plain data, for ``--json`` and problem+json."""
        return {"says": getattr(self.words, lang), "changes": [change.as_dict(self.grid) for change in self.changes]}


def _is_one_number(promise: Promise) -> bool:
    """Return whether a promise moves by its largest step; hours and energies without a value add up."""
    return promise.raised or (promise.value is not None and promise.unit != "h")


def _value_as_dict(edit: FieldEdit | StateEdit) -> dict[str, object]:
    return {"field": edit.name, "from": _short(edit.old), "to": _short(edit.new), "unit": edit.unit}


def _short(value: float) -> float:
    return float(f"{value:.9g}")


def plain(value: float) -> str:
    """Return a field's value as one would write it."""
    return f"{value:.10g}"


def number(amount: float) -> str:
    """Return an amount in three digits, or in whole numbers."""
    return f"{amount:,.0f}" if amount >= MANY else f"{amount:.3g}"


def in_own_unit(change: Change) -> Change:
    """Return a change whose amount is said in the unit of its field, by its largest move."""
    moved = [(abs(edit.new - edit.old), edit.unit) for edit in change.edits if not isinstance(edit, SeriesEdit)]
    if not moved:
        return change
    amount, unit = max(moved)
    return replace(change, promise=replace(change.promise, unit=unit, hours=1.0), by_step={change.most[0]: amount})


def joined(texts: Sequence[Text], between: Text) -> Text:
    """Return several texts as one."""
    return Text(between.en.join(t.en for t in texts), between.zh.join(t.zh for t in texts))


def amounts_by_step(values: FloatArray) -> dict[int, float]:
    """Return the steps that give way, and by how much."""
    return {int(step): float(values[step]) for step in np.flatnonzero(values > 0.0)}
