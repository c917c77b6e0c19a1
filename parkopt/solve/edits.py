"""Changes of a problem that an offer proposes: a field of the park file, a series, a figure of the state.

A field is changed in the file's own form and read again, so that whatever the park file's reader
would refuse is refused here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

import numpy as np
from annotated_types import Gt
from pydantic import BaseModel

from parkopt.clock import FloatArray
from parkopt.models.build import Problem
from parkopt.models.policy import RULES
from parkopt.units import Quantity

Path = tuple[str | int, ...]
"""Names, keys and places from an asset (or the rules) down to a number."""
_WORD = re.compile(r"\[[^\]]*\]|[^.\[\]]+")


@dataclass(frozen=True)
class FieldEdit:
    """A new value of a field of the park file."""

    owner: str
    """Asset, or `rules`."""
    path: Path
    unit: str
    old: float
    new: float

    @property
    def name(self) -> str:
        """The field as the park file's people say it: ``grid.import_limits[0].limit``."""
        parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path]
        return self.owner + "".join(parts)


@dataclass(frozen=True)
class SeriesEdit:
    """What is added to a series of one asset, step by step; shape (n,)."""

    asset: str
    series: str
    added: FloatArray


@dataclass(frozen=True)
class StateEdit:
    """A new figure in the state of one asset."""

    asset: str
    key: str
    unit: str
    old: float
    new: float

    @property
    def name(self) -> str:
        """Where it stands in the state."""
        return f"state.{self.asset}.{self.key}"


Edit = FieldEdit | SeriesEdit | StateEdit


@dataclass(frozen=True)
class Found:
    """A number in a part of the park file: where it stands, and how it is written."""

    path: Path
    value: float
    quantity: Quantity | None
    positive: bool = False
    """Whether it must be above 0."""


def numbers_at(part: Any, name: str) -> Iterator[Found]:
    """Yield the numbers that a field's name means.

    A list without a place means all its elements; ``[18:00]`` means those that have such a value in any field.
    """
    yield from _numbers(part, _WORD.findall(name), (), ())


def _numbers(part: Any, words: Sequence[str], path: Path, hints: Sequence[Any]) -> Iterator[Found]:
    if isinstance(part, list | tuple):
        chosen = words[0][1:-1] if words and words[0].startswith("[") else None
        for place, element in enumerate(part):
            if chosen is None or _is(element, place, chosen):
                yield from _numbers(element, words if chosen is None else words[1:], (*path, place), hints)
    elif not words:
        if isinstance(part, int | float) and not isinstance(part, bool):
            yield Found(path, float(part), _quantity(hints), any(isinstance(hint, Gt) for hint in hints))
    elif isinstance(part, BaseModel) and words[0] in type(part).model_fields:
        info = type(part).model_fields[words[0]]
        of_it = (*info.metadata, info.annotation)
        yield from _numbers(getattr(part, words[0]), words[1:], (*path, words[0]), of_it)
    elif isinstance(part, Mapping):
        key = ".".join(words)
        if key in part:
            yield from _numbers(part[key], (), (*path, key), hints)


def _is(element: Any, place: int, chosen: str) -> bool:
    return chosen == str(place) or (isinstance(element, BaseModel) and chosen in map(str, dict(element).values()))


def _quantity(hints: Sequence[Any]) -> Quantity | None:
    """Return the quantity among a field's hints, `X | None` and `dict[str, X]` looked through."""
    for hint in hints:
        found = hint if isinstance(hint, Quantity) else _quantity(get_args(hint))
        if found is not None:
            return found
    return None


def part_of(problem: Problem, owner: str) -> BaseModel | None:
    """Return an asset of the park, or its rules."""
    return cast(BaseModel, problem.park.rules) if owner == RULES else problem.park.assets.get(owner)


def applied(problem: Problem, edits: Sequence[Edit]) -> Problem:
    """Return the problem with all edits made.

    Raises
    ------
    pydantic.ValidationError
        Where the park file's reader refuses a value.
    """
    park, series, state = problem.park, dict(problem.series), problem.state
    fields = [edit for edit in edits if isinstance(edit, FieldEdit)]
    for owner in dict.fromkeys(edit.owner for edit in fields):
        part = part_of(problem, owner)
        assert part is not None
        changed = _reread(part, [edit for edit in fields if edit.owner == owner])
        where = {"rules": changed} if owner == RULES else {"assets": {**park.assets, owner: cast(Any, changed)}}
        park = park.model_copy(update=where)
    for edit in edits:
        if isinstance(edit, SeriesEdit):
            own = series[edit.asset]
            series[edit.asset] = {**own, edit.series: np.maximum(own[edit.series] + edit.added, 0.0)}
        elif isinstance(edit, StateEdit):
            one = state.of(edit.asset).model_copy(update={edit.key: edit.new})
            state = state.model_copy(update={"assets": {**state.assets, edit.asset: one}})
    return replace(problem, park=park, series=series, state=state)


def _reread(part: BaseModel, edits: Sequence[FieldEdit]) -> BaseModel:
    """Write a part as the park file would, change it there, and read it."""
    body = part.model_dump(mode="json", exclude_unset=True)
    for edit in edits:
        place: Any = body
        for step in edit.path[:-1]:
            place = place[step]
        place[edit.path[-1]] = f"{edit.new!r} {edit.unit}" if edit.unit else edit.new
    return type(part).model_validate(body)
