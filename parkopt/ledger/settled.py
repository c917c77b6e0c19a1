"""The settled log: salted commitments to records, in a Merkle tree whose head is signed, in a store.

The log shows of a record only its type, index, time and a commitment; whoever holds the salt
and the record can show what was committed to, and nobody else can guess it. All is done in
the caller's transaction: what `SettledLog.append` returns, and the head that it signed, count
once that is committed, and may not be handed out before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from secrets import token_bytes
from typing import Any, NamedTuple, Protocol

from parkopt.errors import Text
from parkopt.faults import BadRecord
from parkopt.ledger.canonical import Record, canonical, parse, sha256
from parkopt.ledger.checkpoint import open_checkpoint
from parkopt.ledger.journal import broken
from parkopt.ledger.keys import LogKey
from parkopt.ledger.log import utc_now, utc_text
from parkopt.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash
from parkopt.ledger.stored_tree import Place, StoredTree, edge_of, edge_root, grow

SALT_SIZE = 16
LeafColumns = tuple[int, bytes, bytes, bytes, bytes, str, str, str]
"""Index, leaf hash, leaf, salt, body (canonical record), type, local day, party."""
HeadColumns = tuple[int, bytes, str, datetime]
"""Size, root, signed note, time."""


class LogStore(Protocol):
    """Where a log is kept: rows of bytes that can only be added (`parkopt.store.logbook.Logbook`)."""

    park: str

    def lock(self) -> None:
        """Keep other writers out until the transaction ends."""

    def count(self) -> int:
        """Return one more than the highest index of a leaf."""

    def last(self) -> HeadColumns | None:
        """Return the newest head."""

    def heads(self) -> Sequence[HeadColumns]:
        """Return all heads, smallest first."""

    def hashes(self, places: Sequence[Place]) -> Mapping[Place, bytes]:
        """Return the hashes of full subtrees; what is not there is left out."""

    def nodes(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield level (1 and up), index and hash of every node, by level and index."""

    def leaves(
        self, start: int = 0, stop: int | None = None, *, party: str = "", day: str = "", kind: str = ""
    ) -> Iterator[LeafColumns]:
        """Yield leaves in their order; a name that is given must fit."""

    def leaf_hashes(self) -> Sequence[bytes]:
        """Return the hashes of all leaves, in their order."""

    def places_of(self, first: str, last: str) -> Sequence[int]:
        """Return, by rising index, the leaves of the local days from ``first`` to ``last`` and those without one."""

    def add(self, leaves: Sequence[LeafColumns], nodes: Sequence[tuple[int, int, bytes]], head: HeadColumns) -> None:
        """Add leaves, nodes and the head that covers them."""


class Entry(NamedTuple):
    """A record with what opens its leaf."""

    idx: int
    salt: bytes
    record: Record
    leaf: bytes


