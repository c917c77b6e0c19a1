"""The log in a folder: what is kept, what is cut off, and what is refused."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from parkopt.faults import BadRecord, BadSignature, CannotWrite, LogBroken, NaiveTime, NotCanonical
from parkopt.ledger import FileLog, LogKey, canonical, load_or_create_key, open_checkpoint, verify_log
from parkopt.ledger import log as log_module
from parkopt.ledger.merkle import Tree, leaf_hash


def lines(log: FileLog) -> list[bytes]:
    return (log.folder / "records.jsonl").read_bytes().splitlines()


def test_a_new_log_is_signed_empty(log: FileLog) -> None:
    assert log.size == 0
    assert open_checkpoint(log.checkpoint, log.vkey).size == 0
    assert (log.folder / "vkey").read_text() == f"{log.vkey}\n"
    assert verify_log(log.folder, log.vkey).ok


def test_records_are_stamped_canonical_and_signed(log: FileLog) -> None:
    assert log.append([{"type": "a", "n": 1}, {"type": "b"}]) == range(2)
    assert log.append([{"type": "c"}]) == range(2, 3)
    rows = [json.loads(line) for line in lines(log)]
    assert [row["seq"] for row in rows] == [0, 1, 2]
    assert {row["logged_at"] for row in rows} == {"2026-01-13T08:00:00Z"}
    assert len({row["salt"] for row in rows}) == 3
    assert [canonical(row) for row in rows] == lines(log)
    head = open_checkpoint(log.checkpoint, log.vkey)
    assert (head.size, head.root) == (3, Tree(map(leaf_hash, lines(log))).root())


def test_earlier_notes_and_leaf_hashes_are_kept(log: FileLog) -> None:
    notes = []
    for n in range(4):
        notes.append(log.checkpoint)
        log.append([{"type": "a", "n": n}] * 2)
    kept = log.folder / "checkpoints"
    assert [(kept / f"{2 * n}.note").read_text() for n in range(4)] == notes
    assert len(list(kept.iterdir())) == 4
    assert (log.folder / "leaves.bin").read_bytes() == b"".join(map(leaf_hash, lines(log)))


def test_an_empty_batch_changes_nothing(log: FileLog) -> None:
    log.append([{"type": "a"}])
    before = log.checkpoint
    assert log.append([]) == range(1, 1)
    assert log.checkpoint == before


@pytest.mark.parametrize(
    ("record", "fault"),
    [({}, BadRecord), ({"type": ""}, BadRecord), ({"type": 1}, BadRecord), ({"type": "a", "seq": 0}, BadRecord),
     ({"type": "a", "salt": ""}, BadRecord), ({"type": "a", "logged_at": ""}, BadRecord),
     ({"type": "a", "x": 0.5}, NotCanonical), ({"type": "a", 1: 2}, NotCanonical)],
)  # fmt: skip
def test_a_bad_record_keeps_its_whole_batch_out(log: FileLog, record: dict[str, object], fault: type) -> None:
    with pytest.raises(fault):
        log.append([{"type": "good"}, record])
    assert log.size == 0
    assert not (log.folder / "records.jsonl").exists()


def test_a_clock_without_zone_is_refused(tmp_path: Path, key: LogKey) -> None:
    log = FileLog(tmp_path / "log", key, clock=lambda: datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(NaiveTime):
        log.append([{"type": "a"}])


def test_it_opens_again_with_and_without_the_leaf_hashes(log: FileLog, key: LogKey) -> None:
    log.append([{"type": "a", "n": n} for n in range(20)])
    leaves = log.folder / "leaves.bin"
    data = leaves.read_bytes()
    for damage in (data, None, b"", data[:-5], bytes(len(data)), data + b"x" * 64):
        leaves.unlink() if damage is None else leaves.write_bytes(damage)
        again = FileLog(log.folder, key)
        assert again.checkpoint == log.checkpoint
        assert again.append([{"type": "b"}]).start == log.size - 1
        data = leaves.read_bytes()
        assert verify_log(log.folder, key.vkey).ok
        assert data == b"".join(map(leaf_hash, lines(log)))


def test_two_logs_of_one_folder_see_each_other(log: FileLog, key: LogKey) -> None:
    other = FileLog(log.folder, key)
    for n in range(5):
        assert log.append([{"type": "a"}]).start == 3 * n
        assert other.append([{"type": "b"}] * 2).start == 3 * n + 1
    assert log.size == other.size == 15
    assert verify_log(log.folder, key.vkey).ok


def test_a_snapshot_stays_as_it_was(log: FileLog) -> None:
    log.append([{"type": "a", "n": n} for n in range(5)])
    old = log.snapshot()
    path = old.inclusion_path(3)
    log.append([{"type": "b"}] * 9)
    assert old.size == 5
    assert old.inclusion_path(3) == path
    assert [record["n"] for _, record in old.records(2)] == [2, 3, 4]


def test_lines_that_nobody_was_told_of_are_cut_off(log: FileLog, key: LogKey) -> None:
    log.append([{"type": "a"}])
    good = (log.folder / "records.jsonl").read_bytes()
    for number, tail in enumerate((b'{"type":"late"}\n', b'{"type":"ha', b"\x00" * 9, b"a\nb\n"), 1):
        (log.folder / "records.jsonl").write_bytes(good + tail)
        user = log if number % 2 else FileLog(log.folder, key)  # both a running log and a new one
        assert user.size == 1
        assert (log.folder / "records.jsonl").read_bytes() == good
        assert (log.folder / f"recovered-{number}.jsonl").read_bytes() == tail
    assert log.append([{"type": "b"}]) == range(1, 2)


def test_missing_records_break_the_log(log: FileLog, key: LogKey) -> None:
    log.append([{"type": "a"}] * 3)
    path = log.folder / "records.jsonl"
    good = path.read_bytes()
    for damage in (b"".join(good.splitlines(keepends=True)[:2]), good[:-1], b""):
        path.write_bytes(damage)
        for user in (lambda: FileLog(log.folder, key), lambda: log.append([{"type": "b"}])):
            with pytest.raises(LogBroken):
                user()
        assert path.read_bytes() == damage
    path.write_bytes(good)
    assert log.append([{"type": "b"}]) == range(3, 4)


def test_a_changed_record_is_found_while_running_and_when_read(log: FileLog, key: LogKey) -> None:
    log.append([{"type": "a", "n": n} for n in range(9)])
    path = log.folder / "records.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"n":4', b'"n":5'))
    with pytest.raises(LogBroken, match="record 4"):
        log.append([{"type": "b"}])
    with pytest.raises(LogBroken, match="record 4"):
        list(FileLog(log.folder, key).snapshot().records())
    (log.folder / "leaves.bin").unlink()
    with pytest.raises(LogBroken):
        FileLog(log.folder, key)


def test_a_lost_checkpoint_breaks_the_log(log: FileLog, key: LogKey) -> None:
    log.append([{"type": "a"}])
    (log.folder / "checkpoint").unlink()
    for user in (lambda: FileLog(log.folder, key), lambda: log.size):
        with pytest.raises(LogBroken):
            user()
    (log.folder / "records.jsonl").unlink()
    with pytest.raises(LogBroken):
        FileLog(log.folder, key)


def test_a_checkpoint_that_went_back_breaks_the_log(log: FileLog, key: LogKey) -> None:
    for _ in range(3):
        log.append([{"type": "a"}])
    shutil.copy(log.folder / "checkpoints" / "1.note", log.folder / "checkpoint")
    for user in (lambda: log.append([{"type": "b"}]), lambda: FileLog(log.folder, key)):
        with pytest.raises(LogBroken):
            user()
    assert len(lines(log)) == 3


def test_another_key_cannot_go_on_with_the_log(log: FileLog, tmp_path: Path) -> None:
    log.append([{"type": "a"}])
    other = load_or_create_key(tmp_path / "other", "parkopt.example/dafeng")
    with pytest.raises(BadSignature):
        FileLog(log.folder, other)


@pytest.mark.parametrize("step", [1, 2])
def test_a_full_disk_logs_nothing_and_the_log_goes_on(log: FileLog, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    log.append([{"type": "a"}])
    real: Callable[[Path, bytes], None] = log_module.write_atomic
    calls = []

    def full(path: Path, data: bytes) -> None:
        calls.append(path)
        if len(calls) == step:
            raise OSError(28, "No space left on device")
        real(path, data)

    monkeypatch.setattr(log_module, "write_atomic", full)
    with pytest.raises(CannotWrite, match="No space left"):
        log.append([{"type": "lost"}])
    monkeypatch.undo()
    assert log.append([{"type": "b"}]) == range(1, 2)
    assert [json.loads(line)["type"] for line in lines(log)] == ["a", "b"]
    assert verify_log(log.folder, log.vkey).ok


def test_a_failure_after_the_commit_keeps_the_records(log: FileLog, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[[Path, bytes], None] = log_module.write_atomic

    def late(path: Path, data: bytes) -> None:
        real(path, data)
        if path.name == "checkpoint":
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(log_module, "write_atomic", late)
    with pytest.raises(CannotWrite):
        log.append([{"type": "a"}])
    monkeypatch.undo()
    assert log.size == 1
    assert verify_log(log.folder, log.vkey).ok


def test_appending_to_a_long_log_costs_little(log: FileLog) -> None:
    log.append([{"type": "a", "n": n} for n in range(20_000)])
    log.append([{"type": "b"}])
    start = time.perf_counter()
    log.append([{"type": "c", "n": n} for n in range(150)])
    assert time.perf_counter() - start < 0.5  # about 6 ms where it was written, 20,000 or 100,000 alike


def test_times_are_utc(tmp_path: Path, key: LogKey) -> None:
    log = FileLog(tmp_path / "log", key)
    before = datetime.now(UTC).replace(microsecond=0)
    log.append([{"type": "a"}])
    assert before <= datetime.fromisoformat(json.loads(lines(log)[0])["logged_at"]) <= datetime.now(UTC)
