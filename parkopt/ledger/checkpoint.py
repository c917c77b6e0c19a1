"""Signed heads of the log: C2SP signed notes and tlog checkpoints, with Ed25519.

A note is text, an empty line, and lines ``— name base64(key id || signature)``. The text of
a checkpoint is origin, size and base64 root, one a line. A verifier key (vkey) is one line
``name+key id+base64(0x01 || public key)``. Sources: c2sp.org/signed-note and
c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from parkopt.errors import Text
from parkopt.faults import BadSignature, BadVerifierKey, NotEvidence
from parkopt.ledger.canonical import MAX_INT, sha256
from parkopt.ledger.merkle import HASH_SIZE

ED25519 = b"\x01"
_KEY_ID = 4
_PUBLIC = 32
_SIGNATURE = 64
_MARK = "\u2014 "  # an em dash, as the format asks
_MAX_SIGNATURES = 64
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True)
class Checkpoint:
    """A head of a log: whose it is, how many records, and the root over them."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class VerifierKey:
    """The public half of a log's key, with its name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id: the first 4 bytes of SHA-256(name, newline, 0x01, public key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public)[:_KEY_ID]

    @property
    def text(self) -> str:
        """The vkey line."""
        return f"{self.name}+{self.id.hex()}+{encode(ED25519 + self.public)}"


def encode(data: bytes) -> str:
    """Return base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes | None:
    """Return the bytes of base64 text, or None unless it is their one spelling.

    The last letter has bits that most readers ignore; two texts for one signature would let
    a changed byte pass.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if encode(data) == text else None


def valid_name(name: str) -> bool:
    """Say whether a key may have this name: not empty, no spaces, no plus sign."""
    return _NAME.fullmatch(name) is not None and name.isprintable()


def parse_vkey(text: str) -> VerifierKey:
    """Read a vkey line.

    Raises
    ------
    BadVerifierKey
        If it is none, its key id does not fit, or it is not Ed25519.
    """
    match = _VKEY.fullmatch(text.strip())
    data = decode(match[3]) if match else None
    if match is None or not valid_name(match[1]) or data is None:
        raise BadVerifierKey(value=text)
    key = VerifierKey(match[1], data[1:])
    if data[:1] != ED25519 or len(key.public) != _PUBLIC or key.id.hex() != match[2]:
        raise BadVerifierKey(value=text)
    return key


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """Return a signed note of ``text``, which must end with a newline.

    Raises
    ------
    NotEvidence
        If the text has no newline at its end, or control characters.
    """
    if not _is_text(text):
        raise NotEvidence(reason=Text(en="the note is no plain text", zh="签名文本不是纯文本"))
    public = VerifierKey(name, key.public_key().public_bytes_raw())
    return f"{text}\n{_MARK}{name} {encode(public.id + key.sign(text.encode()))}\n"


def open_note(note: str, vkey: str) -> str:
    """Return the text of a note that the key has signed.

    Signatures of other keys (witnesses) are left aside.

    Raises
    ------
    BadVerifierKey
        If ``vkey`` is none.
    BadSignature
        If the note is malformed, or not signed by this key, or the signature does not hold.
    """
    key = parse_vkey(vkey)
    text, gap, tail = note.rpartition("\n\n")
    text += "\n"
    signatures = _signatures(tail, key) if gap and _is_text(text) else []
    if not signatures or not all(_holds(key, signature, text) for signature in signatures):
        raise BadSignature(key=key.text)
    return text


def _signatures(tail: str, key: VerifierKey) -> list[bytes]:
    """Return the signatures under this name and id; none if any line is malformed."""
    lines = tail.split("\n")
    if lines.pop() != "" or not 0 < len(lines) <= _MAX_SIGNATURES:
        return []
    found = []
    for line in lines:
        name, _, code = line.removeprefix(_MARK).partition(" ")
        data = decode(code)
        if not line.startswith(_MARK) or not valid_name(name) or data is None or len(data) <= _KEY_ID:
            return []
        if name == key.name and data[:_KEY_ID] == key.id:
            found.append(data[_KEY_ID:])
    return found


def _holds(key: VerifierKey, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return len(signature) == _SIGNATURE


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return text.endswith("\n") and all(char >= " " or char == "\n" for char in text)


def sign_checkpoint(head: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signed note of a head; the key has the name of its origin."""
    return sign_note(f"{head.origin}\n{head.size}\n{encode(head.root)}\n", head.origin, key)


def open_checkpoint(note: str, vkey: str) -> Checkpoint:
    """Return the head that a note states, if the key signed it.

    Raises
    ------
    BadVerifierKey
        If ``vkey`` is none.
    BadSignature
        If the note is not signed by this key.
    NotEvidence
        If what was signed is not the head of the log that has the key's name.
    """
    origin, size, code = [*open_note(note, vkey).split("\n"), ""][:3]
    root = decode(code)
    if origin != parse_vkey(vkey).name or root is None or len(root) != HASH_SIZE or not _SIZE.fullmatch(size):
        raise NotEvidence(reason=Text(en="the note is no checkpoint of this log", zh="该签名文本不是此日志的检查点"))
    if int(size) > MAX_INT:
        raise NotEvidence(reason=Text(en="its size is beyond 2^53", zh="其大小超过 2^53"))
    return Checkpoint(origin, int(size), root)
