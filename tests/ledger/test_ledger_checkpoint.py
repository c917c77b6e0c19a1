"""Signed notes: RFC 8032 and Go's note vectors, and what must not open."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parkopt.faults import BadSignature, BadVerifierKey, NotEvidence
from parkopt.ledger import Checkpoint, open_checkpoint, parse_vkey, sha256, sign_checkpoint
from parkopt.ledger.checkpoint import VerifierKey, decode, encode, open_note, sign_note

# The example of the Go package golang.org/x/mod/sumdb/note, which the C2SP format comes from.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
ENOCH = "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ="
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
NOTE = f"{TEXT}\n\u2014 PeterNeumann {PETER}\n"
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
HEAD = Checkpoint("PeterNeumann", 7, sha256(b"root"))


@pytest.mark.parametrize(
    ("seed", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            (
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                "d25bf5f0595bbe24655141438e7a100b"
            ),
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            (
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                "387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ),
    ],
)
def test_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    assert key.public_key().public_bytes_raw().hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature


def test_the_published_note_is_what_is_signed_here() -> None:
    assert VerifierKey("PeterNeumann", KEY.public_key().public_bytes_raw()).text == VKEY
    assert sign_note(TEXT, "PeterNeumann", KEY) == NOTE
    assert open_note(NOTE, VKEY) == TEXT


def test_the_published_note_of_two_signers_opens_for_each() -> None:
    both = f"{NOTE}\u2014 EnochRoot {ENOCH}\n"
    assert open_note(both, VKEY) == open_note(both, ENOCH_VKEY) == TEXT
    with pytest.raises(BadSignature):
        open_note(both.replace("problem", "question"), ENOCH_VKEY)


def test_the_published_key_of_go_sumdb_reads() -> None:
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert parse_vkey(f"{text}\n").text == text


def test_a_checkpoint_opens_as_it_was_signed() -> None:
    note = sign_checkpoint(HEAD, KEY)
    assert note.startswith(f"PeterNeumann\n7\n{encode(HEAD.root)}\n\n\u2014 PeterNeumann ")
    assert open_checkpoint(note, VKEY) == HEAD


def test_witness_signatures_are_left_aside() -> None:
    other = Ed25519PrivateKey.generate()
    witness = sign_note(TEXT, "witness.example/w", other).split("\n\n")[1]
    assert open_note(NOTE + witness, VKEY) == TEXT
    assert open_note(NOTE.replace("\n\n", f"\n\n{witness}"), VKEY) == TEXT


def test_every_changed_byte_of_a_checkpoint_is_found() -> None:
    note = sign_checkpoint(HEAD, KEY).encode()
    for place in range(len(note)):
        for mask in (1, 2, 4, 8, 16, 32, 64):
            changed = bytearray(note)
            changed[place] ^= mask
            with pytest.raises((BadSignature, NotEvidence)):
                open_checkpoint(changed.decode("utf-8", "replace"), VKEY)


@pytest.mark.parametrize(
    "note",
    ["", "\n", "\n\n", TEXT, NOTE[:-1], f"{NOTE}\n", f" {NOTE}", NOTE.replace("\n", "\r\n"), f"{NOTE}\u2014 x\n",
     NOTE.replace("\u2014", "-"), "\ud800" + NOTE, NOTE.replace("AM=", "AN="), NOTE + NOTE.split("\n\n")[1] * 70],
)  # fmt: skip
def test_malformed_notes_do_not_open(note: str) -> None:
    with pytest.raises(BadSignature):
        open_note(note, VKEY)


@pytest.mark.parametrize(
    "text",
    ["x\n1\n{root}\n", "PeterNeumann\n01\n{root}\n", "PeterNeumann\n-1\n{root}\n", "PeterNeumann\n1\n",
     "PeterNeumann\n1\nAAAA\n", "PeterNeumann\n9999999999999999\n{root}\n", "PeterNeumann\n"],
)  # fmt: skip
def test_a_signed_note_that_is_no_head_of_this_log_is_refused(text: str) -> None:
    note = sign_note(text.format(root=encode(HEAD.root)), "PeterNeumann", KEY)
    with pytest.raises(NotEvidence):
        open_checkpoint(note, VKEY)


def test_another_key_of_the_same_name_does_not_open_it() -> None:
    other = VerifierKey("PeterNeumann", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(BadSignature):
        open_note(NOTE, other.text)


@pytest.mark.parametrize(
    "vkey", ["", "a", "a+b+c", VKEY[:-1], VKEY.replace("c7", "C7"), VKEY.replace("c7", "c8"), f"x{VKEY}", "a b" + VKEY]
)
def test_what_is_no_vkey_is_refused(vkey: str) -> None:
    with pytest.raises(BadVerifierKey):
        parse_vkey(vkey)


def test_text_without_newline_or_with_control_characters_is_not_signed() -> None:
    for text in ("a", "a\tb\n", "\ud800\n"):
        with pytest.raises(NotEvidence):
            sign_note(text, "a", KEY)


def test_base64_has_one_spelling() -> None:
    assert decode("AA==") == b"\x00"
    assert [decode(text) for text in ("AB==", "AA=", "AA", "A A==", "é", "AA==\n")] == [None] * 6
