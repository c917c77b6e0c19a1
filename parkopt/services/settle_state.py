"""What a settled day hands to the next one: the contents of the storages in both ledgers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from parkopt.carbon.contractual import Lot
from parkopt.settling import AttributedDay, Content
from parkopt.store.registry_storage import newest_left
from parkopt.store.session import Session
from parkopt.store.settled import SettledDay


@dataclass(frozen=True)
class Handed:
    """Physical contents by storage, and the lots of certificates."""

    contents: Mapping[str, Content]
    lots: tuple[Lot, ...]


def handed_over(day: AttributedDay, known: SettledDay | None) -> dict[str, Any]:
    """Return the state as plain data; a day that is settled anew keeps the lots that it handed over before."""
    contents = {
        name: {"wh": dict(one.wh), "ug": {key: str(ug) for key, ug in one.ug.items()}, "lots": list(one.lots)}
        for name, one in day.physical.contents.items()
    }
    kept = [asdict(lot) for lot in day.attributed.closing] if known is None else known.state["lots"]
    return {"contents": contents, "lots": kept}


def handed_of(session: Session, park: str, day: SettledDay) -> Handed:
    """Return what a settled day handed over, lots as far as later corrections left something of them."""
    contents = {
        name: Content(one["wh"], {key: int(ug) for key, ug in one["ug"].items()}, tuple(one["lots"]))
        for name, one in day.state["contents"].items()
    }
    known = [Lot(**one) for one in day.state["lots"]]
    return Handed(contents, tuple(_still_there(session, park, known)))


def _still_there(session: Session, park: str, known: list[Lot]) -> Iterator[Lot]:
    for store in dict.fromkeys(lot.store for lot in known):
        own = [lot for lot in known if lot.store == store]
        booked = newest_left(session, park, store, min(lot.charged for lot in own))
        for lot in own:
            kept, at_bus, inside = booked[lot.charged, lot.origin]
            shrunk = kept.limit_wh and at_bus < lot.left_wh * kept.limit_wh // kept.internal_wh - 1
            rest = min(lot.left_wh, inside, at_bus * kept.internal_wh // kept.limit_wh if shrunk else inside)
            if rest > 0:
                yield replace(lot, left_wh=rest)
