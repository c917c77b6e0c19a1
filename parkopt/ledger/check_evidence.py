"""The steps for an evidence file."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from parkopt.ledger import check_content
from parkopt.ledger.canonical import canonical
from parkopt.ledger.check_head import HeadCheck, canonical_record, hashes
from parkopt.ledger.checkpoint import Checkpoint, open_checkpoint
from parkopt.ledger.evidence import FORMAT, README
from parkopt.ledger.merkle import leaf_hash, verify_inclusion
from parkopt.ledger.report import Said, StepError

_DOC = {"format", "vkey", "checkpoint", "entries", "consistency", "readme"}
_ENTRY = {"index": int, "record": dict, "proof": list}
_EARLIER = {"size": int, "note": str, "path": list}


class EvidenceCheck(HeadCheck):
    """Checks of one document; ``raw`` are the bytes that it was read from, if from a file."""

    def __init__(self, doc: Mapping[str, Any], raw: bytes | None, pinned: str | None, older: str | None) -> None:
        super().__init__(pinned, older)
        self.doc = doc
        self.raw = raw

    def numbered(self) -> list[check_content.Numbered]:
        """Return index and record of each entry."""
        return [(entry["index"], entry["record"]) for entry in self.doc["entries"]]

    def format(self) -> Said:
        """Check names and shapes, the fixed texts, and the spelling of the file."""
        if self.doc.get("format") != FORMAT or set(self.doc) != _DOC:
            raise StepError(f"it is not {FORMAT}", f"不是 {FORMAT}")
        if self.doc["readme"] != README:
            raise StepError("the readme is not the one of this format", "readme 与此格式规定的不同")
        if not isinstance(self.doc["vkey"], str) or not isinstance(self.doc["checkpoint"], str):
            raise StepError("vkey and checkpoint must be text", "vkey 和 checkpoint 应为文本")
        _rows(self.doc["entries"], _ENTRY, "entries", "index")
        _rows(self.doc["consistency"], _EARLIER, "consistency", "size")
        if not self.doc["entries"]:
            raise StepError("it holds no record", "没有任何记录")
        if self.raw is not None and canonical(self.doc) != self.raw:
            raise StepError("the file is not spelled as it was written (RFC 8785)", "文件字节不是规范形式（RFC 8785）")
        self.own_vkey, self.note = self.doc["vkey"], self.doc["checkpoint"]
        count = len(self.doc["entries"])
        return Said(f"{FORMAT}, {count} record(s)", f"{FORMAT}，{count} 条记录")

    def canonical(self) -> Said:
        """Check that each record is whole and has its one form."""
        for index, record in self.numbered():
            canonical_record(index, record)
        return Said("each record has its one form (RFC 8785)", "每条记录均为规范形式（RFC 8785）")

    def inclusion(self) -> Said:
        """Check the path of each record to the signed root."""
        head = self.head
        for entry in self.doc["entries"]:
            index = entry["index"]
            leaf = leaf_hash(canonical_record(index, entry["record"]))
            if not verify_inclusion(leaf, index, head.size, hashes(entry["proof"], index), head.root):
                raise StepError("its proof does not lead to the signed root", "其证明不能得到已签名的根", index)
        return Said("each proof leads to the signed root", "每条证明均通向已签名的根")

    def consistency(self) -> Said:
        """Check that the head only adds to each earlier checkpoint in the document."""
        rows = self.doc["consistency"]
        for row in rows:
            old = self._opened(row)
            if old.size >= self.head.size or not self.extends(old, hashes(row["path"])):
                raise StepError(
                    f"the checkpoint of size {row['size']} is not kept", f"大小为 {row['size']} 的检查点不一致"
                )
        return Said(f"{len(rows)} earlier checkpoint(s) kept", f"与 {len(rows)} 个早期检查点一致")

    def older(self) -> Said:
        """Check that the head only adds to the checkpoint that the reader held."""
        held = self.open_older()
        path = next((hashes(row["path"]) for row in self.doc["consistency"] if row["size"] == held.size), None)
        if path is None and held.size not in (0, self.head.size):
            raise StepError(f"no proof from size {held.size} to now", f"缺少从大小 {held.size} 起的一致性证明")
        if not self.extends(held, path or []):
            raise StepError(f"the log before record {held.size} was rewritten", f"第 {held.size} 条之前的日志被改写过")
        return Said(f"nothing before record {held.size} was rewritten", f"第 {held.size} 条之前未被改写")

    def _opened(self, row: Mapping[str, Any]) -> Checkpoint:
        old = open_checkpoint(row["note"], self.trusted)
        if old.size != row["size"]:
            raise StepError(
                f"its note states size {old.size}, not {row['size']}", f"检查点大小为 {old.size}，不是 {row['size']}"
            )
        return old


def _rows(rows: object, shape: Mapping[str, type], name: str, rising: str) -> None:
    """Check that rows have these fields and types, and one of them rises."""
    if not isinstance(rows, list):
        raise StepError(f"{name} must be a list", f"{name} 应为列表")
    for row in rows:
        if not isinstance(row, dict) or {key: type(value) for key, value in row.items()} != shape:
            raise StepError(f"a part of {name} has another shape", f"{name} 中有内容形状不符")
    for before, after in pairwise(row[rising] for row in rows):
        if after <= before:
            raise StepError(f"{name} is not in rising order at {after}", f"{name} 在 {after} 处未递增或有重复")
