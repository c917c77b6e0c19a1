"""The parts of an evidence zip that people read: tables made from the records and nothing else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from parkopt.ledger.canonical import Record, canonical
from parkopt.ledger.settled_view import Numbered

_FACTOR = ("id", "ug_per_wh", "kind", "scope", "region", "year", "published", "source", "confidence", "version", "day")


def extracts(rows: Sequence[Numbered]) -> dict[str, bytes]:
    """Return the readable files of a bundle by name: the same bytes for the same records."""
    by_type: dict[str, list[Numbered]] = {}
    for index, record in rows:
        by_type.setdefault(record["type"], []).append((index, record))
    contracts = {name: [one for _, one in by_type.get(name, [])] for name in ("entitlement", "devices")}
    return {
        "readings.csv": _csv(
            ("record", "day", "device", "register", "revision", "hour", "wh", "quality"),
            (line for index, one in by_type.get("reading", []) for line in _reading(index, one)),
        ),
        "factors.csv": _csv(
            ("record", *_FACTOR, "hours"), (_factor(index, one) for index, one in by_type.get("factor", []))
        ),
        "actions.csv": _csv(
            ("record", "day", "hour", "action", "device", "first", "last", "party", "note"),
            (line for index, one in rows for line in _actions(index, one)),
        ),
        "method.json": canonical([one for _, one in by_type.get("method", [])]),
        "contracts.json": canonical(contracts),
        "keys.json": canonical([one for _, one in by_type.get("key", [])]),
    }


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def _reading(index: int, one: Record) -> Iterator[Sequence[Any]]:
    head = (index, one["day"], one["device"], one["register"], one["revision"])
    for hour, (wh, quality) in enumerate(zip(one["wh"], one["quality"], strict=False)):
        yield (*head, hour, wh, quality)


def _factor(index: int, one: Record) -> Sequence[Any]:
    return (index, *(one.get(name, "") for name in _FACTOR), " ".join(map(str, one.get("hours", []))))


def _actions(index: int, one: Record) -> Iterator[Sequence[Any]]:
    kind, day = one["type"], one.get("day", "")
    if kind == "issue":
        for hour, found in enumerate(one["hours"]):
            if found is not None:
                yield (index, day, hour, "issue", one["device"], *found, "", "")
    elif kind == "storage":
        for lot in one["lots"]:
            for first, last in lot["ranges"]:
                yield (index, day, lot["charged"], "cancel_for_storage", lot["origin"], first, last, "", one["store"])
    elif kind == "claims":
        for hour, source, origin, first, last, *consumed in one["claims"]:
            note = f"Wh {consumed[0]}-{consumed[1]}" + (f", stored {origin}" if origin else "")
            yield (index, day, hour, "cancel+claim", source, first, last, one["party"], note)
    elif kind == "action":
        note = f"{one['from_status']} -> {one['to_status']}"
        who = one.get("beneficiary") or one.get("party", "")
        yield (index, day, "", one["action"], one["device"], one["range_start"], one["range_end"], who, note)
