"""One file that proves some records of a log to someone who has only the log's vkey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from parkopt.faults import CannotWrite, NothingToProve
from parkopt.ledger.canonical import Record, canonical
from parkopt.ledger.checkpoint import encode
from parkopt.ledger.files import write_atomic
from parkopt.ledger.log import FileLog, Snapshot

FORMAT = "parkopt-evidence@1"
README = {
    "en": "Check this file offline with: parkopt verify FILE --key VKEY. Take the vkey from the park by "
    "another way than this file. Keep the checkpoint: with a later file it shows that the park rewrote "
    "nothing in between. Entries: RFC 8785 records; proof: RFC 9162 inclusion path to the root in the "
    "signed checkpoint (c2sp.org/tlog-checkpoint). A record with basis forecast is a plan, not a meter reading; "
    "a green share is not a green electricity certificate.",
    "zh": "离线核验：parkopt verify FILE --key VKEY。验证公钥应通过本文件以外的渠道向园区索取。"
    "请保存检查点：与日后的文件比对，可证明园区其间未改写记录。entries 为 RFC 8785 规范记录；"
    "proof 为 RFC 9162 包含路径，通向已签名检查点（c2sp.org/tlog-checkpoint）中的根。"
    "basis 为 forecast 的记录是计划值，不是计量值；绿电占比不等同于绿色电力证书。",
}


def evidence(log: FileLog, select: Callable[[Mapping[str, Any]], bool], within: range | None = None) -> Record:
    """Return a document that proves the selected records.

    Parameters
    ----------
    log : FileLog
        The log that holds them.
    select : callable
        Says of a record (read-only, with ``seq`` and ``logged_at``) whether it belongs in.
    within : range, optional
        Indices to look at, as `FileLog.append` returned them; a long log is then not read whole.

    Returns
    -------
    dict
        ``format``, ``vkey``, ``checkpoint`` (signed note), ``entries`` (index, record,
        inclusion proof), ``consistency`` (every earlier checkpoint with its proof) and
        ``readme`` in both languages.

    Raises
    ------
    NothingToProve
        If no record is selected.
    LogBroken
        If a record or an earlier checkpoint is not the one that was signed.

    Notes
    -----
    RFC 9162 sections 2.1.3 and 2.1.4; c2sp.org/tlog-checkpoint.
    """
    snapshot = log.snapshot()
    first, stop = (within.start, within.stop) if within else (0, snapshot.size)
    entries = [
        {"index": index, "record": record, "proof": _texts(snapshot.inclusion_path(index))}
        for index, record in islice(snapshot.records(first), stop - first)
        if select(MappingProxyType(record))
    ]
    if not entries:
        raise NothingToProve()
    return {
        "format": FORMAT,
        "vkey": log.vkey,
        "checkpoint": snapshot.note,
        "entries": entries,
        "consistency": _consistency(snapshot),
        "readme": dict(README),
    }


def write_evidence(path: Path, doc: Mapping[str, Any]) -> None:
    """Write a document as canonical JSON, whole or not at all.

    Its file has one spelling, so that no byte of it can change unseen.

    Raises
    ------
    NotCanonical
        If the document has no canonical form (RFC 8785).
    CannotWrite
        If the file cannot be written.
    """
    data = canonical(doc)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    except OSError as problem:
        raise CannotWrite(path=path, reason=problem.strerror or problem) from problem


def _consistency(snapshot: Snapshot) -> list[Record]:
    return [
        {"size": size, "note": note, "path": _texts(snapshot.consistency_path(size))}
        for size, note in snapshot.earlier()
    ]


def _texts(path: list[bytes]) -> list[str]:
    return [encode(step) for step in path]
