"""The Merkle tree of RFC 9162 section 2.1 (the same as RFC 6962): hashes, paths, checks.

Leaf and node hashes have different prefixes, and an odd node is promoted, never doubled,
so two different lists of records never have the same root.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from parkopt.faults import OutsideLog
from parkopt.ledger.canonical import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"")


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || data) (RFC 9162 section 2.1.1)."""
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node: SHA-256(0x01 || left || right) (RFC 9162 section 2.1.1)."""
    return sha256(b"\x01" + left + right)


class HashTree(ABC):
    """Roots and paths from the hashes of full subtrees, wherever these are kept."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many leaves there are."""

    @abstractmethod
    def _full(self, level: int, place: int) -> bytes:
        """Return the hash of the full subtree of 2^level leaves at a place."""

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first ``size`` leaves (RFC 9162 section 2.1.1).

        Raises
        ------
        OutsideLog
            If there are fewer leaves.
        """
        size = self._size(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def inclusion_path(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the path from a leaf to the root of ``size`` leaves (RFC 9162 section 2.1.3.1).

        Raises
        ------
        OutsideLog
            If ``size`` is beyond the tree or ``index`` beyond ``size``.
        """
        size = self._size(size)
        self._within(index, size)
        path: list[bytes] = []
        low, count = 0, size
        while count > 1:
            half = _split(count)
            if index - low < half:
                path.append(self._range(low + half, count - half))
                count = half
            else:
                path.append(self._range(low, half))
                low, count = low + half, count - half
        return path[::-1]

    def consistency_path(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that the first ``old`` of ``new`` leaves are unchanged.

        It is empty for ``old`` 0 (nothing to keep) and for ``old == new``.

        Raises
        ------
        OutsideLog
            If ``new`` is beyond the tree or ``old`` beyond ``new``.

        Notes
        -----
        RFC 9162 section 2.1.4.1.
        """
        new = self._size(new)
        if not 0 <= old <= new:
            raise OutsideLog(size=new, asked=old)
        return self._subproof(old, 0, new, whole=True) if 0 < old < new else []

    def _subproof(self, old: int, low: int, count: int, *, whole: bool) -> list[bytes]:
        if old == count:
            return [] if whole else [self._range(low, count)]
        half = _split(count)
        if old <= half:
            rest = self._range(low + half, count - half)
            return [*self._subproof(old, low, half, whole=whole), rest]
        right = self._subproof(old - half, low + half, count - half, whole=False)
        return [*right, self._range(low, half)]

    def _range(self, low: int, count: int) -> bytes:
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._full(level, low >> level)
        half = _split(count)
        return node_hash(self._range(low, half), self._range(low + half, count - half))

    def _size(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise OutsideLog(size=self.size, asked=size)
        return size

    @staticmethod
    def _within(index: int, size: int) -> None:
        if not 0 <= index < size:
            raise OutsideLog(size=size, asked=index)


class Tree(HashTree):
    """The hashes of all full subtrees, so that every root and path costs O(log n).

    Parameters
    ----------
    leaves : iterable of bytes
        Leaf hashes to begin with.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        # _rows[k] holds the hashes of the full subtrees of 2^k leaves, 32 bytes each.
        self._rows: list[bytearray] = []
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._rows[0]) // HASH_SIZE if self._rows else 0

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash and return its index."""
        index, level, node = self.size, 0, leaf
        place = index
        while True:
            if level == len(self._rows):
                self._rows.append(bytearray())
            self._rows[level] += node
            if place % 2 == 0:
                return index
            node = node_hash(self._full(level, place - 1), node)
            place, level = place // 2, level + 1

    def leaf(self, index: int) -> bytes:
        """Return a leaf hash; OutsideLog if there is none."""
        self._within(index, self.size)
        return self._full(0, index)

    def leaves(self, start: int = 0) -> bytes:
        """Return the leaf hashes from ``start`` on, one after another."""
        return bytes(self._rows[0][start * HASH_SIZE :]) if self._rows else b""

    def full_nodes(self, from_level: int = 0) -> Iterator[tuple[int, int, bytes]]:
        """Yield level, index and hash of every full subtree, by level and index."""
        for level in range(from_level, len(self._rows)):
            for place in range(len(self._rows[level]) // HASH_SIZE):
                yield level, place, self._full(level, place)

    def _full(self, level: int, place: int) -> bytes:
        return bytes(self._rows[level][place * HASH_SIZE : (place + 1) * HASH_SIZE])


def _split(count: int) -> int:
    """Return the largest power of two below ``count`` (which is 2 or more)."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether ``path`` leads from a leaf hash to the root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or not _hashes([leaf, root, *path]):
        return False
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(step, found)
            place, last = _up_to_right_child(place, last)
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether the tree of ``new`` leaves only adds to that of ``old`` (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old <= new or not _hashes([old_root, new_root, *path]):
        return False
    if old in (0, new):
        return not path and old_root == (EMPTY_ROOT if old == 0 else new_root)
    if old & (old - 1) == 0:
        path = [old_root, *path]
    return bool(path) and _climb(old, new, path) == (old_root, new_root)


def _climb(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if place % 2 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            place, last = _up_to_right_child(place, last)
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    return (first, second) if last == 0 else None


def _up_to_right_child(place: int, last: int) -> tuple[int, int]:
    # A promoted node has no brother on these levels, so the path has no hash for them.
    while place and place % 2 == 0:
        place, last = place >> 1, last >> 1
    return place, last


def _hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
