"""The steps for an evidence zip: cheap ones first, and none on records whose proof did not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from parkopt.errors import LedgerFault, Text
from parkopt.ledger import bundle, check_content
from parkopt.ledger.bundle_extracts import extracts
from parkopt.ledger.bundle_readme import README
from parkopt.ledger.canonical import Record, canonical, parse, sha256
from parkopt.ledger.check_bundle_actions import Certificates, minted
from parkopt.ledger.check_bundle_attribution import attribution
from parkopt.ledger.check_bundle_carbon import carbon
from parkopt.ledger.check_bundle_complete import complete
from parkopt.ledger.check_bundle_limits import stored_limits
from parkopt.ledger.check_bundle_standing import standing
from parkopt.ledger.check_bundle_storage import storage
from parkopt.ledger.check_bundle_trace import Retraced
from parkopt.ledger.check_head import HeadCheck, hashes
from parkopt.ledger.checkpoint import Checkpoint, open_checkpoint, open_note, parse_vkey
from parkopt.ledger.key_change import KEY, check_change, follow_keys
from parkopt.ledger.merkle import verify_inclusion
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_schema import check_record, text, whole
from parkopt.ledger.settled_view import Scope, View, selected

DECISIVE = frozenset({"format", "vkey", "checkpoint", "manifest", "canonical", "inclusion", "extracts"})
"""What comes after a failure of these would speak of records that nobody vouches for."""
_SALT = re.compile(r"[0-9a-f]{32}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ENTRY = {"index": int, "time": str, "type": str, "salt": str, "record": dict, "proof": list}
_BEFORE, _AFTER = ("index", "proof"), ("salt", "time", "type")
_EARLIER = {"size": int, "note": str, "path": list}
_NAMES = {"format", "park", "party", "start", "end", "vkey", "sha256"}
_MOST_DAYS = 3700


class BundleCheck(HeadCheck):
    """Checks of one zip, given as its bytes."""

    def __init__(self, data: bytes, pinned: str | None, older: str | None) -> None:
        super().__init__(pinned, older)
        self.data = data
        self.files: Mapping[str, bytes] = {}
        self.scope = Scope("", "", "", "")
        self.entries: list[Record] = []
        self.bodies: list[bytes] = []
        """RFC 8785 bytes of each record."""
        self.earlier: list[Record] = []
        self.certificates: Certificates | None = None
        self.changes: list[Record] = []
        """Changes of the log's key, oldest first (`parkopt.ledger.key_change`)."""

    def plan(self) -> list[tuple[str, Callable[[], Said]]]:
        """Return the steps in their order."""
        older = [("older", self.older)] if self.older_note is not None else []
        return [
            ("format", self.format),
            ("vkey", self.vkey),
            ("checkpoint", self.checkpoint),
            ("manifest", self.manifest),
            ("canonical", self.canonical),
            ("inclusion", self.inclusion),
            ("extracts", self.extracts),
            ("consistency", self.consistency),
            *older,
            ("completeness", lambda: complete(self.view)),
            ("standing", lambda: standing(self.view)),
            ("lifecycle", self.lifecycle),
            ("ranges", self.ranges),
            ("tracing", lambda: Retraced(self.view).run()),
            ("carbon", lambda: carbon(self.view)),
            ("storage", lambda: storage(self.view)),
            ("attribution", lambda: attribution(self.view)),
            ("timestamp", _timestamp),
        ]

    @cached_property
    def view(self) -> View:
        """The proven records in order."""
        return View(self.scope, [(entry["index"], entry["record"]) for entry in self.entries])

    def numbered(self) -> list[check_content.Numbered]:
        """Return index and record of each entry."""
        return self.view.rows

    def format(self) -> Said:
        """Check the zip, the list of its files and their hashes, and that each has its one spelling."""
        self.files = bundle.unpack(self.data)
        manifest = _object(self.files, bundle.MANIFEST)
        if set(manifest) != _NAMES or manifest["format"] != bundle.FORMAT:
            raise StepError(f"it is not {bundle.FORMAT}", f"不是 {bundle.FORMAT}")
        if not all(text(manifest[name]) for name in _NAMES - {"sha256"}):
            raise StepError("the manifest has a part that is no text", "清单中有内容不是文本")
        wanted = {n: sha256(d).hex() for n, d in self.files.items() if n not in (bundle.MANIFEST, bundle.SIGNED)}
        if manifest["sha256"] != wanted:
            raise StepError("a file is not the one in the manifest", "有文件与清单不符")
        if any(self.files[name] != data for name, data in README.items()):
            raise StepError("the readme is not the one of this format", "readme 与此格式规定的不同")
        self.scope = Scope(*(manifest[name] for name in ("park", "party", "start", "end")))
        _dates(self.scope)
        self.own_vkey, self.note = manifest["vkey"], _utf8(self.files["checkpoint"])
        self._earlier()
        self.changes = [_change(one) for one in _rows(self.files, "keys.json")]
        count = self.files["entries.jsonl"].count(b"\n")
        return Said(f"{bundle.FORMAT}, {count} record(s) for {_of(self.scope)}", f"{bundle.FORMAT}，{count} 条记录")

    def vkey(self) -> Said:
        """Compare the key with the pinned one, or follow the changes of key from that to this."""
        for one in self.changes:
            check_change(one)
        if self.pinned is None or parse_vkey(self.pinned).text == self.own_vkey or not self.changes:
            return super().vkey()
        if follow_keys(self.pinned, self.changes) != self.own_vkey:
            raise StepError(f"no change of key leads to {self.own_vkey}", f"密钥变更记录不能通向 {self.own_vkey}")
        en = f"the pinned one, {len(self.changes)} change(s) of key, {self.own_vkey}"
        return Said(en, f"由指定公钥经密钥变更得到：{self.own_vkey}")

    @property
    def trusted(self) -> str:
        """The newest key: the step `vkey` has shown that it is the pinned one, or follows it."""
        return self.own_vkey

    def manifest(self) -> Said:
        """Check that the log's key signed the manifest: so nothing was left out or added on the way."""
        signed = open_note(_utf8(self.files[bundle.SIGNED]), self.trusted)
        if signed != bundle.manifest_text(self.scope.park, self.files[bundle.MANIFEST]):
            raise StepError("what was signed is another manifest", "已签名的是另一份清单")
        return Said(f"signed for {_of(self.scope)}", f"已签名：{_of(self.scope)}")

    def canonical(self) -> Said:
        """Check that each entry has its one spelling, and each record the fields of its type."""
        lines = self.files["entries.jsonl"].split(b"\n")
        if lines.pop() != b"" or not lines:
            raise StepError("entries.jsonl holds no whole line", "entries.jsonl 没有完整的行")
        last, days = -1, {*self.scope.days(), None}
        for line in lines:
            entry, body = _entry(line, last)
            index, record = entry["index"], entry["record"]
            last = index
            check_record(index, record)
            if record["type"] == KEY and record["size"] != index:
                raise StepError("a change of key states another place", "密钥变更记录的位置不符", index)
            mine = record["park"] == self.scope.park and selected(record, self.scope)
            if not mine or record.get("day") not in days:
                raise StepError("the record is not of this scope", "记录不属于本文件的范围", index)
            self.entries.append(entry)
            self.bodies.append(body)
        return Said(f"each of {len(lines)} records has its one form", f"{len(lines)} 条记录均为规范形式")

    def inclusion(self) -> Said:
        """Check commitment, leaf and path of each record to the signed root."""
        head = self.head
        for entry, body in zip(self.entries, self.bodies, strict=True):
            index = entry["index"]
            leaf = bundle.settled_leaf(index, entry["time"], entry["salt"], entry["type"], body)
            if not verify_inclusion(leaf, index, head.size, hashes(entry["proof"], index), head.root):
                raise StepError("its proof does not lead to the signed root", "其证明不能得到已签名的根", index)
        return Said("each proof leads to the signed root", "每条证明均通向已签名的根")

    def extracts(self) -> Said:
        """Check that the tables for reading are those that the records give."""
        for name, data in extracts([(entry["index"], entry["record"]) for entry in self.entries]).items():
            if self.files[name] != data:
                raise StepError(f"{name} is not what the records say", f"{name} 与记录不符")
        return Said("the tables are those of the records", "可读摘录与记录一致")

    def consistency(self) -> Said:
        """Check that the head only adds to each earlier head of the log."""
        for row in self.earlier:
            old = self._opened(row["note"])
            if old.size != row["size"] or old.size >= self.head.size or not self.extends(old, hashes(row["path"])):
                en = f"the checkpoint of size {row['size']} is not kept"
                raise StepError(en, f"大小为 {row['size']} 的检查点不一致")
        return Said(f"{len(self.earlier)} earlier checkpoint(s) kept", f"与 {len(self.earlier)} 个早期检查点一致")

    def older(self) -> Said:
        """Check that the head only adds to the one that the reader held."""
        held = self._opened(self.older_note or "")
        if held.size > self.head.size:
            en = f"the one held has {held.size} records, this one only {self.head.size}"
            raise StepError(en, f"外部保存的有 {held.size} 条，此处仅 {self.head.size} 条")
        path = next((hashes(row["path"]) for row in self.earlier if row["size"] == held.size), None)
        if path is None and held.size not in (0, self.head.size):
            raise StepError(f"no proof from size {held.size} to now", f"缺少从大小 {held.size} 起的一致性证明")
        if not self.extends(held, path or []):
            raise StepError(f"the log before record {held.size} was rewritten", f"第 {held.size} 条之前的日志被改写过")
        return Said(f"nothing before record {held.size} was rewritten", f"第 {held.size} 条之前未被改写")

    def lifecycle(self) -> Said:
        """Follow every certificate through the one table of states."""
        certificates = Certificates(self.view)
        said = certificates.replay()
        self.certificates = certificates
        return said

    def ranges(self) -> Said:
        """Compare certificates and claims with the meters."""
        if self.certificates is None:
            raise StepError("the certificates could not be followed", "凭证未能重放")
        said = minted(self.view, self.certificates)
        stored_limits(self.view, self.certificates)
        return said

    def _opened(self, note: str) -> Checkpoint:
        """Open a head of the log signed by its key, or by a key before it."""
        keys = [self.trusted, *(str(one["old_vkey"]) for one in reversed(self.changes))]
        for key in keys[:-1]:
            try:
                return open_checkpoint(note, key)
            except LedgerFault:
                continue
        return open_checkpoint(note, keys[-1])

    def _earlier(self) -> None:
        last = -1
        for row in _rows(self.files, "consistency.json"):
            if not isinstance(row, dict) or {key: type(value) for key, value in row.items()} != _EARLIER:
                raise StepError("a part of consistency.json has another shape", "consistency.json 中有内容形状不符")
            if row["size"] <= last:
                raise StepError("consistency.json is not in rising order", "consistency.json 未递增")
            last = row["size"]
            self.earlier.append(row)


