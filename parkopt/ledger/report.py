"""What an offline check found, step by step, in words for both languages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from parkopt.errors import Language, LedgerFault, Text

Status = Literal["PASS", "WARN", "FAIL"]
TITLES = {
    "format": Text(en="format", zh="文件格式"),
    "vkey": Text(en="verifier key", zh="验证公钥"),
    "checkpoint": Text(en="checkpoint signature", zh="检查点签名"),
    "canonical": Text(en="canonical records", zh="记录规范形式"),
    "inclusion": Text(en="records under the signed root", zh="记录包含于已签名的根"),
    "consistency": Text(en="earlier checkpoints", zh="早期检查点一致性"),
    "older": Text(en="checkpoint held outside", zh="外部保存的检查点"),
    "completeness": Text(en="hours complete", zh="时段完整性"),
    "arithmetic": Text(en="arithmetic", zh="电量加总"),
    "manifest": Text(en="signed list of files", zh="已签名的文件清单"),
    "extracts": Text(en="tables for reading", zh="可读摘录"),
    "lifecycle": Text(en="life of each certificate", zh="凭证生命周期"),
    "ranges": Text(en="certificates and claims against meters", zh="凭证与主张对照计量"),
    "tracing": Text(en="tracing done anew", zh="重新溯源"),
    "carbon": Text(en="carbon and energy balance", zh="碳排放与电量平衡"),
    "storage": Text(en="stored energy followed back", zh="储能电量追溯"),
    "attribution": Text(en="claims done anew", zh="重新归属"),
    "standing": Text(en="factors, methods, devices", zh="因子、方法与设备"),
    "timestamp": Text(en="timestamp", zh="时间戳"),
    "file": Text(en="file of the database", zh="数据库文件"),
    "times": Text(en="times of the checkpoints", zh="检查点时间"),
    "sealed": Text(en="rows of the other tables", zh="其他各表的行"),
    "strays": Text(en="rows of other parks", zh="其他园区的行"),
    "meters": Text(en="readings and meter files", zh="读数与计量文件"),
    "states": Text(en="bundles against their steps", zh="证书批对照操作"),
    "same_readings": Text(en="readings against the log", zh="读数对照日志"),
    "same_shares": Text(en="shares against the log", zh="绿电份额对照日志"),
    "same_days": Text(en="settled days against the log", zh="已结算日对照日志"),
    "same_issued": Text(en="certificates against the log", zh="证书对照日志"),
    "same_claimed": Text(en="claims against the log", zh="主张对照日志"),
    "same_stored": Text(en="lots of storages against the log", zh="储能批次对照日志"),
}
_SHOWN = 200
_WORDS = {"PASS": "通过", "WARN": "注意", "FAIL": "失败"}


@dataclass(frozen=True)
class Said:
    """What a step that did not fail has to say; ``warn`` if a reader should know."""

    en: str
    zh: str
    warn: bool = False


class StepError(Exception):
    """A step failed; never leaves the check, which makes a FAIL line of it."""

    def __init__(self, en: str, zh: str, record: int | None = None) -> None:
        super().__init__(en)
        self.words = Text(en=en, zh=zh)
        self.record = record


@dataclass(frozen=True)
class Step:
    """One line of the report.

    Parameters
    ----------
    name : str
        Its id, a key of `TITLES`.
    status : str
        PASS, WARN or FAIL.
    en, zh : str
        What was found.
    record : int or None
        Index of the first record that fails.
    """

    name: str
    status: Status
    en: str
    zh: str
    record: int | None = None

    def text(self, lang: Language = "en") -> str:
        """Return the step as one line."""
        title = getattr(TITLES[self.name], lang)
        if lang == "en":
            place = "" if self.record is None else f" (record {self.record})"
            return f"{self.status} {title}: {self.en}{place}"
        place = "" if self.record is None else f"（第 {self.record} 条记录）"
        return f"{_WORDS[self.status]} {title}：{self.zh}{place}"


@dataclass(frozen=True)
class Report:
    """All steps of a check, in their order; steps after a broken format are not run."""

    steps: tuple[Step, ...]

    @property
    def ok(self) -> bool:
        """Whether no step failed (a WARN does not fail)."""
        return all(step.status != "FAIL" for step in self.steps)

    def step(self, name: str) -> Step | None:
        """Return the step of this id, if it was run."""
        return next((step for step in self.steps if step.name == name), None)

    def text(self, lang: Language = "en") -> str:
        """Return one line a step."""
        return "\n".join(step.text(lang) for step in self.steps)

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain data."""
        return {"ok": self.ok, "steps": [dict(vars(step)) for step in self.steps]}


def run(plan: Sequence[tuple[str, Callable[[], Said]]], decisive: Collection[str] = frozenset({"format"})) -> Report:
    """Run the steps in order; a failed decisive one ends the check, as the rest reads by it."""
    steps: list[Step] = []
    for name, check in plan:
        steps.append(_one(name, check))
        if name in decisive and steps[-1].status == "FAIL":
            break
    return Report(tuple(steps))


def _one(name: str, check: Callable[[], Said]) -> Step:
    try:
        said = check()
    except StepError as failed:
        return Step(name, "FAIL", failed.words.en, failed.words.zh, failed.record)
    except LedgerFault as fault:
        return Step(name, "FAIL", fault.text("en"), fault.text("zh"))
    except Exception as broken:
        words = f"{type(broken).__name__}: {broken}"[:_SHOWN]
        return Step(name, "FAIL", f"the records cannot be worked with ({words})", f"记录无法处理（{words}）")
    return Step(name, "WARN" if said.warn else "PASS", said.en, said.zh)
