"""The one byte form of a record (RFC 8785), and a reader that accepts nothing twice.

A record that is signed must read the same everywhere. JSON numbers do not: a float has
many spellings, and a whole number from 2^53 on loses digits in most readers. So only text,
whole numbers below 2^53, true, false, null, lists and objects have a form here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from parkopt.errors import ParkoptError, Text
from parkopt.faults import NotCanonical, NotEvidence

MAX_INT = 2**53 - 1
MAX_DEPTH = 32
Record = dict[str, Any]
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode
_NOT_SIMPLE = object()


def sha256(data: bytes) -> bytes:
    """Return the 32 bytes of SHA-256 (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def canonical(value: object) -> bytes:
    """Return the RFC 8785 bytes of a value.

    Parameters
    ----------
    value : object
        Mappings with text keys, lists, tuples, text, whole numbers, bool, None.

    Raises
    ------
    NotCanonical
        For a float, a whole number beyond 2^53 - 1, a key that is not text, text with a
        lone surrogate, nesting beyond 32 levels, or any other type.

    Notes
    -----
    RFC 8785 section 3.2; floats (3.2.2.3) are left out on purpose.
    """
    if _simple(value, MAX_DEPTH):
        try:
            return _ENCODE(value).encode("utf-8")
        except UnicodeEncodeError:
            pass  # a lone surrogate: refused below
    return rfc8785.dumps(_plain(value, MAX_DEPTH))


def parse(data: bytes | str) -> Any:
    """Read JSON of which every part stands once and has a canonical form.

    Raises
    ------
    NotEvidence
        If it is not UTF-8 JSON, or a key stands twice in one object (RFC 8259 section 4
        leaves open which one counts, so two readers could see two records).
    NotCanonical
        If a number is not a whole number below 2^53, or text has a lone surrogate.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = _read_simple(text)
        if value is not _NOT_SIMPLE:
            return value
        value = json.loads(text, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse, parse_int=_whole)
    except (ValueError, RecursionError) as broken:
        reason = Text(en=f"no JSON, {broken}", zh=f"不是 JSON，{broken}")
        raise NotEvidence(reason=reason) from broken
    return _plain(value, MAX_DEPTH)


def _read_simple(text: str) -> Any:
    """Return the value of a text of simple parts, `_NOT_SIMPLE` for any other: that goes the slow way."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError, ParkoptError):
        return _NOT_SIMPLE
    return value if _simple(value, MAX_DEPTH) and text.isascii() and "\\u" not in text else _NOT_SIMPLE


def _simple(value: object, depth: int) -> bool:
    """Say whether json's own encoder writes a value as RFC 8785 does: built-in types, keys of ASCII alone.

    Only for keys beyond ASCII can the order by code point and that by UTF-16 unit differ.
    """
    kind = type(value)
    if kind is dict:
        for key in value:  # type: ignore[attr-defined]
            if type(key) is not str or not key.isascii():
                return False
        value = value.values()  # type: ignore[attr-defined]
    elif kind is not list and kind is not tuple:
        return _simple_scalar(value)
    if depth <= 1:
        return False
    for item in value:  # type: ignore[attr-defined]
        kind = type(item)
        if kind is str or (kind is int and -MAX_INT <= item <= MAX_INT):
            continue
        if not _simple(item, depth - 1):
            return False
    return True


def _simple_scalar(value: object) -> bool:
    kind = type(value)
    return value is None or kind is bool or kind is str or (kind is int and abs(value) <= MAX_INT)  # type: ignore[arg-type]


def _plain(value: object, depth: int) -> Any:
    if depth == 0:
        raise NotCanonical(value="more than 32 levels")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1) for item in value]
    return _scalar(value)


def _scalar(value: object) -> str | int | bool | None:
    # Exact types: numpy numbers and str or int enums would be written by their base type unseen.
    if value is None or type(value) is bool:
        return value
    if type(value) is int and abs(value) <= MAX_INT:
        return value
    if type(value) is str:
        return _unicode(value)
    raise NotCanonical(value=value)


def _key(key: object) -> str:
    if type(key) is not str:
        raise NotCanonical(value=key)
    return _unicode(key)


def _unicode(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as lone:
        raise NotCanonical(value=text) from lone
    return text


def _once(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise NotEvidence(reason=Text(en=f"the key {twice!r} stands twice", zh=f"键 {twice!r} 出现了两次"))
    return found


def _refuse(number: str) -> Any:
    raise NotCanonical(value=number)


def _whole(digits: str) -> int:
    # 2^53 - 1 has 16 digits; longer text is refused before int() spends time on it.
    if len(digits) > len("-9007199254740991"):
        raise NotCanonical(value=digits[:40])
    return int(digits)
