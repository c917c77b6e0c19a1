"""The signing key: made once, 0600, and never replaced."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

from parkopt.faults import BadVerifierKey, CannotWrite, KeyUnreadable
from parkopt.ledger import load_or_create_key, open_checkpoint, sha256

NAME = "parkopt.example/dafeng"
FILE = "parkopt.example%2Fdafeng"


def test_it_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path / "a" / "b", NAME)
    files = {path.name: path for path in (tmp_path / "a" / "b").iterdir()}
    assert set(files) == {f"{FILE}.pem", f"{FILE}.vkey"}
    assert files[f"{FILE}.pem"].stat().st_mode & 0o777 == 0o600
    assert files[f"{FILE}.vkey"].read_text() == f"{key.vkey}\n"
    assert load_or_create_key(tmp_path / "a" / "b", NAME).vkey == key.vkey
    assert "private" not in repr(key)


def test_it_signs_for_its_own_vkey(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path, NAME)
    assert open_checkpoint(key.sign(3, sha256(b"")), key.vkey).size == 3


def test_a_lost_vkey_file_is_written_again(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path, NAME)
    (tmp_path / f"{FILE}.vkey").unlink()
    assert load_or_create_key(tmp_path, NAME).vkey == key.vkey
    assert (tmp_path / f"{FILE}.vkey").exists()


def _pem(key: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey, password: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


@pytest.mark.parametrize("kind", ["empty", "cut", "noise", "other", "locked", "foreign"])
def test_a_broken_key_is_refused_and_left(tmp_path: Path, kind: str) -> None:
    load_or_create_key(tmp_path, NAME)
    pem = tmp_path / f"{FILE}.pem"
    data = {
        "empty": b"",
        "cut": pem.read_bytes()[:60],
        "noise": b"\x00\xff" * 50,
        "other": _pem(ed448.Ed448PrivateKey.generate()),
        "locked": _pem(ed25519.Ed25519PrivateKey.generate(), b"secret"),
        "foreign": _pem(ed25519.Ed25519PrivateKey.generate()),
    }[kind]
    pem.write_bytes(data)
    with pytest.raises(KeyUnreadable):
        load_or_create_key(tmp_path, NAME)
    assert pem.read_bytes() == data


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create_key(tmp_path, NAME)
    (tmp_path / f"{FILE}.pem").chmod(mode)
    with pytest.raises(KeyUnreadable, match="chmod 600"):
        load_or_create_key(tmp_path, NAME)


def test_a_lost_key_is_not_replaced(tmp_path: Path) -> None:
    load_or_create_key(tmp_path, NAME)
    (tmp_path / f"{FILE}.pem").unlink()
    with pytest.raises(KeyUnreadable, match="gone"):
        load_or_create_key(tmp_path, NAME)
    assert [path.name for path in tmp_path.iterdir()] == [f"{FILE}.vkey"]


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "\u3000", "a\u200eb"])
def test_names_that_cannot_stand_in_a_note_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadVerifierKey):
        load_or_create_key(tmp_path, name)


def test_a_name_stays_inside_the_folder(tmp_path: Path) -> None:
    load_or_create_key(tmp_path / "keys", "../../x")
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_many_at_once_get_one_key(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_or_create_key(tmp_path, NAME).vkey)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len(set(found)) == 1


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite):
        load_or_create_key(tmp_path / "file", NAME)
    assert os.listdir(tmp_path) == ["file"]
