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
from parkopt.models.base import Hub, Promise
from parkopt.models.build import Built
from parkopt.solve._compiled import Compiled
from parkopt.solve.status import Limits, run

SMALL = 1e-6
QUICK = Limits(seconds=5.0, gap=1e-3)


@dataclass(frozen=True)
class Slack:
    """One priced way out: the row or column that it loosens, and by which sign."""

    promise: Promise
    step: int
    row: int | None
    column: int | None
    sign: float


@dataclass(frozen=True)
class Change:
    """How far one promise must give way, step by step."""

    promise: Promise
    by_step: dict[int, float]

    @property
    def most(self) -> tuple[int, float]:
        """The step where it gives way most, and by how much."""
        return max(self.by_step.items(), key=lambda item: item[1])


def explain(built: Built, compiled: Compiled) -> Infeasible:
    """Return the error that names the promises in conflict and changes that would do."""
    slacks = list(_slacks(built, compiled))
    together = _changes(compiled, slacks) or []
    alone = [_changes(compiled, [s for s in slacks if s.promise is promise]) for promise in _promises(slacks)]
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
    return sum(change.by_step.values()) * change.promise.weight


def _promises(slacks: Sequence[Slack]) -> list[Promise]:
    return list({id(slack.promise): slack.promise for slack in slacks}.values())


def _slacks(built: Built, compiled: Compiled) -> Iterable[Slack]:
    """Yield the ways out: more supply in the balance, a higher bound, a looser row."""
    for promise in built.hub.promises:
        if promise.component is None:  # a load: serve less of it
            for step, row in built.model.balance.items():
                if id(row) in compiled.row:
                    yield Slack(promise, step, compiled.row[id(row)], None, 1.0)
            continue
        for step, part in promise.component.items():
            if id(part) in compiled.column:
                yield Slack(promise, step, None, compiled.column[id(part)], 1.0)
            elif id(part) in compiled.row:
                row_index = compiled.row[id(part)]
                sign = promise.sign or (-1.0 if np.isinf(compiled.row_lower[row_index]) else 1.0)
                yield Slack(promise, step, row_index, None, sign)


def _changes(compiled: Compiled, slacks: Sequence[Slack]) -> list[Change] | None:
    """Return the least priced changes that make the day feasible, or None where they cannot."""
    elastic, weights = _elastic(compiled, slacks)
    raw = run(elastic, weights, QUICK)
    if raw.outcome not in ("optimal", "time_limit"):
        return None
    amounts = raw.x[len(compiled.lower) :]
    found: dict[int, Change] = {}
    for slack, amount in zip(slacks, amounts, strict=True):
        if amount > SMALL:
            change = found.setdefault(id(slack.promise), Change(slack.promise, {}))
            change.by_step[slack.step] = float(amount)
    return list(found.values())


def _elastic(compiled: Compiled, slacks: Sequence[Slack]) -> tuple[Compiled, FloatArray]:
    """Return the problem with one more column a slack, and the price of each column."""
    n, m = len(compiled.lower), len(compiled.row_lower)
    bounds = [slack for slack in slacks if slack.column is not None]
    on_rows = sp.coo_matrix(
        ([s.sign for s in slacks if s.row is not None],
         ([s.row for s in slacks if s.row is not None], [i for i, s in enumerate(slacks) if s.row is not None])),
        shape=(m, len(slacks)),
    )  # fmt: skip
    place = {id(slack): index for index, slack in enumerate(slacks)}
    extra = sp.lil_matrix((len(bounds), n + len(slacks)))
    upper = compiled.upper.copy()
    limits: list[float] = []
    for index, slack in enumerate(bounds):
        assert slack.column is not None
        extra[index, slack.column] = 1.0
        extra[index, n + place[id(slack)]] = -1.0
        limits.append(float(compiled.upper[slack.column]))
        upper[slack.column] = np.inf
    matrix = sp.vstack([sp.hstack([compiled.matrix, on_rows]), extra]).tocsc()
    many = len(slacks)
    elastic = replace(
        compiled,
        offset=0.0,
        matrix=matrix,
        row_lower=np.concatenate([compiled.row_lower, np.full(len(bounds), -np.inf)]),
        row_upper=np.concatenate([compiled.row_upper, limits]),
        lower=np.concatenate([compiled.lower, np.zeros(many)]),
        upper=np.concatenate([upper, np.full(many, np.inf)]),
        integer=np.concatenate([compiled.integer, np.zeros(many, dtype=bool)]),
    )
    weights = np.concatenate([np.zeros(n), [slack.promise.weight for slack in slacks]])
    return elastic, weights


def _offer(changes: Sequence[Change], hub: Hub) -> Text:
    return _join([_words(change, hub) for change in changes], Text(" and ", "，同时"))


def _words(change: Change, hub: Hub) -> Text:
    """Say how far a field must move: as its new value where the park file has one, else as an amount."""
    step, most = change.most
    promise = change.promise
    amount = most if promise.name.endswith("import_limit") else sum(change.by_step.values())
    en, zh = ("raise", "提高") if promise.raised else ("lower", "降低")
    when = hub.grid.label(step)[-5:]
    new_en, new_zh = _new_value(promise, amount)
    many = len(change.by_step) > 1
    return Text(
        f"{en} {promise.name} by {amount:.3g} {promise.unit}{new_en}"
        + (f", most at {when}" if many or not new_en else ""),
        f"把 {promise.name} {zh} {amount:.3g} {promise.unit}{new_zh}"
        + (f"，{when} 最多" if many or not new_zh else ""),
    )


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
