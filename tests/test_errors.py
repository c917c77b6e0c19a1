"""The tree of errors: ids, words in both languages, places, lists of faults."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

from parkopt import errors, faults
from parkopt.errors import Faults, ParkoptError, Text, Where, raise_all
from parkopt.faults import MissingKey, NegativeValue, UnknownKey, all_errors

PACKAGE = Path(errors.__file__).parent
BLOCKS = {
    errors.UsageFault: "PK10",
    errors.UnitFault: "PK11",
    errors.TimeFault: "PK11",
    errors.ParkFault: "PK12",
    errors.DataFault: "PK13",
    errors.InfeasibleDay: "PK14",
    errors.SolveFault: "PK14",
    errors.CarbonFault: "PK15",
    errors.LedgerFault: "PK16",
    errors.ServiceFault: "PK17",
    errors.MeterFault: "PK18",
}
EXITS = {"PK10": 3, "PK11": 3, "PK12": 3, "PK13": 3, "PK15": 5, "PK16": 6, "PK17": 7}
ELSEWHERE = {
    "PK1405": errors.ParkFault,
    "PK1503": errors.ParkFault,
    "PK1000": ParkoptError,
    "PK1001": errors.InputFault,
}


def tree(cls=ParkoptError):
    return [cls, *(one for child in cls.__subclasses__() for one in tree(child))]


LEAVES = [cls for cls in tree() if cls.__module__.startswith(faults.__name__)]


def names(template):
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}


def facts_of(cls):
    return dict.fromkeys(names(cls.en + cls.zh + cls.fix_en + cls.fix_zh), 1.5)


def test_ids_are_unique_and_listed():
    codes = Counter(vars(cls)["code"] for cls in tree() if "code" in vars(cls))
    assert [code for code, count in codes.items() if count > 1] == []
    assert set(codes) == set(all_errors())
    assert len(LEAVES) > 50


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)
def test_a_leaf_has_its_own_id_in_the_right_block(cls):
    assert "code" in vars(cls)
    assert re.fullmatch(r"PK1[0-8]\d\d", cls.code)
    if cls.code not in ELSEWHERE:
        block = next(BLOCKS[base] for base in cls.__mro__ if base in BLOCKS)
        assert cls.code.startswith(block)
    assert issubclass(cls, ELSEWHERE.get(cls.code, ParkoptError))


@pytest.mark.parametrize("cls", [*LEAVES, Faults, ParkoptError], ids=lambda cls: cls.__name__)
def test_words_stand_in_both_languages_with_the_same_facts(cls):
    for words in (cls.en, cls.zh, cls.fix_en, cls.fix_zh):
        assert words.strip()
    assert names(cls.en) == names(cls.zh)
    assert names(cls.fix_en) == names(cls.fix_zh)
    assert re.search("[\u4e00-\u9fff]", cls.zh)
    assert re.search("[\u4e00-\u9fff]", cls.fix_zh)
    assert not re.search("[\u4e00-\u9fff]", cls.en + cls.fix_en)


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)
def test_a_leaf_can_be_said(cls):
    fault = cls(Where("park.yaml", 7, "assets.ess"), **facts_of(cls))
    for lang in errors.LANGUAGES:
        said = fault.text(lang)
        assert f"[{cls.code}]" in said
        assert said.startswith("park.yaml:7")
        sentence, remedy = (cls.en, cls.fix_en) if lang == "en" else (cls.zh, cls.fix_zh)
        assert said.endswith(f"{sentence} {remedy}".format(**facts_of(cls)))
        assert "{" not in said.replace("{}", "")
        more = {"offers": []} if cls.__name__ == "Infeasible" else {}
        assert fault.as_dict(lang) == more | {
            "code": cls.code,
            "message": fault.message(lang),
            "remedy": fault.remedy(lang),
            "file": "park.yaml",
            "line": 7,
            "field": "assets.ess",
        }
    assert str(fault) == fault.text("en")


@pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)
def test_exit_codes_are_those_of_the_documented_table(cls):
    if issubclass(cls, errors.InputFault | errors.UsageFault):
        assert cls.exit_code == 3
    elif issubclass(cls, errors.InfeasibleDay):
        assert cls.exit_code == 4
    elif issubclass(cls, errors.SolveFault):
        assert cls.exit_code == 5
    else:
        assert cls.exit_code == EXITS[cls.code[:4]] or cls.__name__ == "UnknownFactor"


def calls():
    """Every place in parkopt that makes a fault by name: class and the names of its facts."""
    known = {cls.__name__: cls for cls in LEAVES}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
                yield path, node, known[node.func.id]


def test_every_fault_is_made_with_the_facts_that_its_words_name():
    wrong = [
        f"{path.name}:{node.lineno} {cls.__name__} lacks {sorted(lacking)}"
        for path, node, cls in calls()
        if not any(keyword.arg is None for keyword in node.keywords)
        and (lacking := set(facts_of(cls)) - {keyword.arg for keyword in node.keywords})
    ]
    assert wrong == []


def test_no_leaf_is_dead():
    made = {cls for _, _, cls in calls()}
    unused = {"BadProof"}  # proofs that do not hold are steps of a report; the id is kept
    assert {cls.__name__ for cls in LEAVES} - {cls.__name__ for cls in made} <= unused


@pytest.mark.parametrize(
    ("where", "en", "zh"),
    [
        (Where(), "", ""),
        (Where("a.yaml"), "a.yaml", "a.yaml"),
        (Where("a.yaml", 3), "a.yaml:3", "a.yaml:3"),
        (Where("a.csv", 3, "load", 2), "a.csv:3, load, row 2", "a.csv:3，load，第 2 行"),
        (Where(field="at"), "at", "at"),
        (Where(row=1), "row 1", "第 1 行"),
    ],
)
def test_place(where, en, zh):
    assert where.text() == en
    assert where.text("zh") == zh


def test_a_fact_may_read_differently_in_the_two_languages():
    fault = UnknownKey(key="capactiy", known="capacity", hint=Text(" (did you mean it?)", "（是否想写它？）"))
    assert "(did you mean it?)" in fault.message("en")
    assert "（是否想写它？）" in fault.message("zh")


def test_braces_in_facts_are_left_alone():
    assert "{0} {x}" in MissingKey(key="{0} {x}", example="e").message()


def test_faults_lists_all_of_them():
    both = [MissingKey(Where("a.yaml", 1), key="id", example="id: x"), NegativeValue(column="load", value=-1)]
    found = Faults(iter(both))
    assert found.faults == tuple(both)
    for lang in errors.LANGUAGES:
        lines = found.text(lang).splitlines()
        assert lines[0].startswith("[PK1001]")
        assert "2" in lines[0]
        assert lines[1:] == [f"  - {fault.text(lang)}" for fault in both]
        assert found.as_dict(lang)["faults"] == [fault.as_dict(lang) for fault in both]
    assert found.exit_code == 3


def test_raise_all():
    one, two = (MissingKey(key=key, example="e") for key in "ab")
    raise_all([])
    with pytest.raises(MissingKey) as single:
        raise_all(fault for fault in [one])
    assert single.value is one
    with pytest.raises(Faults) as several:
        raise_all([one, two])
    assert several.value.faults == (one, two)
