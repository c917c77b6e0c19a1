"""The day with every promise on a spring: the least priced slack that makes it feasible is a guess at the change.

``min sum w s`` with ``A x + S s`` in the rows' limits, and ``x - s <= upper`` where a bound gives way. A field is
one number for all steps: its slacks share a column that is at least each of them and bears the price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from parkopt.clock import FloatArray
from parkopt.models.algebra import Vars
from parkopt.models.build import Built
from parkopt.models.hub import Promise
from parkopt.park.asset import MAIN
from parkopt.solve._compiled import Compiled
from parkopt.solve.status import Limits, new_solver, outcome_of, pass_lp, run

SMALL = 1e-6
TIE = 1e-4
"""How much dearer each later promise is, so that of two alike the first gives way."""
SPRINGS = Limits(seconds=1.5, gap=1e-3)
Amounts = dict[int, float]
"""How far a promise gives way, by step (or by local day, as its rows are labelled)."""


@dataclass(frozen=True)
class Slack:
    """One priced way out: the row or column that it loosens, and by which sign."""

    promise: int
    step: int
    row: int | None
    column: int | None
    sign: float
    most: float = np.inf
    """How far it can give way: a load not below nothing."""


class Elastic:
    """The relaxed model with all slacks, solved again and again with some of them let loose."""

    def __init__(self, built: Built, form: Compiled, caps: Mapping[int, float] | None = None) -> None:
        """Take the model without binaries against opposite flows, and how far a promise's field can move at most."""
        self.promises = built.hub.promises
        self.slacks = [slack for place in range(len(self.promises)) for slack in _slacks(built, form, place)]
        self._first = len(form.lower)
        self._shared = [place for place, promise in enumerate(self.promises) if _is_one_number(promise)]
        self.form = _with_slacks(form, self.slacks, self._shared)
        self.cost = self._prices()
        self._most = np.asarray([slack.most for slack in self.slacks])
        self._of = np.asarray([slack.promise for slack in self.slacks], dtype=np.int64)
        self._capped = np.minimum(self._most, [(caps or {}).get(slack.promise, np.inf) for slack in self.slacks])
        self._solver = new_solver(SPRINGS)
        pass_lp(self._solver, self.form, self.cost, relaxed=True)

    def _prices(self) -> FloatArray:
        weights = np.asarray([p.weight * (1.0 + TIE * k) for k, p in enumerate(self.promises)])
        own = [weights[s.promise] * (SMALL if s.promise in self._shared else 1.0) for s in self.slacks]
        return np.concatenate([np.zeros(self._first), own, [weights[place] for place in self._shared]])

    def loosened(self, loose: Iterable[int], *, freely: bool = False) -> dict[int, Amounts] | None:
        """Return how far each of some promises gives way in the relaxation, or None where that does not suffice.

        With `freely` they give way further than their fields can move.
        """
        upper = self._upper(loose, self._most if freely else self._capped)
        columns = np.arange(self._first, self._first + len(upper), dtype=np.int32)
        self._solver.changeColsBounds(len(columns), columns, np.zeros(len(upper)), upper)
        self._solver.run()
        if outcome_of(self._solver) != "optimal":
            return None
        return self._read(np.asarray(self._solver.getSolution().col_value))

    def loosened_whole(self, loose: Iterable[int]) -> dict[int, Amounts] | None:
        """Return the same with whole numbers, or None where nothing is found in time."""
        upper = self.form.upper.copy()
        upper[self._first : self._first + len(self.slacks)] = self._upper(loose, self._capped)
        raw = run(replace(self.form, upper=upper), self.cost, SPRINGS)
        return self._read(raw.x) if raw.outcome in ("optimal", "time_limit") else None

    def _upper(self, loose: Iterable[int], most: FloatArray) -> FloatArray:
        return np.where(np.isin(self._of, list(loose)), most, 0.0)

    def _read(self, x: FloatArray) -> dict[int, Amounts]:
        found: dict[int, Amounts] = {}
        amounts = x[self._first : self._first + len(self.slacks)]
        for index in np.flatnonzero(amounts > SMALL):
            slack = self.slacks[index]
            found.setdefault(slack.promise, {})[slack.step] = float(amounts[index])
        return found


