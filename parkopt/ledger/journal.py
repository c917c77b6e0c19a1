"""The files of a log: what is read, checked and added under the lock that `FileLog` holds.

``checkpoint`` decides: a record counts once the signed note that covers it has replaced the
one before. All else is written and on disk earlier, so a crash leaves at most lines that
nobody was told of.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from parkopt.errors import Text
from parkopt.faults import LogBroken
from parkopt.ledger.checkpoint import Checkpoint, open_checkpoint
from parkopt.ledger.files import sync_folder, write_atomic, write_new
from parkopt.ledger.merkle import HASH_SIZE, Tree, leaf_hash

RECORDS, LEAVES, NOTE, ARCHIVE, VKEY, LOCK = (
    "records.jsonl",
    "leaves.bin",
    "checkpoint",
    "checkpoints",
    "vkey",
    "lock",
)
Mark = tuple[int, int]


@dataclass
class State:
    """What is known of a log in memory."""

    note: str
    tree: Tree
    ends: array[int]  # where each line ends in records.jsonl
    mark: Mark  # length and time of records.jsonl when it was read

    @property
    def end(self) -> int:
        """How many bytes of records.jsonl the signed note covers."""
        return self.ends[-1] if self.ends else 0


def mark_of(folder: Path) -> Mark:
    """Return length and time of records.jsonl."""
    try:
        found = (folder / RECORDS).stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def read_note(folder: Path) -> str:
    """Return the current signed note; LogBroken if there is none."""
    try:
        return (folder / NOTE).read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError) as lost:
        raise broken(0, "its checkpoint is gone or unreadable", "检查点丢失或无法读取") from lost


def archived(folder: Path) -> list[tuple[int, Path]]:
    """Return sizes and files of the earlier notes, smallest first."""
    names = [path for path in (folder / ARCHIVE).glob("*.note") if path.stem.isdecimal()]
    return sorted((int(path.stem), path) for path in names)


def lines(folder: Path, start: int = 0) -> Iterator[bytes]:
    """Yield the whole lines of records.jsonl from a byte on, without their newline."""
    path = folder / RECORDS
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1]


def refresh(folder: Path, vkey: str, state: State | None) -> State:
    """Return the state as the files have it now, with a crashed append cut off.

    Raises
    ------
    BadSignature
        If the checkpoint is not signed by this key.
    LogBroken
        If records are missing, were changed, or the checkpoint went back.
    """
    note, mark = read_note(folder), mark_of(folder)
    if state is None or note != state.note or mark != state.mark:
        state = _grown(folder, vkey, state, note) or _load(folder, vkey, trust=state is None)
    if mark[0] > state.end:
        cut_tail(folder, state.end)
    state.mark = mark_of(folder)
    return state


def _grown(folder: Path, vkey: str, state: State | None, note: str) -> State | None:
    """Return the state with what another process added; None if that does not explain it."""
    if state is None or note == state.note:
        return None
    head = open_checkpoint(note, vkey)
    if head.size < state.tree.size:
        raise broken(head.size, "its checkpoint went back to fewer records", "检查点退回到更少的记录")
    for line in _take(lines(folder, state.end), head.size - state.tree.size):
        add_leaf(state, line)
    state.note = note
    return state if (state.tree.size, state.tree.root()) == (head.size, head.root) else None


def _load(folder: Path, vkey: str, *, trust: bool) -> State:
    note = read_note(folder)
    head = open_checkpoint(note, vkey)
    earlier = archived(folder)
    if earlier and earlier[-1][0] > head.size:
        raise broken(
            head.size, "its checkpoint is older than one kept in checkpoints/", "检查点早于 checkpoints/ 中的存档"
        )
    stored = stored_leaves(folder, head)
    state = State(note, Tree(), array("Q"), mark_of(folder))
    for line in _take(lines(folder), head.size):
        _add_end(state, line)
        if stored is None or not trust:
            state.tree.append(leaf_hash(line))
    if stored is not None and trust:
        state.tree = stored
    check_head(state.tree, len(state.ends), head, stored)
    if stored is None:
        write_atomic(folder / LEAVES, state.tree.leaves())
    return state


def check_head(tree: Tree, count: int, head: Checkpoint, stored: Tree | None) -> None:
    """Raise LogBroken unless ``count`` records with these hashes are what was signed."""
    if count < head.size:
        raise broken(
            count, f"{head.size} records were signed, {count} are there", f"已签名 {head.size} 条，实有 {count} 条"
        )
    if tree.root() != head.root:
        index = first_difference(tree, stored) if stored else None
        place: object = f"0..{head.size - 1}" if index is None else index
        raise broken(place, "it is not the one that was signed", "与已签名的内容不同")


def first_difference(tree: Tree, stored: Tree) -> int | None:
    """Return the first leaf in which two trees of one size differ."""
    pairs = zip(range(tree.size), range(stored.size), strict=True)
    return next((i for i, _ in pairs if tree.leaf(i) != stored.leaf(i)), None)


def stored_leaves(folder: Path, head: Checkpoint) -> Tree | None:
    """Return the leaf hashes kept beside the records, if they lead to the signed root."""
    path = folder / LEAVES
    data = path.read_bytes()[: head.size * HASH_SIZE] if path.exists() else b""
    if len(data) != head.size * HASH_SIZE:
        return None
    tree = Tree(data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE))
    return tree if tree.root() == head.root else None


def add_leaf(state: State, line: bytes) -> None:
    """Add a line to the state in memory."""
    _add_end(state, line)
    state.tree.append(leaf_hash(line))


def _add_end(state: State, line: bytes) -> None:
    state.ends.append(state.end + len(line) + 1)


def _take(source: Iterable[bytes], count: int) -> Iterator[bytes]:
    # zip with the range first, so that no line beyond the count is read
    for _, line in zip(range(count), source, strict=False):
        yield line


def write_lines(folder: Path, added: Sequence[bytes]) -> None:
    """Append lines to records.jsonl and wait until they are on disk."""
    with (folder / RECORDS).open("ab") as file:
        file.write(b"".join(line + b"\n" for line in added))
        file.flush()
        os.fsync(file.fileno())


def write_leaves(folder: Path, hashes: bytes, start: int) -> None:
    """Put hashes at their place in leaves.bin; it may be lost, as the records give it anew."""
    handle = os.open(folder / LEAVES, os.O_WRONLY | os.O_CREAT, 0o644)
    with os.fdopen(handle, "wb") as file:
        file.truncate(start * HASH_SIZE)
        file.seek(start * HASH_SIZE)
        file.write(hashes)


def cut_tail(folder: Path, end: int) -> None:
    """Move what stands beyond the signed records to ``recovered-<n>.jsonl``."""
    with (folder / RECORDS).open("rb") as file:
        file.seek(end)
        tail = file.read()
    number = 1
    while (folder / f"recovered-{number}.jsonl").exists():
        number += 1
    write_new(folder / f"recovered-{number}.jsonl", tail)
    trim(folder, end)


def trim(folder: Path, end: int) -> None:
    """Shorten records.jsonl to ``end`` bytes."""
    with (folder / RECORDS).open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    sync_folder(folder)


def broken(index: object, en: str, zh: str) -> LogBroken:
    """Return the fault of a log at a record."""
    return LogBroken(index=index, reason=Text(en=en, zh=zh))
