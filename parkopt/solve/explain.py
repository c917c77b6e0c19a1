"""An infeasible day in the park's own words: which promises conflict, and the smallest change.

Each promise gets a priced slack; the least priced slack that makes the day feasible is
the conflict. Then each promise is tried alone, so that the answer can offer a choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from parkopt.clock import FloatArray
from parkopt.errors import Text
from parkopt.faults import Infeasible
from parkopt.models.algebra import Vars
from parkopt.models.build import Built, Problem, build
from parkopt.models.hub import MAIN, Hub, Promise
from parkopt.solve._compiled import Compiled, compiled
from parkopt.solve.status import Limits, run

SMALL = 1e-6
MANY = 1000
"""Amounts from here on are said in whole numbers."""
QUICK = Limits(seconds=5.0, gap=1e-3)


@dataclass(frozen=True)
class Slack:
    """One priced way out: the row or column that it loosens, and by which sign."""

    promise: Promise
    step: int
    row: int | None
    column: int | None
    sign: float
    most: float = np.inf
    """How far it can give way: a load not below nothing."""


@dataclass(frozen=True)
class Change:
    """How far one promise must give way, step by step."""

    promise: Promise
    by_step: dict[int, float]

    @property
    def most(self) -> tuple[int, float]:
        """The step where it gives way most, and by how much."""
        return max(self.by_step.items(), key=lambda item: item[1])

    @property
    def amount(self) -> float:
        """How far the promise moves: a limit by its largest step, energy by the sum of the steps."""
        if self.promise.raised:
            return self.most[1]
        return sum(self.by_step.values()) * self.promise.hours


def explain(problem: Problem) -> Infeasible:
    """Return the error that names the promises in conflict and changes that would do.

    The model is built anew without binaries against opposite flows: their rows hold the limits
    too, and would hide that a limit can give way.
    """
    built = build(replace(problem, exclusive=frozenset()))
    form = compiled(built)
    slacks = list(_slacks(built, form))
    together = _changes(form, slacks) or []
    alone = [_changes(form, [s for s in slacks if s.promise is promise]) for promise in _promises(slacks)]
    single = [changes[0] for changes in alone if changes]
    offers = [[change] for change in sorted(single, key=_size)] or [together]
    conflict = [c.promise.says for c in together] if together else []
    return Infeasible(
        conflicts=_join(conflict or [Text("the assets' own limits", "设备自身的限制")], Text(", ", "、")),
        changes=_join([_offer(offer, built.hub) for offer in offers if offer] or [_nothing()], Text("; or ", "；或")),
    )


def _nothing() -> Text:
    return Text("none found by loosening one kind of promise", "放宽任何一类约束都不够")


def _size(change: Change) -> float:
    return change.amount * change.promise.weight


def _promises(slacks: Sequence[Slack]) -> list[Promise]:
    return list({id(slack.promise): slack.promise for slack in slacks}.values())


def _slacks(built: Built, form: Compiled) -> Iterable[Slack]:
    """Yield the ways out: more supply in the balance, a higher bound, a looser row."""
    buses = built.hub.buses
    for promise in built.hub.promises:
        if promise.component is None:  # a load: serve less of it
            whole = built.hub.series[promise.asset][promise.series]
            for step, row in built.balance[promise.bus or buses.get(promise.asset, MAIN)].items():
                yield Slack(promise, step, row, None, 1.0, float(whole[step]))
            continue
        for step, place in promise.component.items():
            if isinstance(promise.component, Vars):
                yield Slack(promise, step, None, place, 1.0)
            else:
                sign = promise.sign or (-1.0 if np.isinf(form.row_lower[place]) else 1.0)
                yield Slack(promise, step, place, None, sign)


def _changes(form: Compiled, slacks: Sequence[Slack]) -> list[Change] | None:
    """Return the least priced changes that make the day feasible, or None where they cannot."""
    elastic, weights = _elastic(form, slacks)
    raw = run(elastic, weights, QUICK)
    if raw.outcome not in ("optimal", "time_limit"):
        return None
    first = len(form.lower)
    amounts = raw.x[first : first + len(slacks)]
    found: dict[int, Change] = {}
    for slack, amount in zip(slacks, amounts, strict=True):
        if amount > SMALL:
            change = found.setdefault(id(slack.promise), Change(slack.promise, {}))
            change.by_step[slack.step] = float(amount)
    return list(found.values())


def _elastic(form: Compiled, slacks: Sequence[Slack]) -> tuple[Compiled, FloatArray]:
    """Return the problem with one more column a slack, and the price of each column.

    A limit is one number for all steps: what counts is how far it moves at most, so the steps
    of such a promise share one more column that is at least each of them and bears the price.
    """
    n, many = len(form.lower), len(slacks)
    limits = list({id(s.promise): s.promise for s in slacks if s.column is not None}.values())
    rows = sp.hstack([form.matrix, _on_rows(form, slacks), sp.csr_matrix((len(form.row_lower), len(limits)))])
    bounds = [index for index, slack in enumerate(slacks) if slack.column is not None]
    loosened, shared = _on_bounds(slacks, bounds, limits, n)
    columns = [column for slack in slacks if (column := slack.column) is not None]
    upper = form.upper.copy()
    upper[columns] = np.inf
    extra = many + len(limits)
    elastic = replace(
        form,
        matrix=sp.vstack([rows, loosened, shared]).tocsc(),
        row_lower=np.concatenate([form.row_lower, np.full(2 * len(bounds), -np.inf)]),
        row_upper=np.concatenate([form.row_upper, form.upper[columns], np.zeros(len(bounds))]),
        lower=np.concatenate([form.lower, np.zeros(extra)]),
        upper=np.concatenate([upper, [slack.most for slack in slacks], np.full(len(limits), np.inf)]),
        integer=np.concatenate([form.integer, np.zeros(extra, dtype=bool)]),
    )
    own = [slack.promise.weight * (1.0 if slack.column is None else SMALL) for slack in slacks]
    return elastic, np.concatenate([np.zeros(n), own, [promise.weight for promise in limits]])


def _on_rows(form: Compiled, slacks: Sequence[Slack]) -> Any:
    """Return the columns of the slacks in the rows that they loosen."""
    placed = [(slack.row, index, slack.sign) for index, slack in enumerate(slacks) if slack.row is not None]
    rows, columns, signs = zip(*placed, strict=True) if placed else ((), (), ())
    return sp.coo_matrix((signs, (rows, columns)), shape=(len(form.row_lower), len(slacks)))


def _on_bounds(slacks: Sequence[Slack], bounds: Sequence[int], limits: Sequence[Promise], n: int) -> tuple[Any, Any]:
    """Return the rows ``x - slack <= limit`` and ``slack - shared <= 0``."""
    width = n + len(slacks) + len(limits)
    loosened, shared = sp.lil_matrix((len(bounds), width)), sp.lil_matrix((len(bounds), width))
    place = {id(promise): n + len(slacks) + index for index, promise in enumerate(limits)}
    for row, index in enumerate(bounds):
        loosened[row, slacks[index].column] = 1.0
        loosened[row, n + index] = -1.0
        shared[row, n + index] = 1.0
        shared[row, place[id(slacks[index].promise)]] = -1.0
    return loosened, shared


def _offer(changes: Sequence[Change], hub: Hub) -> Text:
    return _join([_words(change, hub) for change in changes], Text(" and ", "，同时"))


def _words(change: Change, hub: Hub) -> Text:
    """Say how far a field must move: as its new value where the park file has one, else as an amount."""
    promise, amount = change.promise, _number(change.amount)
    en, zh = ("raise", "提高") if promise.raised else ("lower", "降低")
    new_en, new_zh = _new_value(promise, change.amount)
    when = hub.grid.label(change.most[0])[-5:]
    most_en, most_zh = (f", most at {when}", f"，{when} 最多") if len(change.by_step) > 1 else ("", "")
    return Text(
        f"{en} {promise.name} by {amount} {promise.unit}{new_en}{most_en}",
        f"把 {promise.name} {zh} {amount} {promise.unit}{new_zh}{most_zh}",
    )


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= MANY else f"{amount:.3g}"


def _new_value(promise: Promise, amount: float) -> tuple[str, str]:
    if promise.value is None or promise.per_unit <= 0:
        return "", ""
    scale = 100 if promise.unit == "MW" else 1000
    moved = amount / promise.per_unit
    if promise.raised:  # rounded to the side that surely suffices
        new = np.ceil((promise.value + moved) * scale - SMALL) / scale
    else:
        new = np.floor((promise.value - moved) * scale + SMALL) / scale
    unit = " MW" if promise.unit == "MW" else ""
    return f" (from {promise.value:g} to {new:g}{unit})", f"（由 {promise.value:g} 到 {new:g}{unit}）"


def _join(texts: Sequence[Any], between: Text) -> Text:
    return Text(between.en.join(t.en for t in texts), between.zh.join(t.zh for t in texts))
