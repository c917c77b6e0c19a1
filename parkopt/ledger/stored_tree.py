"""The Merkle tree where its hashes lie in a store: read few, add at the right edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from parkopt.errors import Text
from parkopt.faults import LogBroken
from parkopt.ledger.merkle import EMPTY_ROOT, HASH_SIZE, HashTree, node_hash

Place = tuple[int, int]
"""Level and index of a full subtree; level 0 are the leaves."""
_Answer = TypeVar("_Answer")


class StoredTree(HashTree):
    """A tree whose hashes are read from a store: one reading for each root or path.

    Parameters
    ----------
    size : int
        Number of leaves.
    read : callable
        Gives the hashes of places, each a full subtree of these leaves; one that it does not
        have may be left out.
    """

    def __init__(self, size: int, read: Callable[[Sequence[Place]], Mapping[Place, bytes]]) -> None:
        self._count = size
        self._read = read
        self._known: Mapping[Place, bytes] | None = None
        self._wanted: list[Place] = []

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._count

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first ``size`` leaves; see `HashTree.root`."""
        return self._answer(lambda: super(StoredTree, self).root(size))

    def inclusion_path(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the path from a leaf to the root; see `HashTree.inclusion_path`."""
        return self._answer(lambda: super(StoredTree, self).inclusion_path(index, size))

    def consistency_path(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that nothing before was changed; see `HashTree.consistency_path`."""
        return self._answer(lambda: super(StoredTree, self).consistency_path(old, new))

    def _answer(self, ask: Callable[[], _Answer]) -> _Answer:
        # The first run only notes which hashes are asked for: they do not depend on one another.
        self._known, self._wanted = None, []
        ask()
        self._known = self._read(self._wanted) if self._wanted else {}
        return ask()

    def _full(self, level: int, place: int) -> bytes:
        if self._known is None:
            self._wanted.append((level, place))
            return bytes(HASH_SIZE)
        if (level, place) not in self._known:
            raise LogBroken(index=place << level, reason=Text(en="a hash of the tree is gone", zh="缺少树的哈希"))
        return self._known[level, place]


def grow(edge: dict[int, bytes], size: int, leaves: Iterable[bytes]) -> list[tuple[int, int, bytes]]:
    """Add leaf hashes to a tree of which only the right edge is known.

    Parameters
    ----------
    edge : dict
        By level, the last full subtree of each level that is set in the binary form of
        ``size`` (see `edge_of`); changed to that of the tree with the leaves.
    size : int
        Number of leaves so far.
    leaves : iterable of bytes
        Leaf hashes to add, shape (32,) bytes each.

    Returns
    -------
    list
        Level (1 or more), index and hash of each subtree that became full.

    Notes
    -----
    RFC 9162 section 2.1.1; O(1) hashes a leaf.
    """
    nodes: list[tuple[int, int, bytes]] = []
    for place, leaf in enumerate(leaves, size):
        level, node, at = 0, leaf, place
        while at % 2:
            node, level, at = node_hash(edge[level], node), level + 1, at // 2
            nodes.append((level, at, node))
        edge[level] = node
    return nodes


def edge_of(size: int) -> list[Place]:
    """Return the places of the full subtrees of which a tree of this size is made, from the right."""
    return [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]


def edge_root(edge: Mapping[int, bytes], size: int) -> bytes:
    """Return the root of a tree from its right edge."""
    root = b""
    for level, _ in edge_of(size):
        root = node_hash(edge[level], root) if root else edge[level]
    return root or EMPTY_ROOT
