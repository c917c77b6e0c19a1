"""The signing key of a park's settled log: use it, show it, change it, give it up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parkopt.errors import Text, Where
from parkopt.faults import AlreadyThere, CannotWrite, MissingFile, NotFound, WrongOption
from parkopt.ledger.canonical import parse
from parkopt.ledger.checkpoint import open_checkpoint
from parkopt.ledger.files import write_new
from parkopt.ledger.journal import broken
from parkopt.ledger.key_change import GIVEN_UP, KEY, LOST, key_record
from parkopt.ledger.keys import (
    LogKey,
    finish_rotation,
    load_or_create_key,
    pending_key,
    public_vkey,
    retired_keys,
    rotate_key,
)
from parkopt.ledger.settled import Entry, LogStore, SettledLog
from parkopt.ledger.stored_tree import StoredTree
from parkopt.settings import Settings
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook


def settled_name(park: str) -> str:
    """Return the name of the key, which is also the origin of the log."""
    return f"parkopt/{park}/settled"


def settled_log(config: Settings, book: LogStore) -> SettledLog:
    """Return the settled log of a park in the transaction of its logbook; its key is made at the first use."""
    folder, name = _folder(config), settled_name(book.park)
    if pending_key(folder, name) is not None:
        finish_rotation(folder, name, lambda new: _logged(book, new))
    return SettledLog(load_or_create_key(folder, name), book)


def settled_vkey(config: Settings, park: str) -> str:
    """Return the verifier key of a park's settled log.

    Raises
    ------
    NotFound
        Where nothing was settled and no key made yet.
    """
    vkey = public_vkey(_folder(config), settled_name(park))
    if vkey is None:
        raise NotFound(what=Text("signing key of", "签名密钥，园区"), key=park)
    return vkey


def show_keys(config: Settings, park: str) -> dict[str, Any]:
    """Return what is public of a park's key: name, vkey, earlier keys, newest signed head, changes of key.

    Raises
    ------
    NotFound
        Where there is no key yet.
    """
    vkey, folder = settled_vkey(config, park), _folder(config)
    with transaction(config.store_url) as session:
        book = Logbook(session, park)
        last = book.last()
        changes = [parse(row[4]) for row in book.leaves(kind=KEY)]
    return {
        "park": park,
        "name": settled_name(park),
        "vkey": vkey,
        "size": 0 if last is None else last.size,
        "checkpoint": "" if last is None else last.note,
        "retired": retired_keys(folder, settled_name(park)),
        "changes": changes,
    }


def export_keys(config: Settings, park: str, path: Path) -> None:
    """Write what `show_keys` returns to a new file, as JSON.

    Raises
    ------
    AlreadyThere, CannotWrite
        Where the file exists, or cannot be written.
    """
    data = json.dumps(show_keys(config, park), ensure_ascii=False, indent=1).encode() + b"\n"
    try:
        write_new(path, data)
    except FileExistsError as there:
        raise AlreadyThere(path=path) from there
    except OSError as problem:
        raise CannotWrite(path=path, reason=problem.strerror or problem) from problem


def rotate(config: Settings, park: str, reason: str) -> dict[str, Any]:
    """Change the key: the log says so, signed by both keys, and its next head is signed by the new one.

    Raises
    ------
    NotFound
        Where there is no key yet.
    WrongOption
        Where the reason is that of a key that is given up (`revoke`).
    BadSignature, LogBroken, BadRecord
        Where the log does not hold, or the reason is no line of text; the key stays.
    """
    if reason in GIVEN_UP:
        raise WrongOption(option="--reason", value=reason, allowed="another word, or `parkopt keys revoke`")
    settled_vkey(config, park)
    return _change(config, park, reason, None)


def revoke(config: Settings, park: str, reason: str, held: Path | None) -> dict[str, Any]:
    """Give the key up: a new one signs from now on, and the log says up to where the old one can be trusted.

    Parameters
    ----------
    reason : str
        ``leaked`` or ``lost``.
    held : Path, optional
        The newest signed head that someone outside kept from before the leak. The log must
        still have its records. Without one, nothing under the old key can be trusted.

    Raises
    ------
    NotFound, MissingFile
        Where there is no key yet, or no such file.
    BadSignature, LogBroken
        Where the head was not signed by the old key, or the log was rewritten before it.
    """
    if reason not in GIVEN_UP:
        raise WrongOption(option="--reason", value=reason, allowed=", ".join(sorted(GIVEN_UP)))
    vkey = settled_vkey(config, park)
    return _change(config, park, reason, 0 if held is None else _trusted(config, park, vkey, held))


def _trusted(config: Settings, park: str, vkey: str, held: Path) -> int:
    try:
        head = open_checkpoint(held.read_text("utf-8"), vkey)
    except (OSError, UnicodeDecodeError) as lost:
        raise MissingFile(Where(file=str(held)), path=held) from lost
    with transaction(config.store_url) as session:
        book = Logbook(session, park)
        if head.size > book.count() or StoredTree(book.count(), book.hashes).root(head.size) != head.root:
            raise broken(head.size, "the log before it was rewritten", "此前的日志被改写过")
    return head.size


def _change(config: Settings, park: str, reason: str, trusted: int | None) -> dict[str, Any]:
    folder, name = _folder(config), settled_name(park)

    def log_change(new: LogKey) -> Mapping[str, Any]:
        old = settled_vkey(config, park)
        signer: LogKey | str = old if reason == LOST else load_or_create_key(folder, name)
        with transaction(config.store_url) as session:
            log = SettledLog(new, Logbook(session, park))
            log.lock()
            record = key_record(park, signer, new, reason=reason, size=log.size, trusted_size=trusted)
            place = log.append([record], signed_by=old)
            (entry,) = log.entries(place.start, place.stop)
        return _kept(entry)

    def logged(new: LogKey) -> Mapping[str, Any] | None:
        with transaction(config.store_url) as session:
            return _logged(Logbook(session, park), new)

    rotate_key(folder, name, log_change, logged)
    return show_keys(config, park)


def _logged(book: LogStore, new: LogKey) -> Mapping[str, Any] | None:
    """Return what is kept of the key before ``new``, None if the log does not name ``new``."""
    changes = SettledLog(new, book).entries(kind=KEY)
    return next((_kept(entry) for entry in changes if entry.record["new_vkey"] == new.vkey), None)


def _kept(entry: Entry) -> dict[str, Any]:
    record = entry.record
    kept = {"vkey": record["old_vkey"], "retired_at": parse(entry.leaf)["time"], "last_size": record["size"]}
    more = {"trusted_size": record["trusted_size"]} if "trusted_size" in record else {}
    return {**kept, "reason": record["reason"], **more}


def _folder(config: Settings) -> Path:
    return config.home / "keys"
