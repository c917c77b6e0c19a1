"""Storage of the settled log of one park: plain bytes in, plain bytes out; what they mean is the ledger's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, insert, or_, select, text
from sqlalchemy.orm import Session

from parkopt.store.log_tables import CheckpointRow, LeafRow, NodeRow

_ROWS_AT_ONCE = 1000
_PLACES_AT_ONCE = 200  # SQLite allows an expression only so many terms


class Leaf(NamedTuple):
    """A record of the log; ``day`` and ``party`` are empty where it has none."""

    idx: int
    leaf_hash: bytes
    leaf: bytes
    salt: bytes
    body: bytes
    kind: str
    day: str
    party: str


class Head(NamedTuple):
    """A signed head."""

    size: int
    root: bytes
    note: str
    created_at: datetime


class Logbook:
    """The rows of one park's log, in the transaction of a session; see `parkopt.ledger.settled.LogStore`.

    Parameters
    ----------
    session : Session
        Its transaction decides: what was added counts when it is committed.
    park : str
        Id of the park; each has a log of its own.
    """

    def __init__(self, session: Session, park: str) -> None:
        self.park = park
        self._session = session

    def lock(self) -> None:
        """Keep other writers of this log out until the transaction ends.

        SQLite does that for all of the database from the first statement on (BEGIN IMMEDIATE).
        """
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key(self.park)})

    def count(self) -> int:
        """Return one more than the highest index of a leaf, 0 where there is none."""
        newest = select(func.max(LeafRow.idx)).where(LeafRow.park == self.park)
        found = self._session.scalar(newest)
        return 0 if found is None else found + 1

    def last(self) -> Head | None:
        """Return the newest head, if there is one."""
        newest = _heads().where(CheckpointRow.park == self.park).order_by(CheckpointRow.size.desc()).limit(1)
        row = self._session.execute(newest).one_or_none()
        return None if row is None else Head._make(row)

    def heads(self) -> list[Head]:
        """Return all heads, smallest first."""
        wanted = _heads().where(CheckpointRow.park == self.park).order_by(CheckpointRow.size)
        return [Head._make(row) for row in self._session.execute(wanted)]

    def hashes(self, places: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], bytes]:
        """Return the hashes of full subtrees by level and index; what is not there is left out."""
        found: dict[tuple[int, int], bytes] = {}
        for start in range(0, len(places), _PLACES_AT_ONCE):
            part = places[start : start + _PLACES_AT_ONCE]
            found |= self._leaf_hashes([idx for level, idx in part if level == 0])
            found |= self._node_hashes([place for place in part if place[0] > 0])
        return found

    def _leaf_hashes(self, indices: Sequence[int]) -> dict[tuple[int, int], bytes]:
        wanted = select(LeafRow.idx, LeafRow.leaf_hash).where(LeafRow.park == self.park, LeafRow.idx.in_(indices))
        return {(0, idx): kept for idx, kept in self._session.execute(wanted)} if indices else {}

    def _node_hashes(self, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        if not places:
            return {}
        # The park stands in each term, so that each is one look-up in the primary key.
        each = [and_(NodeRow.park == self.park, NodeRow.level == level, NodeRow.idx == idx) for level, idx in places]
        wanted = select(NodeRow.level, NodeRow.idx, NodeRow.hash).where(or_(*each))
        return {(level, idx): kept for level, idx, kept in self._session.execute(wanted)}

    def nodes(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield level, index and hash of every node, by level and index."""
        levels = select(NodeRow.level).where(NodeRow.park == self.park).distinct().order_by(NodeRow.level)
        for level in self._session.scalars(levels).all():
            own = select(NodeRow.idx, NodeRow.hash).where(NodeRow.park == self.park, NodeRow.level == level)
            yield from ((level, idx, kept) for idx, kept in self._pages(own, NodeRow.idx, -(2**62)))

    def leaves(
        self, start: int = 0, stop: int | None = None, *, party: str = "", day: str = "", kind: str = ""
    ) -> Iterator[Leaf]:
        """Yield leaves in their order, from ``start`` to before ``stop``; a name that is given must fit."""
        wanted = select(
            LeafRow.idx, LeafRow.leaf_hash, LeafRow.leaf, LeafRow.salt, LeafRow.body, LeafRow.kind, LeafRow.day,
            LeafRow.party,
        ).where(LeafRow.park == self.park)  # fmt: skip
        if stop is not None:
            wanted = wanted.where(LeafRow.idx < stop)
        for column, value in ((LeafRow.party, party), (LeafRow.day, day), (LeafRow.kind, kind)):
            wanted = wanted.where(column == value) if value else wanted
        yield from (Leaf._make(row) for row in self._pages(wanted, LeafRow.idx, start))

    def leaf_hashes(self) -> list[bytes]:
        """Return the hashes of all leaves, in their order."""
        wanted = select(LeafRow.leaf_hash).where(LeafRow.park == self.park).order_by(LeafRow.idx)
        return list(self._session.scalars(wanted))

    def places_of(self, first: str, last: str) -> list[int]:
        """Return the indices of the leaves of the local days from `first` to `last` and of those without a day.

        An index of the database alone answers that: no record is read for it.
        """
        days = (LeafRow.day == "", and_(LeafRow.day >= first, LeafRow.day <= last))
        asked = [select(LeafRow.idx).where(LeafRow.park == self.park, own) for own in days]
        return sorted(idx for one in asked for idx in self._session.scalars(one))

    def add(
        self, leaves: Sequence[tuple[int, bytes, bytes, bytes, bytes, str, str, str]],
        nodes: Sequence[tuple[int, int, bytes]], head: tuple[int, bytes, str, datetime],
    ) -> None:  # fmt: skip
        """Add leaves, the nodes that became full, and the head that covers them."""
        self._insert(LeafRow, ("idx", "leaf_hash", "leaf", "salt", "body", "kind", "day", "party"), leaves)
        self._insert(NodeRow, ("level", "idx", "hash"), nodes)
        self._insert(CheckpointRow, ("size", "root", "note", "created_at"), [head])

    def _insert(self, table: type[Any], names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            named = [{"park": self.park, **dict(zip(names, row, strict=True))} for row in rows]
            self._session.execute(insert(table.__table__), named)

    def _pages(self, wanted: Any, place: Any, start: int) -> Iterator[Any]:
        """Yield rows by their index, the first column, a page at a time: no cursor stays open in between."""
        while True:
            page = wanted.where(place >= start).order_by(place).limit(_ROWS_AT_ONCE)
            rows = self._session.execute(page).all()
            yield from rows
            if len(rows) < _ROWS_AT_ONCE:
                return
            start = rows[-1][0] + 1


def _heads() -> Select[int, bytes, str, datetime]:
    return select(CheckpointRow.size, CheckpointRow.root, CheckpointRow.note, CheckpointRow.created_at)


def lock_key(park: str) -> int:
    """Return the number under which PostgreSQL locks a park's log: 64 bits with a sign."""
    return int.from_bytes(hashlib.sha256(f"parkopt/log/{park}".encode()).digest()[:8], "big", signed=True)