def _entry(line: bytes, last: int) -> tuple[Record, bytes]:
    """Return an entry and the bytes of its record, of which the line must be made."""
    try:
        entry = parse(line)
    except LedgerFault as fault:
        raise StepError(fault.message("en"), fault.message("zh"), last + 1) from fault
    if not isinstance(entry, dict) or {key: type(value) for key, value in entry.items()} != _ENTRY:
        raise StepError("an entry has another shape", "条目形状不符", last + 1)
    index, record = entry["index"], entry["record"]
    # The names of an entry in their order (RFC 8785): index, proof, record, salt, time, type.
    body = canonical(record)
    start, end = (canonical({name: entry[name] for name in half}) for half in (_BEFORE, _AFTER))
    if b"".join([start[:-1], b',"record":', body, b",", end[1:]]) != line:
        raise StepError("its bytes are not canonical (RFC 8785)", "字节不是规范形式（RFC 8785）", index)
    if index <= last:
        raise StepError("entries are not in rising order, or one stands twice", "条目未递增或有重复", index)
    stamped = _SALT.fullmatch(entry["salt"]) and _STAMP.fullmatch(entry["time"])
    if not stamped or record.get("type") != entry["type"]:
        raise StepError("salt, time or type is wrong", "盐值、时间或类型有误", index)
    return entry, body


