"""From pydantic's findings to faults of a park file: place, words in two languages, remedy."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from parkopt.errors import InputFault, ParkoptError, Text, Where
from parkopt.faults import MissingKey, UnknownKey, WrongValue
from parkopt.units import Quantity

Place = Callable[..., Where]

CHINESE = {
    "literal_error": "应为 {expected}",
    "enum": "应为 {expected}",
    "string_pattern_mismatch": "应符合 {pattern}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "greater_than": "应大于 {gt}",
    "less_than": "应小于 {lt}",
    "float_parsing": "应为数值",
    "float_type": "应为数值",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "string_type": "应为文本",
    "string_too_short": "文本过短",
    "dict_type": "应为键值映射",
    "model_type": "应为键值映射",
    "list_type": "应为列表",
    "too_short": "项数过少",
    "too_long": "项数过多",
    "window": "时段应写作 14-22 或 19:30-21:30",
    "months": "每个月必须且只能属于一个季节",
    "energy": "flat、time_of_use、by_hour、series 须且只能给出一个",
    "export": "price 与 of_energy 须且只能给出一个",
    "multipliers": "时段 {name} 没有倍率",
    "order": "{low} 不得大于 {high}",
    "one_of": "{names} 须且只能给出一个",
}


def faults_of(
    error: ValidationError, model: type[BaseModel], place: Place, at: Sequence[str | int]
) -> list[ParkoptError]:
    """Return one fault for each finding of pydantic.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    model : type
        The class that was validated.
    place : callable
        Gives the `Where` of a path (`yaml.Document.where`).
    at : sequence
        Path of the validated part within the file.
    """
    return [_fault(item, model, place, at) for item in error.errors(include_url=False)]


def _fault(item: ErrorDetails, model: type[BaseModel], place: Place, at: Sequence[str | int]) -> ParkoptError:
    loc = [*at, *item["loc"]]
    context: dict[str, Any] = item.get("ctx", {})
    known: object = context.get("fault")
    if isinstance(known, InputFault):
        return type(known)(place(loc), **known.facts)
    if item["type"] == "missing":
        field = _field(model, item["loc"])
        return MissingKey(place(loc[:-1]), key=loc[-1], example=f"{loc[-1]}: {_example(field)}")
    if item["type"] == "extra_forbidden":
        keys = _keys(model, item["loc"][:-1])
        near = difflib.get_close_matches(str(loc[-1]), keys, n=1)
        hint = Text(f"; did you mean {near[0]!r}?", f"；是否想写 {near[0]!r}？") if near else ""
        return UnknownKey(place(loc, at_key=True), key=loc[-1], hint=hint, known=", ".join(sorted(keys)))
    return WrongValue(place(loc), value=item["input"], reason=_reason(item, context))


def _reason(item: ErrorDetails, context: dict[str, Any]) -> Text:
    chinese = CHINESE.get(item["type"], item["msg"])
    return Text(item["msg"][:1].lower() + item["msg"][1:], chinese.format(**context))


def _keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    part = _part(model, loc)
    return list(part.model_fields) if part else []


def _part(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    part: type[BaseModel] | None = model
    for name in loc:
        if part is None:
            return None
        if isinstance(name, int) or name not in part.model_fields:
            continue  # an index, or a key of a mapping: the type inside was found already
        part = next(_models(part.model_fields[name].annotation), None)
    return part


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _field(model: type[BaseModel], loc: Sequence[str | int]) -> Any:
    part = _part(model, loc[:-1])
    return part.model_fields.get(str(loc[-1])) if part else None


def _example(field: Any) -> str:
    rules = [rule for rule in getattr(field, "metadata", ()) if isinstance(rule, Quantity)]
    return rules[0].example if rules else "..."
