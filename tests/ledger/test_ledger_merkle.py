"""RFC 6962 / 9162 trees: published vectors, a second implementation, and random changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.faults import OutsideLog
from parkopt.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash, verify_consistency, verify_inclusion

# The inputs, roots and paths of Certificate Transparency's reference tests.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
L1, L01 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", ROOTS[2]
N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
N4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
L4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = [  # index, size, path
    (0, 1, []),
    (0, 8, [L1, N23, N4567]),
    (5, 8, [L4, N67, ROOTS[4]]),
    (2, 3, [L01]),
    (1, 5, [ROOTS[1], N23, L4]),
]
CONSISTENCY = [(1, 1, []), (1, 8, [L1, N23, N4567]), (6, 8, [N45, N67, ROOTS[4]]), (2, 5, [N23, L4])]


def tree_of(count: int) -> Tree:
    return Tree(leaf_hash(index.to_bytes(4, "big")) for index in range(count))


def test_published_roots() -> None:
    tree = Tree(map(leaf_hash, INPUTS))
    assert [tree.root(size).hex() for size in range(9)] == ROOTS
    assert [Tree(map(leaf_hash, INPUTS[:size])).root().hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_published_inclusion_paths(index: int, size: int, path: list[str]) -> None:
    tree = Tree(map(leaf_hash, INPUTS))
    assert [step.hex() for step in tree.inclusion_path(index, size)] == path
    steps = [bytes.fromhex(step) for step in path]
    assert verify_inclusion(leaf_hash(INPUTS[index]), index, size, steps, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_published_consistency_paths(old: int, new: int, path: list[str]) -> None:
    tree = Tree(map(leaf_hash, INPUTS))
    assert [step.hex() for step in tree.consistency_path(old, new)] == path
    steps = [bytes.fromhex(step) for step in path]
    assert verify_consistency(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), steps)


def test_pymerkle_has_the_same_roots_and_leaves() -> None:
    pymerkle = pytest.importorskip("pymerkle")
    other, tree = pymerkle.InmemoryTree(algorithm="sha256"), Tree()
    state = getattr(other, "get_root", None) or other.get_state  # renamed in pymerkle 7
    for index in range(300):
        data = b"leaf %d" % index
        other.append_entry(data)
        tree.append(leaf_hash(data))
        assert tree.root() == state()


def test_every_path_of_small_trees_holds_and_no_other() -> None:
    tree = tree_of(20)
    for size in range(1, 21):
        for index in range(size):
            path = tree.inclusion_path(index, size)
            assert verify_inclusion(tree.leaf(index), index, size, path, tree.root(size))
            for wrong in set(range(size)) - {index}:
                assert not verify_inclusion(tree.leaf(index), wrong, size, path, tree.root(size))
        for old in range(size + 1):
            path = tree.consistency_path(old, size)
            assert verify_consistency(old, size, tree.root(old), tree.root(size), path)


def test_the_odd_node_is_promoted_not_doubled() -> None:
    leaves = [leaf_hash(b"%d" % i) for i in range(3)]
    assert Tree(leaves).root() != Tree([*leaves, leaves[-1]]).root()


def test_asking_outside_is_refused() -> None:
    tree = tree_of(5)
    for ask in (
        lambda: tree.root(6),
        lambda: tree.root(-1),
        lambda: tree.leaf(5),
        lambda: tree.inclusion_path(5),
        lambda: tree.inclusion_path(3, 3),
        lambda: tree.inclusion_path(-1),
        lambda: tree.consistency_path(4, 3),
        lambda: tree.consistency_path(-1),
        lambda: Tree().inclusion_path(0),
    ):
        with pytest.raises(OutsideLog):
            ask()


def test_nonsense_does_not_verify() -> None:
    root = tree_of(1).root()
    assert not verify_inclusion(root, 0, 0, [], EMPTY_ROOT)
    assert not verify_inclusion(root, 1, 1, [], root)
    assert not verify_inclusion(root, 0, 1, [root], root)
    assert not verify_inclusion(root[:-1], 0, 1, [], root[:-1])
    assert not verify_consistency(2, 1, root, root, [])
    assert not verify_consistency(1, 2, root, root, [])
    assert not verify_consistency(0, 1, root, root, [])
    assert verify_consistency(0, 1, EMPTY_ROOT, root, [])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_inclusion_changes_are_rejected(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 500))
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(size)
    path, root, leaf = tree.inclusion_path(index), tree.root(), tree.leaf(index)
    assert verify_inclusion(leaf, index, size, path, root)
    assert not verify_inclusion(leaf, index, size, [*path, root], root)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, path, root)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        assert not verify_inclusion(leaf, index, size, path[:place] + path[place + 1 :], root)
        assert not verify_inclusion(leaf, index, size, _changed(data, path, place), root)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_consistency_changes_are_rejected(data: st.DataObject) -> None:
    new = data.draw(st.integers(2, 500))
    old = data.draw(st.integers(1, new - 1))
    tree = tree_of(new)
    path, first, second = tree.consistency_path(old), tree.root(old), tree.root()
    assert verify_consistency(old, new, first, second, path)
    place = data.draw(st.integers(0, len(path) - 1))
    assert not verify_consistency(old, new, first, second, _changed(data, path, place))
    assert not verify_consistency(old, new, first, second, path[:place] + path[place + 1 :])
    assert not verify_consistency(old, new, second, first, path)
    rewritten = Tree([leaf_hash(b"other"), *(tree.leaf(i) for i in range(1, new))])
    assert not verify_consistency(old, new, first, rewritten.root(), rewritten.consistency_path(old))


def _changed(data: st.DataObject, path: list[bytes], place: int) -> list[bytes]:
    bit = data.draw(st.integers(0, 255))
    step = bytearray(path[place])
    step[bit // 8] ^= 1 << bit % 8
    return [*path[:place], bytes(step), *path[place + 1 :]]
