"""The log of records: one folder, append-only, safe against crashes and second writers."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from parkopt.errors import LedgerFault, Text
from parkopt.faults import BadRecord, CannotWrite, NaiveTime
from parkopt.ledger import journal
from parkopt.ledger.canonical import Record, canonical, parse
from parkopt.ledger.checkpoint import open_checkpoint
from parkopt.ledger.files import write_atomic, write_new
from parkopt.ledger.journal import ARCHIVE, LOCK, NOTE, RECORDS, VKEY, State
from parkopt.ledger.keys import LogKey
from parkopt.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash

STAMPS = ("seq", "salt", "logged_at")


def utc_now() -> datetime:
    """Return the time of the machine, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Snapshot:
    """One signed state of the log; later appends do not change what it gives."""

    size: int
    note: str
    tree: Tree
    ends: Sequence[int]
    folder: Path
    vkey: str

    def records(self, start: int = 0) -> Iterator[tuple[int, Record]]:
        """Yield index and record from ``start`` on.

        Raises
        ------
        LogBroken
            If a record is not the one that was signed.
        """
        source = journal.lines(self.folder, self.ends[start - 1] if start else 0)
        for index in range(start, self.size):
            line = next(source, None)
            if line is None or leaf_hash(line) != self.tree.leaf(index):
                raise journal.broken(index, "it is not the one that was signed", "与已签名的内容不同")
            yield index, parse(line)

    def inclusion_path(self, index: int) -> list[bytes]:
        """Return the path of a record to the signed root; OutsideLog if there is none."""
        return self.tree.inclusion_path(index, self.size)

    def consistency_path(self, old: int) -> list[bytes]:
        """Return the proof that the first ``old`` records are unchanged (RFC 9162 section 2.1.4)."""
        return self.tree.consistency_path(old, self.size)

    def earlier(self) -> list[tuple[int, str]]:
        """Return size and text of every earlier signed note, smallest first, without size 0.

        Raises
        ------
        LogBroken
            If one is unreadable, unsigned, or not a head of these records.
        """
        found = journal.archived(self.folder)
        return [(size, self._kept_note(size, path)) for size, path in found if 0 < size < self.size]

    def _kept_note(self, size: int, path: Path) -> str:
        try:
            note = path.read_text("utf-8")
            head = open_checkpoint(note, self.vkey)
        except (OSError, UnicodeDecodeError, LedgerFault) as lost:
            raise journal.broken(
                size, f"{path.name} is unreadable or unsigned", f"{path.name} 无法读取或未签名"
            ) from lost
        if (head.size, head.root) != (size, self.tree.root(size)):
            raise journal.broken(size, f"{path.name} is no head of these records", f"{path.name} 与记录不符")
        return note


