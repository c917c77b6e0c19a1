"""Every changed byte is found, and so are dropped, swapped, replayed and cut records."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parkopt.errors import LedgerFault
from parkopt.faults import LogBroken
from parkopt.ledger import FileLog, LogKey, canonical, evidence, load_or_create_key, verify_evidence, verify_log
from parkopt.ledger.checkpoint import encode
from parkopt.ledger.merkle import Tree, leaf_hash

Day = Callable[..., list[dict[str, Any]]]
MASKS = (0x01, 0x20, 0x80)


@pytest.fixture
def small(log: FileLog, day: Day) -> FileLog:
    log.append([{"type": "note"}])
    log.append(day(1))
    log.append([{"type": "note"}])
    return log


def found(check: Callable[[], Any]) -> bool:
    """Say whether a check fails or raises a ledger fault; anything else is an error of its own."""
    try:
        return not check().ok
    except LedgerFault:
        return True


def flips(data: bytes, masks: tuple[int, ...]) -> list[bytes]:
    """Return the data with each byte changed, once for each mask."""
    changed = []
    for place in range(len(data)):
        for mask in masks:
            copy = bytearray(data)
            copy[place] ^= mask
            changed.append(bytes(copy))
    return changed


@pytest.mark.parametrize("pinned", [True, False])
def test_every_changed_byte_of_an_evidence_file_is_found(small: FileLog, pinned: bool) -> None:  # noqa: FBT001
    data = canonical(evidence(small, lambda record: record.get("enterprise", "a") == "a"))
    vkey = small.vkey if pinned else None
    assert verify_evidence(data, vkey).ok
    changed = flips(data, MASKS if pinned else MASKS[:1])
    missed = [flip for flip in changed if not found(lambda flip=flip: verify_evidence(flip, vkey))]
    print(f"evidence: {len(changed)} flips of {len(data)} bytes, {len(changed) - len(missed)} found")
    assert missed == []


def test_every_shortened_evidence_file_is_found(small: FileLog) -> None:
    data = canonical(evidence(small, lambda _: True))
    assert all(found(lambda cut=cut: verify_evidence(data[:cut], None)) for cut in range(0, len(data), 3))


def test_every_changed_byte_of_a_log_is_found(small: FileLog) -> None:
    count = 0
    for name in ("records.jsonl", "checkpoint", "checkpoints/1.note", "vkey"):
        path = small.folder / name
        good = path.read_bytes()
        for flip in flips(good, MASKS[:1]):
            path.write_bytes(flip)
            count += 1
            assert found(lambda: verify_log(small.folder, small.vkey)), (name, flip)
        path.write_bytes(good)
    print(f"log: {count} flips, all found")
    assert verify_log(small.folder, small.vkey).ok


LINE_CHANGES: dict[str, Callable[[list[bytes]], Any]] = {
    "drop": lambda rows: rows.pop(2),
    "drop first": lambda rows: rows.pop(0),
    "cut": lambda rows: rows.pop(),
    "swap": lambda rows: rows.insert(1, rows.pop(3)),
    "replay": lambda rows: rows.insert(3, rows[2]),
    "replace": lambda rows: rows.__setitem__(2, rows[3]),
    "empty": lambda rows: rows.clear(),
    "other salt": lambda rows: rows.__setitem__(
        2, canonical({**json.loads(rows[2]), "salt": "0" * 32})
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINE_CHANGES)
def test_a_changed_list_of_records_is_found(small: FileLog, key: LogKey, name: str) -> None:
    path = small.folder / "records.jsonl"
    rows = path.read_bytes().splitlines()
    LINE_CHANGES[name](rows)
    path.write_bytes(b"".join(row + b"\n" for row in rows))
    assert found(lambda: verify_log(small.folder, key.vkey))


def test_a_line_added_without_signature_is_said_and_not_taken(small: FileLog, key: LogKey) -> None:
    path = small.folder / "records.jsonl"
    row = json.loads(path.read_bytes().splitlines()[-1])
    path.write_bytes(path.read_bytes() + canonical({**row, "seq": small.size}) + b"\n")
    step = verify_log(small.folder, key.vkey).step("inclusion")
    assert step is not None
    assert step.status == "WARN"
    assert "1 line(s) from record 6 on are not signed" in step.en


DOC_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "swap records": lambda doc: _swap(doc["entries"], "record"),
    "swap proofs": lambda doc: _swap(doc["entries"], "proof"),
    "replay as another": lambda doc: doc["entries"][2].update(record=doc["entries"][1]["record"]),
    "renumber": lambda doc: doc["entries"][-1].update(index=9),
    "shorter proof": lambda doc: doc["entries"][1]["proof"].pop(),
    "longer proof": lambda doc: doc["entries"][1]["proof"].append(encode(bytes(32))),
    "older head": lambda doc: doc.update(checkpoint=doc["consistency"][-1]["note"]),
    "other note": lambda doc: doc["consistency"][0].update(note=doc["consistency"][1]["note"]),
    "no path": lambda doc: doc["consistency"][0].update(path=[]),
    "no base64": lambda doc: doc["entries"][1]["proof"].__setitem__(0, 5),
    "float": lambda doc: doc["entries"][1]["record"].update(x=0.5),
}


@pytest.mark.parametrize("hour", [0, 1, 2])
def test_a_dropped_hour_is_found(log: FileLog, day: Day, hour: int) -> None:
    log.append(day(3))
    doc = evidence(log, lambda record: record.get("enterprise", "a") == "a")
    assert verify_evidence(doc, log.vkey).ok
    del doc["entries"][2 + 2 * hour]
    assert found(lambda: verify_evidence(doc, log.vkey))


def _swap(entries: list[dict[str, Any]], name: str) -> None:
    entries[1][name], entries[2][name] = entries[2][name], entries[1][name]


@pytest.mark.parametrize("name", DOC_CHANGES)
def test_a_changed_document_is_found(small: FileLog, name: str) -> None:
    doc = evidence(small, lambda _: True)
    assert verify_evidence(doc, small.vkey).ok
    DOC_CHANGES[name](doc)
    assert found(lambda: verify_evidence(doc, small.vkey))


def test_a_whole_forgery_under_another_key_is_found_by_the_pinned_one(small: FileLog, tmp_path: Path) -> None:
    doc = evidence(small, lambda _: True)
    forger = load_or_create_key(tmp_path / "forger", "parkopt.example/dafeng")
    doc["entries"][3]["record"]["green_wh"] = 1
    tree = Tree(leaf_hash(canonical(entry["record"])) for entry in doc["entries"])
    for index, entry in enumerate(doc["entries"]):
        entry["proof"] = [encode(step) for step in tree.inclusion_path(index)]
    doc.update(vkey=forger.vkey, checkpoint=forger.sign(tree.size, tree.root()), consistency=[])
    assert verify_evidence(doc, None).ok  # so the warning that no key was pinned matters
    assert found(lambda: verify_evidence(doc, small.vkey))


def test_a_log_put_back_to_an_earlier_day_is_found(small: FileLog, key: LogKey, tmp_path: Path) -> None:
    shutil.copytree(small.folder, tmp_path / "before")
    small.append([{"type": "late"}])
    held = small.checkpoint
    assert verify_log(tmp_path / "before", key.vkey).ok
    assert found(lambda: verify_log(tmp_path / "before", key.vkey, held))


@pytest.mark.parametrize("damage", [b"", b"\xff", b"x\n1\n"])
def test_no_evidence_is_made_from_a_broken_earlier_checkpoint(small: FileLog, damage: bytes) -> None:
    (small.folder / "checkpoints" / "1.note").write_bytes(damage)
    with pytest.raises(LogBroken, match=r"1\.note"):
        evidence(small, lambda _: True)


def test_an_earlier_checkpoint_under_another_size_is_found(small: FileLog) -> None:
    notes = small.folder / "checkpoints"
    shutil.copy(notes / "5.note" if (notes / "5.note").exists() else notes / "0.note", notes / "1.note")
    with pytest.raises(LogBroken, match="no head"):
        evidence(small, lambda _: True)
    assert found(lambda: verify_log(small.folder, small.vkey))