def _is_one_number(promise: Promise) -> bool:
    """Return whether a promise moves by its largest step; energies and hours add up."""
    return isinstance(promise.component, Vars) or (promise.raised and promise.unit != "h")


def _slacks(built: Built, form: Compiled, place: int) -> Iterator[Slack]:
    """Yield the ways out of one promise: more supply in the balance, a higher bound, a looser row."""
    promise, buses = built.hub.promises[place], built.hub.buses
    fixed = built.hub.series.get(promise.asset, {}).get(promise.series)
    if promise.component is None:  # a load: serve less of it
        assert fixed is not None
        for step, row in built.balance[promise.bus or buses.get(promise.asset, MAIN)].items():
            yield Slack(place, step, row, None, 1.0, float(fixed[step]))
        return
    by_step = fixed is not None and len(promise.component) == len(fixed)
    for index, (step, where) in enumerate(promise.component.items()):
        if isinstance(promise.component, Vars):
            yield Slack(place, step, None, where, 1.0)
        else:
            sign = promise.sign or (-1.0 if np.isinf(form.row_lower[where]) else 1.0)
            yield Slack(
                place, step, where, None, sign, float(fixed[index]) if by_step and fixed is not None else np.inf
            )


def _with_slacks(form: Compiled, slacks: Sequence[Slack], shared: Sequence[int]) -> Compiled:
    """Return the problem with one more column a slack, and one for each number that is shared by several."""
    bounds = [index for index, slack in enumerate(slacks) if slack.column is not None]
    columns = [column for slack in slacks if (column := slack.column) is not None]
    rows = sp.hstack([form.matrix, _on_rows(form, slacks), sp.csr_matrix((len(form.row_lower), len(shared)))])
    loosened, tied = _on_bounds(slacks, bounds, shared, len(form.lower))
    upper, extra = form.upper.copy(), len(slacks) + len(shared)
    upper[columns] = np.inf
    return replace(
        form,
        matrix=sp.vstack([rows, loosened, tied]).tocsc(),
        row_lower=np.concatenate([form.row_lower, np.full(len(bounds) + tied.shape[0], -np.inf)]),
        row_upper=np.concatenate([form.row_upper, form.upper[columns], np.zeros(tied.shape[0])]),
        lower=np.concatenate([form.lower, np.zeros(extra)]),
        upper=np.concatenate([upper, [slack.most for slack in slacks], np.full(len(shared), np.inf)]),
        integer=np.concatenate([form.integer, np.zeros(extra, dtype=bool)]),
    )


def _on_rows(form: Compiled, slacks: Sequence[Slack]) -> Any:
    """Return the columns of the slacks in the rows that they loosen."""
    placed = [(slack.row, index, slack.sign) for index, slack in enumerate(slacks) if slack.row is not None]
    rows, columns, signs = zip(*placed, strict=True) if placed else ((), (), ())
    return sp.coo_matrix((signs, (rows, columns)), shape=(len(form.row_lower), len(slacks)))


def _on_bounds(slacks: Sequence[Slack], bounds: Sequence[int], shared: Sequence[int], n: int) -> tuple[Any, Any]:
    """Return the rows ``x - slack <= limit`` and ``slack - shared <= 0``."""
    width, many = n + len(slacks) + len(shared), np.arange(len(bounds))
    at = np.asarray([slacks[index].column for index in bounds], dtype=np.int64)
    own = n + np.asarray(bounds, dtype=np.int64)
    ones = np.ones(len(bounds))
    entries = (np.concatenate([ones, -ones]), (np.tile(many, 2), np.concatenate([at, own])))
    place = {promise: n + len(slacks) + index for index, promise in enumerate(shared)}
    tied = [index for index, slack in enumerate(slacks) if slack.promise in place]
    rows, plus = np.arange(len(tied)), n + np.asarray(tied, dtype=np.int64)
    minus = np.asarray([place[slacks[index].promise] for index in tied], dtype=np.int64)
    both = (np.repeat([1.0, -1.0], len(tied)), (np.tile(rows, 2), np.concatenate([plus, minus])))
    return sp.coo_matrix(entries, shape=(len(bounds), width)), sp.coo_matrix(both, shape=(len(tied), width))
