"""Thousands of ways to change an evidence zip, each of which verify must find.

``python -m tests.ledger.tamper --n 10000`` counts attempts and misses. All that draws is
seeded, so a miss can be had again by its number.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from parkopt.ledger import bundle
from parkopt.ledger.bundle_extracts import extracts
from parkopt.ledger.canonical import canonical, parse, sha256
from parkopt.ledger.checkpoint import encode
from parkopt.ledger.keys import LogKey
from parkopt.ledger.settled_view import Scope
from parkopt.ledger.verify import verify_bundle
from tests.ledger.settled_park import MemoryLog, batches, key_of, log_of, scope

Files = dict[str, bytes]
Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A good bundle with its log, and what its reader holds: the key and an older head."""

    data: bytes
    log: MemoryLog
    key: LogKey
    older: str

    def found(self, data: bytes) -> bool:
        return not verify_bundle(data, self.key.vkey, self.older).ok


def case_of(days: int = 1, party: str = "a") -> Case:
    key = key_of(1)
    log = log_of(batches(days), key)
    return Case(bundle.make_bundle(log, key, scope(party, days)), log, key, log.heads[0][1])


def flip(case: Case, draw: random.Random) -> bytes:
    data = bytearray(case.data)
    data[draw.randrange(len(data))] ^= draw.randrange(1, 256)
    return bytes(data)


def truncate(case: Case, draw: random.Random) -> bytes:
    return case.data[: draw.randrange(len(case.data))]


def cut_out(case: Case, draw: random.Random) -> bytes:
    start = draw.randrange(len(case.data))
    return case.data[:start] + case.data[start + draw.randrange(1, 200) :]


def put_in(case: Case, draw: random.Random) -> bytes:
    start = draw.randrange(len(case.data) + 1)
    return case.data[:start] + draw.randbytes(draw.randrange(1, 20)) + case.data[start:]


def double(case: Case, draw: random.Random) -> bytes:
    start = draw.randrange(len(case.data))
    stop = start + draw.randrange(1, 500)
    return case.data[:stop] + case.data[start:]


def swap_spans(case: Case, draw: random.Random) -> bytes:
    a, b, c = sorted(draw.sample(range(len(case.data)), 3))
    changed = case.data[:a] + case.data[b:c] + case.data[a:b] + case.data[c:]
    return changed if changed != case.data else case.data[:-1]


BYTES: tuple[Callable[[Case, random.Random], bytes], ...] = (flip, truncate, cut_out, put_in, double, swap_spans)


@cache
def _parsed(lines: bytes) -> Entries:
    return [parse(line) for line in lines.splitlines()]


def entries_of(files: Files) -> Entries:
    """Return the entries; whoever changes what lies inside one copies that first."""
    return [{**entry} for entry in _parsed(files["entries.jsonl"])]


def with_entries(files: Files, entries: Entries) -> Files:
    """Return the files with other entries, and the tables for reading made to fit."""
    whole = files["entries.jsonl"]
    known = {one["index"]: (one, line) for one, line in zip(_parsed(whole), whole.splitlines(), strict=True)}
    pairs = [(one, *known.get(one["index"], (None, b""))) for one in entries]
    lines = b"".join((line if one == old else canonical(one)) + b"\n" for one, old, line in pairs)
    return {**files, "entries.jsonl": lines, **extracts([(one["index"], one["record"]) for one in entries])}


def repack(files: Files) -> bytes:
    """Return the zip with hashes in the manifest that fit; its signature is the old one."""
    manifest = parse(files[bundle.MANIFEST])
    own = {n: sha256(d).hex() for n, d in files.items() if n not in (bundle.MANIFEST, bundle.SIGNED)}
    return bundle.pack({**files, bundle.MANIFEST: canonical({**manifest, "sha256": own})})


def reseal(case: Case, files: Files, key: LogKey | None = None) -> bytes:
    """Return the zip with a manifest signed anew: by the park itself, or by another key."""
    plain = {name: data for name, data in files.items() if name not in (bundle.MANIFEST, bundle.SIGNED)}
    manifest = parse(files[bundle.MANIFEST])
    return bundle.seal(plain, key or case.key, Scope(*(manifest[name] for name in ("park", "party", "start", "end"))))


def numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to all whole numbers and decimal texts."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers(item, (*path, key))
    elif type(value) is int or (isinstance(value, str) and value.isdecimal()):
        yield path


def edit(value: Any, path: tuple[Any, ...], by: int) -> None:
    for key in path[:-1]:
        value = value[key]
    old = value[path[-1]]
    value[path[-1]] = old + by if type(old) is int else str(int(old) + by) if old.isdecimal() else f"{old}?"


def edit_number(entries: Entries, draw: random.Random) -> None:
    entry = draw.choice(entries)
    record = entry["record"] = parse(canonical(entry["record"]))
    edit(record, draw.choice(list(numbers(record)) or [("park",)]), draw.choice([1, 7, 1000]))


