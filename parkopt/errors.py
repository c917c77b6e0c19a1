"""Every error that parkopt raises on purpose, as one tree.

ParkoptError
├── UsageFault            (exit 3)  what was asked for does not exist or cannot be written
├── InputFault            (exit 3)  something a user gave is wrong
│   ├── UnitFault         quantities and their units
│   ├── TimeFault         grids, zones, dates
│   ├── ParkFault         the park file and the files it names
│   ├── DataFault         series and weather files
│   └── MeterFault        meter readings: faults, and notices that forbid nothing
├── InfeasibleDay         (exit 4)  the promises of a day contradict one another
├── SolveFault            (exit 5)  the solver gave nothing that can be used
├── CarbonFault           (exit 5)  an account that does not close
├── LedgerFault           (exit 6)  records or proofs that do not hold
└── ServiceFault          (exit 7)  store and service

Each class at the leaves lives in `parkopt.faults`, has an id (PK1203) that is never
reused, a sentence and a remedy in English and Chinese, and a page in docs/errors.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True)
class Where:
    """The place of a fault: file and line, field path, data row (1 = first data row)."""

    file: str = ""
    line: int | None = None
    field: str = ""
    row: int | None = None

    def text(self, lang: Language = "en") -> str:
        """Return ``file:line, field, row`` with the parts that are known."""
        place = f"{self.file}:{self.line}" if self.line is not None else self.file
        row = "" if self.row is None else (f"row {self.row}" if lang == "en" else f"第 {self.row} 行")
        return (", " if lang == "en" else "，").join(part for part in (place, self.field, row) if part)


NOWHERE = Where()


@dataclass(frozen=True)
class Text:
    """A fact that reads differently in the two languages."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.en


class ParkoptError(Exception):
    """Base of all errors: an id, a place, a sentence and what to do about it.

    Parameters
    ----------
    where : Where
        File and line, field and row of the fault, as far as they are known.
    **facts
        The values that the sentence names; a `Text` gives one value per language.
    """

    code: ClassVar[str] = "PK1000"
    exit_code: ClassVar[int] = 1
    en: ClassVar[str] = "Something went wrong inside parkopt."
    zh: ClassVar[str] = "parkopt 内部出错。"
    fix_en: ClassVar[str] = "Report it with the command that you ran."
    fix_zh: ClassVar[str] = "请连同所用命令一起反馈。"

    def __init__(self, where: Where = NOWHERE, **facts: object) -> None:
        self.where = where
        self.facts = facts
        super().__init__(self.text("en"))

    def message(self, lang: Language = "en") -> str:
        """Return what is wrong, without place, id or remedy."""
        return self._fill(self.en if lang == "en" else self.zh, lang)

    def remedy(self, lang: Language = "en") -> str:
        """Return what to do about it."""
        return self._fill(self.fix_en if lang == "en" else self.fix_zh, lang)

    def text(self, lang: Language = "en") -> str:
        """Return the whole error: place, id, sentence, remedy."""
        place = self.where.text(lang)
        head = f"{place}: " if place else ""
        return f"{head}[{self.code}] {self.message(lang)} {self.remedy(lang)}".strip()

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return the error as plain data, for ``--json`` and problem+json."""
        where = {k: v for k, v in vars(self.where).items() if v not in ("", None)}
        return {"code": self.code, "message": self.message(lang), "remedy": self.remedy(lang), **where}

    def _fill(self, template: str, lang: Language) -> str:
        facts = {k: getattr(v, lang) if isinstance(v, Text) else v for k, v in self.facts.items()}
        return template.format(**facts)


class UsageFault(ParkoptError):
    """What was asked for does not exist or cannot be written."""

    exit_code = 3


class InputFault(ParkoptError):
    """Something that a user gave is wrong; nothing was computed from it."""

    exit_code = 3


class UnitFault(InputFault):
    """A quantity or its unit."""


class TimeFault(InputFault):
    """A grid, a zone, a date."""


class ParkFault(InputFault):
    """The park file or a file that it names."""


class DataFault(InputFault):
    """A series or weather file."""


class MeterFault(InputFault):
    """Meter readings and their files."""

    notice: ClassVar[bool] = False
    """Whether it only tells something: the readings are good enough to keep."""


class InfeasibleDay(ParkoptError):
    """The promises of a day contradict one another."""

    exit_code = 4


class SolveFault(ParkoptError):
    """The solver gave nothing that can be used."""

    exit_code = 5


class CarbonFault(ParkoptError):
    """An account that does not close."""

    exit_code = 5


class LedgerFault(ParkoptError):
    """Records or proofs that do not hold."""

    exit_code = 6


class ServiceFault(ParkoptError):
    """Store and service."""

    exit_code = 7


class Faults(InputFault):
    """All faults of one file (or one request), raised together."""

    code = "PK1001"
    en = "{count} fault(s) found."
    zh = "发现 {count} 处错误。"
    fix_en = "Nothing was computed; correct them and run again."
    fix_zh = "未做任何计算；请改正后重试。"

    def __init__(self, faults: Iterable[ParkoptError]) -> None:
        self.faults: tuple[ParkoptError, ...] = tuple(faults)
        super().__init__(count=len(self.faults))

    def text(self, lang: Language = "en") -> str:
        """Return the count and then one line a fault."""
        lines = [f"[{self.code}] {self.message(lang)} {self.remedy(lang)}"]
        return "\n".join(lines + [f"  - {fault.text(lang)}" for fault in getattr(self, "faults", ())])

    def as_dict(self, lang: Language = "en") -> dict[str, object]:
        """Return the error with the list of its faults."""
        return {**super().as_dict(lang), "faults": [fault.as_dict(lang) for fault in self.faults]}


def raise_all(faults: Iterable[ParkoptError]) -> None:
    """Raise nothing for no fault, the fault itself for one, `Faults` for several."""
    found = list(faults)
    if len(found) == 1:
        raise found[0]
    if found:
        raise Faults(found)
