"""The signing key of a log: made once, kept for its owner alone, never replaced silently.

It changes by `rotate_key` alone, which first has the log say so and only then puts the new key
in the old one's place; a crash between the two is made good by `finish_rotation`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parkopt.errors import Text
from parkopt.faults import BadVerifierKey, CannotWrite, KeyUnreadable
from parkopt.ledger.checkpoint import Checkpoint, VerifierKey, sign_checkpoint, valid_name
from parkopt.ledger.files import sync_folder, write_atomic, write_new

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
    pem, public = _files(folder, name, ".pem", ".vkey")
    try:
        if not pem.exists():
            _create(pem, public)
        key = LogKey(name, _load(pem))
        _check_public(key, pem, public)
    except OSError as problem:
        raise CannotWrite(path=folder, reason=problem.strerror) from problem
    return key


def rotate_key(
    folder: Path,
    name: str,
    log_change: Callable[[LogKey], Mapping[str, Any]],
    logged: Callable[[LogKey], Mapping[str, Any] | None],
) -> LogKey:
    """Make a new key, have the log say so, put it in the old one's place, and return it.

    Parameters
    ----------
    folder, name : Path, str
        As of `load_or_create_key`.
    log_change : callable
        Gets the new key, logs the change under it, and returns what is kept of the old key
        (public things alone) once that is committed. If it raises, the old key stays, unless
        the change is in the log after all; the new one is kept until that is known.
    logged : callable
        As of `finish_rotation`.

    Raises
    ------
    CannotWrite
        If the folder cannot be written.
    """
    (following,) = _files(folder, name, ".next.pem")
    with _alone(folder, name):
        _finish(folder, name, logged)
        following.unlink(missing_ok=True)  # of a change that was never logged
        write_new(following, _new_pem(), 0o600)
        _replace(folder, name, log_change(LogKey(name, _load(following))))
    return load_or_create_key(folder, name)


def pending_key(folder: Path, name: str) -> LogKey | None:
    """Return the new key of a change that a crash left unfinished, if there is one."""
    (following,) = _files(folder, name, ".next.pem")
    return LogKey(name, _load(following)) if following.exists() else None


def finish_rotation(folder: Path, name: str, logged: Callable[[LogKey], Mapping[str, Any] | None]) -> None:
    """Put the new key of an unfinished change in the old one's place, if the log already has it.

    Parameters
    ----------
    folder, name : Path, str
        As of `load_or_create_key`.
    logged : callable
        Says what is kept of the old key, None if the log does not name this new key.

    Notes
    -----
    Where another process is changing the key right now, it is left to that one: a caller in a
    transaction must not wait for a change that waits for this transaction.
    """
    with contextlib.suppress(BlockingIOError), _alone(folder, name, fcntl.LOCK_NB):
        _finish(folder, name, logged)


def _finish(folder: Path, name: str, logged: Callable[[LogKey], Mapping[str, Any] | None]) -> None:
    new = pending_key(folder, name)
    old = logged(new) if new is not None else None
    if old is not None:
        _replace(folder, name, old)


def public_vkey(folder: Path, name: str) -> str | None:
    """Return the vkey that lies in the folder, also where the private key is lost; None if there is none."""
    (public,) = _files(folder, name, ".vkey")
    return public.read_text("utf-8").strip() if public.exists() else None


def retired_keys(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return what is kept of the earlier keys, oldest first: vkey, time, last size, reason."""
    (retired,) = _files(folder, name, ".retired.json")
    found: list[dict[str, Any]] = json.loads(retired.read_bytes()) if retired.exists() else []
    return found


def _replace(folder: Path, name: str, old: Mapping[str, Any]) -> None:
    # Each step may be the last before a crash; the next finish_rotation does them again. In between the pair does
    # not fit, so nobody can sign with either key.
    pem, public, following, retired = _files(folder, name, ".pem", ".vkey", ".next.pem", ".retired.json")
    kept = [one for one in retired_keys(folder, name) if one != dict(old)]
    write_atomic(retired, json.dumps([*kept, dict(old)], ensure_ascii=False, indent=1).encode() + b"\n")
    write_atomic(public, f"{LogKey(name, _load(following)).vkey}\n".encode())
    following.replace(pem)
    sync_folder(folder)


@contextlib.contextmanager
def _alone(folder: Path, name: str, how: int = 0) -> Iterator[None]:
    """Let one change of this key at a time go on, over all processes."""
    (lock,) = _files(folder, name, ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | how)
            yield
    except BlockingIOError:
        raise
    except OSError as problem:
        raise CannotWrite(path=folder, reason=problem.strerror or problem) from problem


def _files(folder: Path, name: str, *ends: str) -> tuple[Path, ...]:
    return tuple(folder / (quote(name, safe="") + end) for end in ends)


def _create(pem: Path, public: Path) -> None:
    if public.exists() and not pem.exists():
        raise _unusable(pem, "it is gone, but the .vkey beside it is there", "私钥已丢失，而旁边的 .vkey 仍在")
    pem.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_new(pem, _new_pem(), 0o600)
    except FileExistsError:  # another process made it in between: that one counts
        return


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


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
