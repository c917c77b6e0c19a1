"""One zip that proves a span of settled days to an enterprise's verifier or to an auditor, offline.

The zip has one spelling: fixed names in fixed order, fixed times, nothing compressed. So the
same content is the same bytes on every machine, and no byte can change unseen.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from parkopt.faults import NothingToProve
from parkopt.ledger.bundle_extracts import extracts
from parkopt.ledger.bundle_readme import README
from parkopt.ledger.canonical import canonical, parse, sha256
from parkopt.ledger.checkpoint import encode, sign_note
from parkopt.ledger.keys import LogKey
from parkopt.ledger.merkle import leaf_hash
from parkopt.ledger.report import StepError
from parkopt.ledger.settled import Entry, commitment
from parkopt.ledger.settled_view import Scope, selected

FORMAT = "parkopt-bundle@1"
MANIFEST, SIGNED = "manifest.json", "manifest.note"
FILES = tuple(
    sorted(
        [*README, MANIFEST, SIGNED, "actions.csv", "checkpoint", "consistency.json", "contracts.json", "entries.jsonl",
         "factors.csv", "keys.json", "method.json", "readings.csv"]
    )
)  # fmt: skip
MOST_BYTES = 1 << 30
_TIME = (1980, 1, 1, 0, 0, 0)
_RIGHTS = 0o100644 << 16
_UNIX = 3
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, RuntimeError, EOFError, struct.error, IndexError,
    KeyError, OverflowError,
)  # fmt: skip


class BundleSource(Protocol):
    """What a bundle is made from: `parkopt.ledger.settled.SettledLog`, or any log with the same leaves."""

    def entries(self) -> Sequence[Entry]:
        """Return the entries in the order of the log."""

    def inclusion_path(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the proof of a leaf to the head."""

    def consistency_path(self, old: int, new: int | None = None) -> list[bytes]:
        """Return the proof that a head only adds to the tree of the old size."""

    def checkpoints(self) -> Sequence[tuple[int, str]]:
        """Return size and signed note of each head, by rising size."""

    def head(self) -> tuple[int, str]:
        """Return size and signed note of the newest head."""


def settled_leaf(index: int, time: str, salt: str, kind: str, body: bytes) -> bytes:
    """Return the leaf hash of a record of this type and these RFC 8785 bytes (RFC 9162 section 2.1.1); salt in hex."""
    committed = commitment(bytes.fromhex(salt), body)
    return leaf_hash(canonical({"type": kind, "seq": index, "time": time, "commitment": committed}))


def make_bundle(source: BundleSource, key: LogKey, scope: Scope) -> bytes:
    """Return the evidence zip of a scope.

    Parameters
    ----------
    source : BundleSource
        The settled log.
    key : LogKey
        Its key: it also signs the manifest, so that nothing can be left out on the way.
    scope : Scope
        Park, party or auditor, days.

    Raises
    ------
    NothingToProve
        If the log holds no day of the scope.

    Notes
    -----
    RFC 8785; RFC 9162 sections 2.1.3 and 2.1.4; c2sp.org/signed-note and tlog-checkpoint.
    """
    size, note = source.head()
    entries = [one for one in source.entries() if one.idx < size and selected(one.record, scope)]
    if not any(one.record["type"] == "park-day" for one in entries):
        raise NothingToProve()
    earlier = [
        {"size": old, "note": text, "path": [encode(step) for step in source.consistency_path(old, size)]}
        for old, text in source.checkpoints()
        if old < size
    ]
    files = {
        **README,
        "checkpoint": note.encode(),
        "consistency.json": canonical(earlier),
        "entries.jsonl": b"".join(_line(one, source.inclusion_path(one.idx, size)) for one in entries),
        **extracts([(one.idx, one.record) for one in entries]),
    }
    return seal(files, key, scope)


def _line(one: Entry, path: Sequence[bytes]) -> bytes:
    line = {"index": one.idx, "time": parse(one.leaf)["time"], "type": one.record["type"], "salt": one.salt.hex()}
    return canonical({**line, "record": one.record, "proof": [encode(step) for step in path]}) + b"\n"


def seal(files: Mapping[str, bytes], key: LogKey, scope: Scope) -> bytes:
    """Return the zip of these files with a signed manifest."""
    manifest = canonical(
        {
            "format": FORMAT, **vars(scope), "vkey": key.vkey,
            "sha256": {name: sha256(data).hex() for name, data in files.items()},
        }
    )  # fmt: skip
    note = sign_note(manifest_text(scope.park, manifest), key.name, key.private)
    return pack({**files, MANIFEST: manifest, SIGNED: note.encode()})


def manifest_text(park: str, manifest: bytes) -> str:
    """Return what is signed of a manifest: its first line can never be that of a checkpoint."""
    return f"{FORMAT}\n{park}\n{sha256(manifest).hex()}\n"


def bundle_name(scope: Scope) -> str:
    """Return the file name of a bundle: ``evidence-<park>-<party>-<start>_<end>.zip``."""
    park, party = (_UNSAFE.sub("_", name) for name in (scope.park, scope.party))
    return f"evidence-{park}-{party}-{scope.start}_{scope.end}.zip"


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the one zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _TIME)
            info.external_attr, info.create_system = _RIGHTS, _UNIX
            target.writestr(info, files[name])
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of a bundle; nothing is written to disk.

    Raises
    ------
    StepError
        If it is no zip, holds other files than a bundle's, or is not spelled as `pack` does.
    """
    if len(data) > MOST_BYTES:
        raise StepError("it is larger than 1 GiB", "文件大于 1 GiB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            _check_list(source.infolist(), len(data))
            files = {info.filename: source.read(info) for info in source.infolist()}
    except _BROKEN as broken:
        raise StepError(f"it is no zip: {broken}", f"不是 zip 文件：{broken}") from broken
    if pack(files) != data:
        raise StepError("the zip is not spelled as it was written", "zip 字节与写入时不同")
    return files


def _check_list(infos: Sequence[zipfile.ZipInfo], size: int) -> None:
    # Nothing is compressed, so the parts can never be more than the whole: no zip bomb.
    names = [info.filename for info in infos]
    for name, after in pairwise([*names, ""]):
        if name not in FILES or name == after:
            raise StepError(f"there is no file {name!r} in a bundle, or it stands twice", f"文件 {name!r} 多余或重复")
    if tuple(names) != FILES:
        missing = sorted(set(FILES) - set(names))
        raise StepError(f"files are missing or in another order: {missing}", f"文件缺失或次序不同：{missing}")
    stored = all(info.compress_type == zipfile.ZIP_STORED for info in infos)
    if not stored or sum(info.file_size for info in infos) > size:
        raise StepError("its parts are compressed or larger than the file", "内容被压缩或大于文件本身")