def drop(entries: Entries, draw: random.Random) -> None:
    entries.pop(draw.randrange(len(entries)))


def twice(entries: Entries, draw: random.Random) -> None:
    place = draw.randrange(len(entries))
    entries.insert(place, entries[place])


def swap(entries: Entries, draw: random.Random) -> None:
    a, b = draw.sample(range(len(entries)), 2)
    entries[a], entries[b] = entries[b], entries[a]


def swap_proofs(entries: Entries, draw: random.Random) -> None:
    a, b = draw.sample(entries, 2)
    a["proof"], b["proof"] = b["proof"], a["proof"]


def swap_records(entries: Entries, draw: random.Random) -> None:
    a, b = draw.sample(entries, 2)
    a["record"], b["record"], a["type"], b["type"] = b["record"], a["record"], b["type"], a["type"]


def insert(entries: Entries, draw: random.Random) -> None:
    one = {**entries[-1], "index": entries[-1]["index"] + draw.randrange(1, 50)}
    entries.append(one)


def salt(entries: Entries, draw: random.Random) -> None:
    draw.choice(entries)["salt"] = draw.randbytes(16).hex()


def move(entries: Entries, draw: random.Random) -> None:
    entries[-1]["index"] += draw.randrange(1, 9)


def proof(entries: Entries, draw: random.Random) -> None:
    entry = draw.choice(entries)
    path = entry["proof"] = list(entry["proof"])
    path[draw.randrange(len(path))] = encode(draw.randbytes(32))


ENTRIES: tuple[Callable[[Entries, random.Random], None], ...] = (
    edit_number, drop, twice, swap, swap_proofs, swap_records, insert, salt, move, proof,
)  # fmt: skip


def changed_entries(case: Case, draw: random.Random) -> bytes:
    """Change entries; the manifest is made to fit, and left unsigned, or signed by the park or a forger."""
    files = bundle.unpack(case.data)
    entries = entries_of(files)
    draw.choice(ENTRIES)(entries, draw)
    files = with_entries(files, entries)
    who = draw.randrange(3)
    return repack(files) if who == 0 else reseal(case, files, key_of(2) if who == 1 else None)


def forged(case: Case, draw: random.Random) -> bytes:
    """Change a number, and write the whole log anew under another key of the same name."""
    rows = [parse(canonical(one.record)) for one in case.log.rows]
    record = draw.choice([row for row in rows if list(numbers(row))])
    edit(record, draw.choice(list(numbers(record))), 1)
    forger = key_of(draw.randrange(2, 250))
    manifest = parse(bundle.unpack(case.data)[bundle.MANIFEST])
    days = [row["day"] for row in rows if row["type"] == "park-day"]
    return bundle.make_bundle(log_of([rows], forger), forger, scope(manifest["party"], len(set(days)) or 1))


def old_head(case: Case, draw: random.Random) -> bytes:
    """Put an earlier head in the place of the newest."""
    files = bundle.unpack(case.data)
    files["checkpoint"] = draw.choice(case.log.heads[:-1])[1].encode()
    return repack(files) if draw.randrange(2) else reseal(case, files)


def other_history(case: Case, draw: random.Random) -> bytes:
    """Sign another history with the park's own key: the reader's older head does not fit it."""
    rows = [[parse(canonical(one.record)) for one in case.log.rows]]
    rows[0][0]["parkopt_version"] = f"other {draw.random()}"
    manifest = parse(bundle.unpack(case.data)[bundle.MANIFEST])
    days = [row for row in rows[0] if row["type"] == "park-day"]
    return bundle.make_bundle(log_of(rows, case.key), case.key, scope(manifest["party"], len(days)))


WEIGHTS: dict[Callable[[Case, random.Random], bytes], int] = {
    **dict.fromkeys(BYTES, 8), flip: 60, changed_entries: 15, forged: 1, old_head: 2, other_history: 1,
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """How many were tried, by kind, and the numbers of those that were not found."""

    tried: Counter[str]
    missed: list[tuple[int, str]]


def campaign(case: Case, n: int, seed: int = 0) -> Found:
    """Change the bundle in n ways and count those that verify does not find."""
    assert verify_bundle(case.data, case.key.vkey, case.older).ok
    tried: Counter[str] = Counter()
    missed = []
    for number in range(n):
        draw = random.Random(seed * 1_000_003 + number)
        kind = draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        data = kind(case, draw)
        if data == case.data:
            continue
        tried[kind.__name__] += 1
        if not case.found(data):
            missed.append((number, kind.__name__))
    return Found(tried, missed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--party", default="a")
    asked = parser.parse_args()
    case, start = case_of(asked.days, asked.party), time.perf_counter()
    found = campaign(case, asked.n, asked.seed)
    took = time.perf_counter() - start
    print(f"{sum(found.tried.values())} attempts on {len(case.data)} bytes in {took:.1f} s: {len(found.missed)} missed")
    print(dict(found.tried), found.missed[:20])
    return 1 if found.missed else 0


if __name__ == "__main__":
    sys.exit(main())
