"""The settled log's signed head, and the proof of one of its leaves."""

from __future__ import annotations

from typing import Any

from parkopt.errors import Text
from parkopt.faults import NotFound
from parkopt.ledger.checkpoint import encode
from parkopt.services.keys import settled_log
from parkopt.settings import Settings
from parkopt.store.engine import reading
from parkopt.store.logbook import Logbook


def settled_head(park: str, config: Settings) -> dict[str, str | int]:
    """Return size, signed note and verifier key of a park's settled log.

    Raises
    ------
    NotFound
        Where nothing is settled yet.
    """
    with reading(config.store_url) as session:
        book = Logbook(session, park)
        if not book.count():
            raise NotFound(what=Text("settled log of", "结算日志，园区"), key=park)
        log = settled_log(config, book)
        size, note = log.head()
        return {"size": size, "checkpoint": note, "vkey": log.vkey}


def proof_of(park: str, index: int, config: Settings) -> dict[str, Any]:
    """Return a leaf of the settled log, its path to the signed head, and the head.

    Raises
    ------
    NotFound
        Where the log has no such leaf.
    """
    with reading(config.store_url) as session:
        book = Logbook(session, park)
        if not 0 <= index < book.count():
            raise NotFound(what=Text("record", "记录"), key=str(index))
        log = settled_log(config, book)
        size, note = log.head()
        leaf = next(iter(book.leaves(index, index + 1)))
        path = [encode(step) for step in log.inclusion_path(index, size)]
        return {"index": index, "leaf": leaf.leaf.decode(), "proof": path, "size": size, "checkpoint": note}
