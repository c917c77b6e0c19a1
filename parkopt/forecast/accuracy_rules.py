"""The rules of Chinese dispatch centres for the accuracy of forecasts, as data.

`RULES` are read from ``data/accuracy.csv``; each says where it is from and how sure it is:
``S`` read in a source, ``R`` recalled and not verified. Jiangsu's own figures were not found,
so there is no preset for it: take the ones in force from the dispatch centre and give them
as a rule of your own (`read_rule`). A preset is no legal advice: rules change yearly.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from parkopt.errors import ParkoptError, Where, raise_all
from parkopt.faults import MissingKey, UnknownKey, WrongOption, WrongValue
from parkopt.park.yaml import Document

Denominator = Literal["online", "actual", "actual_floored", "harmonic"]
Months = Literal["points", "days"]
_WORDS: dict[str, tuple[str, ...]] = {
    "denominator": get_args(Denominator),
    "months": get_args(Months),
    "confidence": ("S", "R", "user"),
}
_TEXTS = ("name", "source")
_NEEDED = ("name", "denominator")


@dataclass(frozen=True)
class Rule:
    """How a dispatch centre makes an accuracy of a forecast, and what it asks of it."""

    name: str
    denominator: Denominator
    """``online``: the capacity online; ``actual``: the power itself; ``actual_floored``: the power, at least
    `floor_share` of the capacity; ``harmonic``: the harmonic-mean formula."""
    floor_share: float | None = None
    """Least denominator over the capacity, of ``actual_floored`` [-]."""
    drop_below_mw: float | None = None
    """Points whose actual power is lower are dropped [MW]."""
    drop_below_share: float | None = None
    """Points whose actual and forecast power both are lower than this share of the capacity are dropped [-]."""
    error_cap: float | None = None
    """The deviation of a point counts at most this much [-]."""
    clip: bool = True
    """Whether an accuracy below 0 counts as 0."""
    months: Months = "days"
    """Of a month: the formula over all its ``points``, or the mean of its ``days``."""
    threshold: float | None = None
    """Least accuracy that is asked [-]; None where it is not known."""
    penalty_h: float | None = None
    """A day below the threshold costs ``(threshold - accuracy) x capacity x`` these hours [h]."""
    confidence: Literal["S", "R", "user"] = "user"
    """``S``: read in a source, ``R``: recalled, not verified, ``user``: given by the user."""
    source: str = ""


_FIELDS = {f.name for f in fields(Rule)}


def rule_of(given: Mapping[str, object], where: Where = Where()) -> Rule:  # noqa: B008 - frozen
    """Return the rule of a mapping such as ``{"name": "jiangsu", "denominator": "online", "threshold": 0.83}``.

    Raises
    ------
    UnknownKey, MissingKey, WrongValue
        Where a key is none of `Rule`, one is missing, or a value is none of those allowed; all of them together.
    """
    found = [_place(where, key) for key in given if key not in _FIELDS]
    unknown: list[ParkoptError] = [UnknownKey(w, key=w.field, hint="", known=", ".join(sorted(_FIELDS))) for w in found]
    missing = [MissingKey(_place(where, key), key=key, example=f"{key}: ...") for key in _NEEDED if key not in given]
    wrong = [fault for key, value in given.items() if key in _FIELDS and (fault := _wrong(where, key, value))]
    raise_all([*unknown, *missing, *wrong])
    if given["denominator"] == "actual_floored" and given.get("floor_share") is None:
        raise MissingKey(_place(where, "floor_share"), key="floor_share", example="floor_share: 0.2")
    return Rule(**given)  # type: ignore[arg-type]  # checked above


def _place(where: Where, key: str) -> Where:
    return Where(where.file, where.line, key, where.row)


def _wrong(where: Where, key: str, value: object) -> WrongValue | None:
    if key in _WORDS:
        good, reason = value in _WORDS[key], f"one of {', '.join(_WORDS[key])}"
    elif key in _TEXTS:
        good, reason = isinstance(value, str) and (key != "name" or bool(value)), "a text"
    elif key == "clip":
        good, reason = isinstance(value, bool), "true or false"
    else:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        most = float("inf") if key in ("drop_below_mw", "penalty_h", "error_cap") else 1.0
        good = value is None or (number and 0 <= float(str(value)) <= most)
        reason = "a number of 0 or more" if most > 1 else "a share from 0 to 1"
    return None if good else WrongValue(_place(where, key), value=value, reason=f"it must be {reason}")


def read_rule(path: Path) -> Rule:
    """Return the rule of a YAML file with the fields of `Rule`.

    Raises
    ------
    MissingFile, NotYaml, UnknownKey, MissingKey, WrongValue
        Where it cannot be read or is no rule.
    """
    return rule_of(Document(path).data, Where(str(path)))


def _cell(key: str, text: str) -> object:
    if key in _WORDS or key in _TEXTS:
        return text
    if key == "clip":
        return text == "yes"
    return float(text) if text else None


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """Return the presets by name."""
    table = resources.files("parkopt.forecast").joinpath("data/accuracy.csv")
    with table.open(encoding="utf-8") as file:
        rows = [{key: _cell(key, text) for key, text in row.items()} for row in csv.DictReader(file)]
    return MappingProxyType({str(row["name"]): rule_of(row) for row in rows})


def preset(name: str) -> Rule:
    """Return a preset, or raise `WrongOption` with the names of all."""
    if name not in rules():
        raise WrongOption(option="accuracy rule", value=name, allowed=", ".join(rules()))
    return rules()[name]
