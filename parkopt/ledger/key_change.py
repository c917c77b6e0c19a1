"""The record that says a log has a new key, and following such records from a key that one trusts.

The statement in it is a signed note (c2sp.org/signed-note): the old key says which key comes
after it, and the new key says the same, so that nobody can name a key that is not his.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from parkopt.errors import Text
from parkopt.faults import BadRecord, BadSignature, KeyRevoked
from parkopt.ledger.canonical import Record
from parkopt.ledger.checkpoint import open_note, parse_vkey, sign_note
from parkopt.ledger.keys import LogKey

KEY = "key"
LEAKED, LOST = "leaked", "lost"
GIVEN_UP = frozenset({LEAKED, LOST})
"""Reasons after which the old key's word for the new one is worth nothing."""
_HEAD = "parkopt key change"


def key_record(
    park: str, old: LogKey | str, new: LogKey, *, reason: str, size: int, trusted_size: int | None = None
) -> Record:
    """Return the record of a change of key.

    Parameters
    ----------
    park : str
        Id of the park.
    old : LogKey or str
        The key so far; its vkey alone where the private key is lost.
    new : LogKey
        The key that signs from this record on.
    reason : str
        One line; ``leaked`` and ``lost`` mean that the old key is given up.
    size : int
        Number of records before this one.
    trusted_size : int, optional
        Where the key is given up: size of the newest head that someone outside held; heads
        under the old key beyond it are not to be accepted.

    Raises
    ------
    BadRecord
        If the reason is no line of text.
    """
    if not reason.strip() or not reason.isprintable():
        raise BadRecord(reason=Text(en="its reason is no line of text", zh="原因不是一行文本"))
    own = old if isinstance(old, str) else old.vkey
    record: Record = {"type": KEY, "park": park, "old_vkey": own, "new_vkey": new.vkey, "reason": reason, "size": size}
    if trusted_size is not None:
        record["trusted_size"] = trusted_size
    text = _text(record)
    notes = [sign_note(text, key.name, key.private) for key in (old, new) if isinstance(key, LogKey)]
    return {**record, "statement": f"{text}\n" + "".join(note.removeprefix(f"{text}\n") for note in notes)}


def check_change(record: Mapping[str, Any]) -> None:
    """Check that the statement is that of the record, and signed by both keys (by the new one if the old is lost).

    Raises
    ------
    BadSignature
        If it is not.
    BadVerifierKey
        If one of the keys is none.
    """
    old, new = str(record.get("old_vkey")), str(record.get("new_vkey"))
    signers = [new] if record.get("reason") == LOST else [old, new]
    for vkey in signers:
        if open_note(str(record.get("statement")), vkey) != _text(record):
            raise BadSignature(key=vkey)
    if parse_vkey(old).name != parse_vkey(new).name or old == new:
        raise BadSignature(key=new)


def follow_keys(pinned_vkey: str, records: Iterable[Mapping[str, Any]]) -> str:
    """Return the vkey that signs now, from one that the reader trusts.

    Parameters
    ----------
    pinned_vkey : str
        The vkey that the reader got by another way; any key of the log's life.
    records : iterable of mappings
        Records of the log in their order; those that are no change of key are left aside.

    Raises
    ------
    KeyRevoked
        If the trusted key was leaked or lost: the new one must be asked for by another way.
    BadSignature, BadVerifierKey
        If a change is not signed by the keys that it names.
    """
    current = parse_vkey(pinned_vkey).text
    for record in records:
        if record.get("type") != KEY or record.get("old_vkey") != current:
            continue
        check_change(record)
        if record["reason"] in GIVEN_UP:
            raise KeyRevoked(key=current, size=record.get("trusted_size", 0), reason=record["reason"])
        current = str(record["new_vkey"])
    return current


def _text(record: Mapping[str, Any]) -> str:
    names = ("park", "old_vkey", "new_vkey", "size", "trusted_size", "reason")
    return "\n".join([_HEAD, *(f"{name} {record.get(name, '-')}" for name in names), ""])