class FileLog:
    """An append-only log in a folder; any number of processes may use it at once.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    key : LogKey
        Signs each new checkpoint; its name is the log's origin.
    clock : callable
        Gives the time that ``logged_at`` states; with a zone.

    Raises
    ------
    BadSignature
        If the log there was signed by another key.
    LogBroken
        If records are missing or changed, or the checkpoint is lost or went back.
    CannotWrite
        If the folder cannot be written.

    Notes
    -----
    Opening cuts lines that a crash left beyond the signed size off to
    ``recovered-<n>.jsonl``; nobody was told that they were logged. Formats: RFC 8785
    (records), RFC 9162 section 2.1 (tree), c2sp.org/tlog-checkpoint.
    """

    def __init__(self, folder: Path, key: LogKey, clock: Callable[[], datetime] = utc_now) -> None:
        self.folder = folder
        self._key = key
        self._clock = clock
        self._state: State | None = None
        with self._locked():
            self._begin()
            self._sync()

    @property
    def vkey(self) -> str:
        """The verifier key of the log."""
        return self._key.vkey

    @property
    def size(self) -> int:
        """How many records are signed now."""
        return self.snapshot().size

    @property
    def checkpoint(self) -> str:
        """The current signed note."""
        return self.snapshot().note

    def snapshot(self) -> Snapshot:
        """Return the newest signed state, also of what other processes added."""
        with self._locked():
            state = self._sync()
            return Snapshot(state.tree.size, state.note, state.tree, state.ends, self.folder, self.vkey)

    def append(self, records: Sequence[Mapping[str, Any]]) -> range:
        """Log records, all or none, and return their indices once they are on disk and signed.

        Parameters
        ----------
        records : sequence of mappings
            Each with a text ``type`` and without ``seq``, ``salt`` and ``logged_at``, which
            are added here. The salt keeps a leaf hash from giving away a record that could
            be guessed.

        Raises
        ------
        BadRecord
            If ``type`` is missing or one of the three is there.
        NotCanonical
            If a record has no canonical form (RFC 8785).
        LogBroken, BadSignature
            If the log on disk does not hold; nothing is added to it.
        CannotWrite
            If it cannot be written; nothing was logged.
        """
        bodies = [_checked(record) for record in records]
        stamp = utc_text(self._clock())
        with self._locked():
            state = self._sync()
            first = state.tree.size
            if bodies:
                self._commit(state, [_line(body, first + i, stamp) for i, body in enumerate(bodies)])
        return range(first, first + len(bodies))

    def _commit(self, state: State, added: Sequence[bytes]) -> None:
        self._state = None  # until all is done, the disk alone is trusted
        old_note, old_end, old_size = state.note, state.end, state.tree.size
        for line in added:
            journal.add_leaf(state, line)
        state.note = self._key.sign(state.tree.size, state.tree.root())
        try:
            journal.write_lines(self.folder, added)
            journal.write_leaves(self.folder, state.tree.leaves(old_size), old_size)
            write_atomic(self.folder / ARCHIVE / f"{old_size}.note", old_note.encode())
            write_atomic(self.folder / NOTE, state.note.encode())
        except OSError:
            self._take_back(old_note, old_end)
            raise
        state.mark = journal.mark_of(self.folder)
        self._state = state

    def _take_back(self, note: str, end: int) -> None:
        # Only while the old note stands; after a failure here the next opening cuts the tail.
        with contextlib.suppress(OSError):
            if journal.read_note(self.folder) == note:
                journal.trim(self.folder, end)

    def _begin(self) -> None:
        (self.folder / ARCHIVE).mkdir(exist_ok=True)
        if not (self.folder / NOTE).exists():
            if (self.folder / RECORDS).exists() or journal.archived(self.folder):
                raise journal.broken(0, "its checkpoint is gone", "检查点丢失")
            write_new(self.folder / NOTE, self._key.sign(0, EMPTY_ROOT).encode())
        if not (self.folder / VKEY).exists():
            write_atomic(self.folder / VKEY, f"{self.vkey}\n".encode())

    def _sync(self) -> State:
        known, self._state = self._state, None
        self._state = journal.refresh(self.folder, self.vkey, known)
        return self._state

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        # Each use opens the file anew: flock then also holds threads of one process apart.
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / LOCK).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as problem:
            raise CannotWrite(path=self.folder, reason=problem.strerror or problem) from problem


def _checked(record: Mapping[str, Any]) -> Record:
    canonical(record)
    kind = record.get("type")
    if not isinstance(kind, str) or not kind:
        raise BadRecord(reason=Text(en="it has no type", zh="缺少 type"))
    taken = [name for name in STAMPS if name in record]
    if taken:
        raise BadRecord(reason=Text(en=f"the log itself sets {taken[0]}", zh=f"{taken[0]} 由日志自行设置"))
    return dict(record)


def _line(body: Record, index: int, stamp: str) -> bytes:
    return canonical({**body, "seq": index, "salt": token_hex(16), "logged_at": stamp})


def utc_text(time: datetime) -> str:
    """Return a time as ``2026-07-01T03:00:00Z``; NaiveTime if it has no zone."""
    if time.tzinfo is None:
        raise NaiveTime(value=time.isoformat())
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