def _change(record: Any) -> Record:
    """Return a record of `parkopt.ledger.key_change`; the step `extracts` shows that it is the one in the log."""
    if not isinstance(record, dict) or record.get("type") != KEY:
        raise StepError("a part of keys.json has another shape", "keys.json 中有内容形状不符")
    check_record(int(record["size"]) if whole(record.get("size")) else -1, record)
    return record


def _timestamp() -> Said:
    en = "none (RFC 3161) in this format: the times are the park's word; who received a checkpoint knows when"
    return Said(en, "本格式不含 RFC 3161 时间戳：时间由园区自述；收到检查点者可知其时间")


def _dates(scope: Scope) -> None:
    try:
        first, last = date.fromisoformat(scope.start), date.fromisoformat(scope.end)
    except ValueError as wrong:
        raise StepError("start or end is no date", "起止日期有误") from wrong
    same = (first.isoformat(), last.isoformat()) == (scope.start, scope.end)
    if not same or not 0 <= (last - first).days < _MOST_DAYS:
        raise StepError("start and end are no span of days", "起止日期不成区间")


def _of(scope: Scope) -> str:
    return f"{scope.park}, {scope.party}, {scope.start} to {scope.end}"


def _object(files: Mapping[str, bytes], name: str) -> Record:
    found = _json(files, name)
    if not isinstance(found, dict):
        raise StepError(f"{name} is no object", f"{name} 不是对象")
    return found


def _rows(files: Mapping[str, bytes], name: str) -> Sequence[Any]:
    found = _json(files, name)
    if not isinstance(found, list):
        raise StepError(f"{name} is no list", f"{name} 不是列表")
    return found


def _json(files: Mapping[str, bytes], name: str) -> Any:
    found = parse(files[name])
    if canonical(found) != files[name]:
        raise StepError(f"{name} is not canonical (RFC 8785)", f"{name} 不是规范形式（RFC 8785）")
    return found


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as broken:
        said = Text(en="a note is no text", zh="签名文本不是文本")
        raise StepError(said.en, said.zh) from broken
