"""The steps for the folder of a log."""

from __future__ import annotations

from pathlib import Path

from parkopt.errors import LedgerFault, Text
from parkopt.faults import NotEvidence
from parkopt.ledger import check_content, journal
from parkopt.ledger.canonical import Record, parse
from parkopt.ledger.check_head import HeadCheck, canonical_record
from parkopt.ledger.checkpoint import Checkpoint, open_checkpoint
from parkopt.ledger.merkle import Tree, leaf_hash
from parkopt.ledger.report import Said, StepError


class LogCheck(HeadCheck):
    """Checks of a folder, which is only read; other processes may go on appending."""

    def __init__(self, folder: Path, pinned: str | None, older: str | None) -> None:
        super().__init__(pinned, older)
        self.folder = folder
        # In this order, an append in between only adds lines beyond the note.
        self.earlier = journal.archived(folder)
        self.note = _text(folder / journal.NOTE)
        self.lines = list(journal.lines(folder))
        self.own_vkey = _text(folder / journal.VKEY).removesuffix("\n")
        self.tree = Tree(leaf_hash(line) for line in self.lines)
        self.records: list[Record] = []

    def numbered(self) -> list[check_content.Numbered]:
        """Return index and record of each signed line."""
        return list(enumerate(self.records[: self.head.size]))

    def format(self) -> Said:
        """Check that each line is one JSON object."""
        self.records = [_record(index, line) for index, line in enumerate(self.lines)]
        count = len(self.lines)
        return Said(f"{count} line(s)", f"{count} 行")

    def canonical(self) -> Said:
        """Check that each line is the one form of a whole record."""
        for index, record in self.numbered():
            if canonical_record(index, record) != self.lines[index]:
                raise StepError("its bytes are not canonical (RFC 8785)", "字节不是规范形式（RFC 8785）", index)
        return Said("each record has its one form (RFC 8785)", "每条记录均为规范形式（RFC 8785）")

    def inclusion(self) -> Said:
        """Check that the lines give the signed root, and say what stands beyond it."""
        head, count = self.head, len(self.lines)
        if count < head.size:
            raise StepError(f"{head.size} signed, {count} there", f"已签名 {head.size} 条，实有 {count} 条", count)
        if self.tree.root(head.size) != head.root:
            raise StepError("the records are not the signed ones", "记录与已签名的内容不同", self._changed())
        if count > head.size:
            beyond = count - head.size
            en = f"{beyond} line(s) from record {head.size} on are not signed and not checked"
            return Said(en, f"第 {head.size} 条起的 {beyond} 行未签名，未核验", warn=True)
        return Said(f"all {count} record(s) under the signed root", f"全部 {count} 条记录均在已签名的根下")

    def consistency(self) -> Said:
        """Check that each kept checkpoint has the root of the records that it covers."""
        for size, path in self.earlier:
            old = open_checkpoint(_text(path), self.trusted)
            if old.size != size or size > len(self.lines) or not self._kept(old):
                raise StepError(f"the checkpoint of size {size} is not kept", f"大小为 {size} 的检查点不一致")
            if size > self.head.size:
                raise StepError(f"checkpoint went back from {size}", f"检查点从 {size} 退回")
        return Said(f"{len(self.earlier)} earlier checkpoint(s) kept", f"与 {len(self.earlier)} 个早期检查点一致")

    def older(self) -> Said:
        """Check that the records before the reader's checkpoint are the same."""
        held = self.open_older()
        if held.size > len(self.lines) or not self._kept(held):
            raise StepError(f"the log before record {held.size} was rewritten", f"第 {held.size} 条之前的日志被改写过")
        return Said(f"nothing before record {held.size} was rewritten", f"第 {held.size} 条之前未被改写")

    def _kept(self, old: Checkpoint) -> bool:
        return self.tree.root(old.size) == old.root

    def _changed(self) -> int | None:
        # leaves.bin is only a help: it names the record if it still leads to the signed root.
        stored = journal.stored_leaves(self.folder, self.head)
        if stored is None:
            return None
        return next((i for i in range(stored.size) if stored.leaf(i) != self.tree.leaf(i)), None)


def _record(index: int, line: bytes) -> Record:
    try:
        record = parse(line)
    except LedgerFault as fault:
        raise StepError(fault.message("en"), fault.message("zh"), index) from fault
    if not isinstance(record, dict):
        raise StepError("it is no record", "不是记录", index)
    return record


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as lost:
        reason = Text(en=f"{path.name} is missing or unreadable", zh=f"{path.name} 缺失或无法读取")
        raise NotEvidence(reason=reason) from lost
