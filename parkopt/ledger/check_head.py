"""The steps that a log and an evidence file share: whose key, which head, what was before."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from parkopt.errors import LedgerFault
from parkopt.ledger import check_content
from parkopt.ledger.canonical import Record, canonical
from parkopt.ledger.checkpoint import Checkpoint, decode, open_checkpoint, parse_vkey
from parkopt.ledger.merkle import verify_consistency
from parkopt.ledger.report import Said, StepError

_SALT = re.compile(r"[0-9a-f]{32}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class HeadCheck(ABC):
    """Key and checkpoint of what is checked; `StepError` or `LedgerFault` where a step fails.

    Parameters
    ----------
    pinned : str or None
        The vkey that the reader got by another way.
    older : str or None
        A signed note that the reader kept from before.
    """

    def __init__(self, pinned: str | None, older: str | None) -> None:
        self.pinned = pinned
        self.older_note = older
        self.own_vkey = ""
        self.note = ""
        self._head: Checkpoint | None = None

    def plan(self) -> list[tuple[str, Callable[[], Said]]]:
        """Return the steps in their order."""
        older = [("older", self.older)] if self.older_note is not None else []
        return [
            ("format", self.format),
            ("vkey", self.vkey),
            ("checkpoint", self.checkpoint),
            ("canonical", self.canonical),
            ("inclusion", self.inclusion),
            ("consistency", self.consistency),
            *older,
            ("completeness", lambda: check_content.completeness(self.numbered())),
            ("arithmetic", lambda: check_content.arithmetic(self.numbered())),
        ]

    @abstractmethod
    def numbered(self) -> list[check_content.Numbered]:
        """Return index and record of all that is checked."""

    @abstractmethod
    def format(self) -> Said:
        """Check that it can be read at all."""

    @abstractmethod
    def canonical(self) -> Said:
        """Check that each record has its one form."""

    @abstractmethod
    def inclusion(self) -> Said:
        """Check that the records are under the signed root."""

    @abstractmethod
    def consistency(self) -> Said:
        """Check the earlier checkpoints that lie beside it."""

    @abstractmethod
    def older(self) -> Said:
        """Check the checkpoint that the reader held."""

    @property
    def trusted(self) -> str:
        """The vkey by which signatures are checked: the pinned one, if there is one."""
        return self.pinned if self.pinned is not None else self.own_vkey

    @property
    def head(self) -> Checkpoint:
        """The head whose signature held."""
        if self._head is None:
            raise StepError("there is no signed root to compare with", "没有可比对的已签名的根")
        return self._head

    def vkey(self) -> Said:
        """Compare the key that is named with the pinned one."""
        own = parse_vkey(self.own_vkey)
        if own.text != self.own_vkey:
            raise StepError("it is not written as a vkey is", "公钥书写形式不规范")
        if self.pinned is None:
            en = f"not pinned: {own.text} is the file's own word; ask the park by another way"
            return Said(en, f"未指定：{own.text} 仅为文件自述；请通过其他渠道核实", warn=True)
        if parse_vkey(self.pinned) != own:
            raise StepError(f"{own.text} is not the pinned {self.pinned}", f"{own.text} 与指定的 {self.pinned} 不同")
        return Said(f"the pinned one, {own.text}", f"与指定的一致：{own.text}")

    def checkpoint(self) -> Said:
        """Check the signature of the newest head."""
        self._head = open_checkpoint(self.note, self.trusted)
        return Said(f"{self._head.size} record(s) signed", f"已签名 {self._head.size} 条记录")

    def open_older(self) -> Checkpoint:
        """Return the head that the reader held; it may not be newer than this one."""
        held = open_checkpoint(self.older_note or "", self.trusted)
        if held.size > self.head.size:
            en = f"the one held has {held.size} records, this one only {self.head.size}"
            raise StepError(en, f"外部保存的有 {held.size} 条，此处仅 {self.head.size} 条")
        return held

    def extends(self, old: Checkpoint, path: Sequence[bytes]) -> bool:
        """Say whether the head only adds to an older one."""
        return verify_consistency(old.size, self.head.size, old.root, self.head.root, path)


def canonical_record(index: int, record: Record) -> bytes:
    """Return the bytes of a record that is whole: seq, salt, logged_at and type as they must be.

    Raises
    ------
    StepError
        If it has no canonical form or one of these is missing or wrong.
    """
    try:
        data = canonical(record)
    except LedgerFault as fault:
        raise StepError(fault.message("en"), fault.message("zh"), index) from fault
    wrong = [name for name, good in _stamps(index, record).items() if not good]
    if wrong:
        raise StepError(f"{wrong[0]} is missing or wrong", f"{wrong[0]} 缺失或有误", index)
    return data


def _stamps(index: int, record: Record) -> dict[str, bool]:
    kind = record.get("type")
    return {
        "seq": type(record.get("seq")) is int and record["seq"] == index,
        "salt": _SALT.fullmatch(str(record.get("salt"))) is not None,
        "logged_at": _STAMP.fullmatch(str(record.get("logged_at"))) is not None,
        "type": isinstance(kind, str) and kind != "",
    }


def hashes(path: object, record: int | None = None) -> list[bytes]:
    """Return the hashes of a path of base64 texts; StepError if one is not written so."""
    steps = [decode(step) if isinstance(step, str) else None for step in path] if isinstance(path, list) else [None]
    good = [step for step in steps if step is not None]
    if len(good) < len(steps):
        raise StepError("a proof is not base64", "证明不是 base64", record)
    return good
