"""Evidence of settled days as one file, for an enterprise or an auditor; what was handed out is logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from parkopt.errors import Text
from parkopt.faults import AlreadyThere, CannotWrite, NotFound
from parkopt.ledger.bundle import bundle_name, make_bundle
from parkopt.ledger.files import write_atomic
from parkopt.ledger.keys import load_or_create_key
from parkopt.ledger.settled import Entry, SettledLog
from parkopt.ledger.settled_records import bundle_record
from parkopt.ledger.settled_view import AUDITOR, Scope, selected
from parkopt.models import technologies
from parkopt.park.loader import load_park
from parkopt.services.keys import settled_log, settled_name
from parkopt.services.parks import known_park
from parkopt.settings import Settings
from parkopt.store.engine import reading, transaction
from parkopt.store.logbook import Logbook


class _Held:
    """The records of a scope and all leaf hashes, read once: proofs then cost no question to the database."""

    def __init__(self, log: SettledLog, scope: Scope) -> None:
        self._head = log.head()
        self._tree = log.tree()
        self._entries = [one for one in log.entries_of(scope.start, scope.end) if selected(one.record, scope)]
        self._heads = log.checkpoints()

    def entries(self) -> Sequence[Entry]:
        """Return the entries of the scope."""
        return self._entries

    def inclusion_path(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof of a leaf."""
        return self._tree.inclusion_path(index, size)

    def consistency_path(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof from an older head."""
        return self._tree.consistency_path(old, new)

    def checkpoints(self) -> Sequence[tuple[int, str]]:
        """Return all heads."""
        return self._heads

    def head(self) -> tuple[int, str]:
        """Return the newest head."""
        return self._head


def bundle(park: str, party: str, first: date, last: date, config: Settings) -> tuple[str, bytes, str]:
    """Return name, bytes and vkey of the evidence of some days; its hash is logged before it is handed out.

    Parameters
    ----------
    park : str
        Id of a park.
    party : str
        Id of an enterprise of it (or of a consumer without one), or ``auditor`` for all records.
    first, last : date
        Local days, both included.

    Raises
    ------
    UnknownPark, NotFound
        Where there is no such park or party.
    NothingToProve
        Where nothing is settled in these days.
    """
    require_party(park, party)
    scope = Scope(park, party, first.isoformat(), last.isoformat())
    with reading(config.store_url) as session:  # made without keeping others from settling meanwhile
        log = settled_log(config, Logbook(session, park))
        key = load_or_create_key(config.home / "keys", settled_name(park))
        data = make_bundle(_Held(log, scope), key, scope)
    with transaction(config.store_url) as session:
        log = settled_log(config, Logbook(session, park))
        log.append([bundle_record(park, sha256(data).hexdigest(), party, scope.start, scope.end)])
    return bundle_name(scope), data, key.vkey


def require_party(park: str, party: str) -> None:
    """Raise `NotFound` unless a party consumes in the park, or is the auditor."""
    file = load_park(known_park(park), technologies())
    if party not in (AUDITOR, *file.park.enterprises, *file.park.assets):
        raise NotFound(what=Text("enterprise", "企业"), key=party)


def write_bundle(
    park: str, party: str, first: date, last: date, config: Settings, out: Path | None = None
) -> dict[str, Any]:
    """Write the evidence of some days to a file that is not there yet; see `bundle`."""
    if out is not None and out.exists():
        raise AlreadyThere(path=out)
    name, data, vkey = bundle(park, party, first, last, config)
    path = out or config.home / "evidence" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    except OSError as problem:
        raise CannotWrite(path=path, reason=problem.strerror or str(problem)) from problem
    return {"path": str(path), "sha256": sha256(data).hexdigest(), "bytes": len(data), "vkey": vkey}