class SettledLog:
    """The settled log of a park.

    Parameters
    ----------
    key : LogKey
        Signs each new head; its name is the log's origin, ``parkopt/<park>/settled``.
    store : LogStore
        Its rows, in the caller's transaction.
    clock : callable
        Gives the time that leaves and heads state; with a zone.

    Notes
    -----
    Leaf: RFC 8785 of ``{"type","seq","time","commitment"}``, with commitment = hex
    SHA-256(salt || RFC 8785 of the record), salt of 16 random bytes. Tree: RFC 9162 section
    2.1. Head: c2sp.org/tlog-checkpoint.
    """

    def __init__(self, key: LogKey, store: LogStore, clock: Callable[[], datetime] = utc_now) -> None:
        self._key = key
        self._store = store
        self._clock = clock

    @property
    def vkey(self) -> str:
        """The verifier key of the log."""
        return self._key.vkey

    @property
    def park(self) -> str:
        """Id of the park."""
        return self._store.park

    @property
    def size(self) -> int:
        """How many records there are."""
        return self._store.count()

    def lock(self) -> None:
        """Keep other writers out until the transaction ends; `append` does so by itself."""
        self._store.lock()

    def append(self, records: Sequence[Mapping[str, Any]], signed_by: str | None = None) -> range:
        """Log records, all or none, and sign one new head over them; return their indices.

        Parameters
        ----------
        records : sequence of mappings
            Each with a text ``type`` and the ``park`` of this log; ``day`` and ``party`` are
            kept as columns. None at all: nothing is signed.
        signed_by : str, optional
            The vkey that the newest head was signed by, where the key has just changed.

        Raises
        ------
        BadRecord
            If ``type`` is missing or ``park`` is another one.
        NotCanonical
            If a record has no canonical form (RFC 8785).
        LogBroken
            If the newest head does not fit the leaves and nodes that are there.
        BadSignature
            If it is not signed by this key (or ``signed_by``).
        """
        bodies = [(record, canonical(self._checked(record))) for record in records]
        self._store.lock()
        size, edge = self._edge(signed_by or self.vkey)
        if not bodies:
            return range(size, size)
        now = self._clock()
        leaves = [_leaf(idx, record, body, utc_text(now)) for idx, (record, body) in enumerate(bodies, size)]
        nodes = grow(edge, size, (leaf[1] for leaf in leaves))
        new = size + len(leaves)
        root = edge_root(edge, new)
        self._store.add(leaves, nodes, (new, root, self._key.sign(new, root), now))
        return range(size, new)

    def head(self) -> tuple[int, str]:
        """Return size and signed note of the newest head; of an empty log, where there is none yet."""
        last = self._store.last()
        return (0, self._key.sign(0, EMPTY_ROOT)) if last is None else (last[0], last[2])

    def checkpoints(self) -> list[tuple[int, str]]:
        """Return size and signed note of every head, smallest first."""
        return [(size, note) for size, _, note, _ in self._store.heads()]

    def entries(
        self, start: int = 0, stop: int | None = None, *, party: str = "", day: str = "", kind: str = ""
    ) -> list[Entry]:
        """Return records from ``start`` to before ``stop``, of a party, local day and type where given.

        Raises
        ------
        LogBroken
            If a record is not what its leaf commits to, or the leaf is not what was hashed.
        """
        return [opened(row) for row in self._store.leaves(start, stop, party=party, day=day, kind=kind)]

    def entries_of(self, first: str, last: str) -> Iterator[Entry]:
        """Yield the records of the local days from ``first`` to ``last`` and those without a day, in order.

        Raises
        ------
        LogBroken
            As `entries`.
        """
        places = self._store.places_of(first, last)
        for _, run in groupby(enumerate(places), key=lambda both: both[1] - both[0]):  # neighbours are read at once
            own = [place for _, place in run]
            yield from (opened(row) for row in self._store.leaves(own[0], own[-1] + 1))

    def tree(self) -> Tree:
        """Return the tree of all leaf hashes, in memory: for many proofs at once.

        Raises
        ------
        LogBroken
            If its root is not that of the newest head.
        """
        tree, last = Tree(self._store.leaf_hashes()), self._store.last()
        if last is not None and (tree.size, tree.root()) != last[:2]:
            raise broken(f"0..{last[0] - 1}", "its hashes are not the signed ones", "哈希与已签名的内容不同")
        return tree

    def inclusion_path(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the path from a leaf to the root of ``size`` leaves (RFC 9162 section 2.1.3.1).

        Raises
        ------
        OutsideLog
            If there are fewer leaves.
        LogBroken
            If a hash is gone.
        """
        return self._tree().inclusion_path(index, size)

    def consistency_path(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the first ``old`` of ``new`` leaves are unchanged; faults as `inclusion_path`."""
        return self._tree().consistency_path(old, new)

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first ``size`` leaves as the nodes give it; faults as `inclusion_path`."""
        return self._tree().root(size)

    def _tree(self) -> StoredTree:
        return StoredTree(self.size, self._store.hashes)

    def _checked(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        kind = record.get("type")
        if not isinstance(kind, str) or not kind:
            raise BadRecord(reason=Text(en="it has no type", zh="缺少 type"))
        if record.get("park") != self._store.park:
            raise BadRecord(reason=Text(en=f"it is not of {self._store.park}", zh=f"不属于 {self._store.park}"))
        return record

    def _edge(self, vkey: str) -> tuple[int, dict[int, bytes]]:
        """Return size and right edge of the tree, as the newest head signs them."""
        last, count = self._store.last(), self._store.count()
        if last is None:
            if count:
                raise broken(0, "its checkpoint is gone", "检查点丢失")
            return 0, {}
        size, root, note, _ = last
        head = open_checkpoint(note, vkey)
        if (head.size, head.root) != (size, root):
            raise broken(size, "its checkpoint is not the one that was signed", "检查点与已签名的内容不同")
        if count != size:
            raise broken(min(count, size), f"{size} signed, {count} there", f"已签名 {size} 条，实有 {count} 条")
        found = self._store.hashes(edge_of(size))
        edge = {level: kept for (level, _), kept in found.items()}
        if len(edge) < size.bit_count() or edge_root(edge, size) != root:
            raise broken(f"0..{size - 1}", "its hashes are not the signed ones", "哈希与已签名的内容不同")
        return size, edge


def commitment(salt: bytes, body: bytes) -> str:
    """Return hex SHA-256(salt || canonical record)."""
    return sha256(salt + body).hex()


def _leaf(idx: int, record: Mapping[str, Any], body: bytes, stamp: str) -> LeafColumns:
    salt = token_bytes(SALT_SIZE)
    leaf = canonical({"type": record["type"], "seq": idx, "time": stamp, "commitment": commitment(salt, body)})
    day, party = (str(record.get(name) or "") for name in ("day", "party"))
    return idx, leaf_hash(leaf), leaf, salt, body, record["type"], day, party


def opened(row: LeafColumns) -> Entry:
    """Return the record of a row after checking that hash, leaf, commitment, record and columns agree.

    Raises
    ------
    LogBroken
        Where they do not.
    """
    idx, kept, leaf, salt, body, *columns = row
    record = parse(body)
    if leaf_hash(leaf) != kept:
        raise broken(idx, "its leaf is not the one that was hashed", "叶子与其哈希不符")
    if not isinstance(record, dict) or canonical(record) != body:
        raise broken(idx, "its bytes are not canonical (RFC 8785)", "字节不是规范形式（RFC 8785）")
    shown = parse(leaf)
    wanted = {"type": record.get("type"), "seq": idx, "commitment": commitment(salt, body)}
    if not isinstance(shown, dict) or {**wanted, "time": shown.get("time")} != shown or canonical(shown) != leaf:
        raise broken(idx, "it is not the one that was committed to", "与所承诺的内容不同")
    if columns != [str(record.get(name) or "") for name in ("type", "day", "party")]:
        raise broken(idx, "it stands under another type, day or party", "其类型、日期或主体列与记录不符")
    return Entry(idx, salt, record, leaf)
