"""From pydantic's findings to faults of a park file: place, words in two languages, remedy."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from parkopt.errors import InputFault, ParkoptError, Text, Where
from parkopt.faults import MissingKey, UnknownKey, WrongValue
from parkopt.units import Quantity

Place = Callable[..., Where]

CHINESE = {
    "shares": "各 share 之和为 {sum}，应为 1",
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
    "union_tag_invalid": "应为 {expected_tags}",
    "window": "时段应写作 14-22 或 19:30-21:30",
    "months": "每个月必须且只能属于一个季节",
    "energy": "flat、time_of_use、by_hour、series 须且只能给出一个",
    "export": "price 与 of_energy 须且只能给出一个",
    "multipliers": "时段 {name} 没有倍率",
    "unit": "min 与 max 之间没有整数台",
    "needs": "{name} 需要同时给出 {wanted}",
    "round_trip": "round_trip_efficiency 与单向效率不一致，请只给出一种",
    "depths": "depth 与 cost 须逐段递增，且末段 depth 为 1",
    "other_bus": "to_bus 须与 bus 不同",
    "order": "{low} 不得大于 {high}",
    "form": "{form} 需要 {wanted}，不能有 {other}",
    "stay": "leave 不得等于 arrive：不清楚是 0 小时还是 24 小时",
    "one_of": "{names} 须且只能给出一个",
    "hard_priced": "{name} 不能既为硬约束又有价格",
    "plan": "carbon_pace: plan 须且只有它须给出合计为 1 的十二个月份额 carbon_plan",
    "asks_nothing": "须给出 share 或 enterprises",
    "date_from_datetime_parsing": "日期应写作 2026-10-01",
    "date_parsing": "日期应写作 2026-10-01",
    "date_from_datetime_inexact": "日期应写作 2026-10-01",
    "date_type": "日期应写作 2026-10-01",
    "at_most_one": "{names} 最多只能给出一个",
    "any_of": "{names} 至少须给出一个",
    "hydrogen_bus": "{name} 不是氢母线：其上为电力",
    "heat_bus": "{name} 不是热力母线：其上为电力",
    "rising": "{name} 须逐行递增",
    "name_taken": "名称 {name} 已被占用",
    "not_with": "{name} 不能与 {other} 同时给出",
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
    _, path = _walk(model, item["loc"])
    loc = [*at, *path]
    context: dict[str, Any] = item.get("ctx", {})
    known: object = context.get("fault")
    if isinstance(known, InputFault):
        return type(known)(place(loc), **known.facts)
    if item["type"] == "missing":
        owner, _ = _walk(model, item["loc"][:-1])
        field = owner.model_fields.get(str(loc[-1])) if owner else None
        return MissingKey(place(loc[:-1]), key=loc[-1], example=f"{loc[-1]}: {_example(field)}")
    if item["type"] == "union_tag_not_found":
        return MissingKey(place(loc), key="kind", example="kind: pv")
    if item["type"] == "extra_forbidden":
        owner, _ = _walk(model, item["loc"][:-1])
        keys = list(owner.model_fields) if owner else []
        near = difflib.get_close_matches(str(loc[-1]), keys, n=1)
        hint = Text(f" (did you mean {near[0]!r}?)", f"（是否想写 {near[0]!r}？）") if near else ""
        return UnknownKey(place(loc, at_key=True), key=loc[-1], hint=hint, known=", ".join(sorted(keys)))
    return WrongValue(place(loc), value=Shown(item["input"]), reason=_reason(item, context))


@dataclass(frozen=True)
class Shown:
    """A value as a message shows it: whole where it is short, with dots where it is a long mapping."""

    value: object

    def __repr__(self) -> str:
        return reprlib.repr(self.value) if isinstance(self.value, dict | list) else repr(self.value)


def _reason(item: ErrorDetails, context: dict[str, Any]) -> Text:
    chinese = CHINESE.get(item["type"])
    english = item["msg"][:1].lower() + item["msg"][1:]
    return Text(english, chinese.format(**context) if chinese else item["msg"])


def _walk(model: type[BaseModel], loc: Sequence[str | int]) -> tuple[type[BaseModel] | None, list[str | int]]:
    """Return the class at `loc`, and `loc` as the file has it: without the tags that pydantic puts in for unions."""
    part: type[BaseModel] | None = model
    choice: list[type[BaseModel]] = []
    path: list[str | int] = []
    for name in loc:
        tagged = [one for one in choice[1:] and choice if _tag(one) == name]
        if tagged:
            part, choice = tagged[0], []
            continue
        path.append(name)
        if part is not None and name in part.model_fields:
            choice = list(_models(part.model_fields[str(name)].annotation))
            part = choice[0] if choice else None
        # else an index, or a key of a mapping: the type inside was found already
    return part, path


def _tag(model: type[BaseModel]) -> object:
    kind = model.model_fields.get("kind")
    return kind.default if kind else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _example(field: Any) -> str:
    rules = [rule for rule in getattr(field, "metadata", ()) if isinstance(rule, Quantity)]
    return rules[0].example if rules else "..."
