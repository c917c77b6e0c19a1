"""The signing key of a log: made once, kept for its owner alone, never replaced silently."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parkopt.errors import Text
from parkopt.faults import BadVerifierKey, CannotWrite, KeyUnreadable
from parkopt.ledger.checkpoint import Checkpoint, VerifierKey, sign_checkpoint, valid_name
from parkopt.ledger.files import write_atomic, write_new

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class LogKey:
    """A named Ed25519 key pair; the name is also the origin of its log.

    Raises
    ------
    BadVerifierKey
        If the name is empty or holds a space or a plus sign.
    """

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if not valid_name(self.name):
            raise BadVerifierKey(value=self.name)

    @property
    def vkey(self) -> str:
        """The verifier key line to hand out."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw()).text

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed checkpoint of this log at a size."""
        return sign_checkpoint(Checkpoint(self.name, size, root), self.private)


def load_or_create_key(folder: Path, name: str) -> LogKey:
    """Return the key of a log, made at the first call.

    Parameters
    ----------
    folder : Path
        Holds ``<name>.pem`` (PKCS8, rights 0600) and ``<name>.vkey``; a slash in the name
        is written %2F.
    name : str
        The key's name and the log's origin, such as ``parkopt.example/dafeng``.

    Raises
    ------
    KeyUnreadable
        If the file is no Ed25519 key, others may read it, it does not fit the .vkey beside
        it, or the .vkey is there and the key is gone.
    BadVerifierKey
        If the name is empty or holds a space or a plus sign.
    CannotWrite
        If the folder cannot be written.

    Notes
    -----
    RFC 8032 (Ed25519), RFC 8410 section 7 (its PKCS8 form), c2sp.org/signed-note (names).
    """
    if not valid_name(name):
        raise BadVerifierKey(value=name)
    pem, public = (folder / (quote(name, safe="") + end) for end in (".pem", ".vkey"))
    try:
        if not pem.exists():
            _create(pem, public)
        key = LogKey(name, _load(pem))
        _check_public(key, pem, public)
    except OSError as problem:
        raise CannotWrite(path=folder, reason=problem.strerror) from problem
    return key


def _create(pem: Path, public: Path) -> None:
    if public.exists() and not pem.exists():
        raise _unusable(pem, "it is gone, but the .vkey beside it is there", "私钥已丢失，而旁边的 .vkey 仍在")
    pem.parent.mkdir(parents=True, exist_ok=True)
    data = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        write_new(pem, data, 0o600)
    except FileExistsError:  # another process made it in between: that one counts
        return


def _load(pem: Path) -> Ed25519PrivateKey:
    if pem.stat().st_mode & _OTHERS:
        raise _unusable(pem, "others may read it (chmod 600, and see docs/ledger.md)", "其他用户可读取（应为 600）")
    try:
        key = serialization.load_pem_private_key(pem.read_bytes(), password=None)
    except OSError as problem:
        raise _unusable(pem, f"{problem.strerror}", f"{problem.strerror}") from problem
    except (ValueError, TypeError, UnsupportedAlgorithm) as broken:
        raise _unusable(pem, "it is no unencrypted PEM key", "不是未加密的 PEM 私钥") from broken
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(pem, "it is not an Ed25519 key", "不是 Ed25519 密钥")
    return key


def _check_public(key: LogKey, pem: Path, public: Path) -> None:
    if not public.exists():  # a crash between the two files, or a restored backup of the key alone
        write_atomic(public, f"{key.vkey}\n".encode())
    elif public.read_bytes() != f"{key.vkey}\n".encode():
        raise _unusable(pem, f"it does not fit {public.name}", f"与 {public.name} 不符")


def _unusable(pem: Path, en: str, zh: str) -> KeyUnreadable:
    return KeyUnreadable(path=pem, reason=Text(en=en, zh=zh))
