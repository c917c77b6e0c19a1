"""The offline check of evidence files and logs: nothing is asked of the park or a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parkopt.errors import Text, Where
from parkopt.faults import MissingFile, NotEvidence
from parkopt.ledger.canonical import parse
from parkopt.ledger.check_evidence import EvidenceCheck
from parkopt.ledger.check_log import LogCheck
from parkopt.ledger.checkpoint import parse_vkey
from parkopt.ledger.report import Report, run

_ZIP = b"PK\x03\x04"


def verify_evidence(
    doc: Mapping[str, Any] | bytes, pinned_vkey: str | None, older_checkpoint: str | None = None
) -> Report:
    """Check an evidence document.

    Parameters
    ----------
    doc : mapping or bytes
        The document, or the bytes of its file; only with the bytes can a change of spelling
        be seen.
    pinned_vkey : str or None
        The park's vkey, got by another way than this document. Without it the report warns:
        the document then only proves that it agrees with itself.
    older_checkpoint : str or None
        A signed note kept from before; shows that nothing was rewritten since.

    Returns
    -------
    Report
        One step each for format, key, signature, canonical form, inclusion, consistency,
        the older checkpoint if given, completeness and arithmetic.

    Raises
    ------
    NotEvidence
        If it is no JSON, a key stands twice, or it is no evidence document at all.
    NotCanonical
        If the file holds a float, a number from 2^53 on or text that is no Unicode.
    BadVerifierKey
        If ``pinned_vkey`` is none.

    Notes
    -----
    RFC 8785; RFC 9162 sections 2.1.3.2 and 2.1.4.2; c2sp.org/signed-note.
    """
    _check_pinned(pinned_vkey)
    content = parse(doc) if isinstance(doc, bytes) else doc
    if not isinstance(content, Mapping) or "format" not in content:
        raise NotEvidence(reason=Text(en="it has no format line", zh="缺少 format"))
    raw = doc if isinstance(doc, bytes) else None
    return run(EvidenceCheck(content, raw, pinned_vkey, older_checkpoint).plan())


def verify_log(folder: Path, pinned_vkey: str | None, older_checkpoint: str | None = None) -> Report:
    """Check the whole folder of a log; it is only read.

    Lines beyond the signed size give a warning: an append under way, or one that crashed.

    Raises
    ------
    NotEvidence
        If it is no folder of a log. A line that is no record is a FAIL step.
    BadVerifierKey
        If ``pinned_vkey`` is none.

    Notes
    -----
    Steps as in `verify_evidence`; RFC 9162 section 2.1.1 for the root.
    """
    _check_pinned(pinned_vkey)
    return run(LogCheck(folder, pinned_vkey, older_checkpoint).plan())


def verify_bundle(data: bytes | Path, pinned_vkey: str | None, older_checkpoint: str | None = None) -> Report:
    """Check an evidence zip of settled days, from the bytes up to the carbon of every hour.

    Returns
    -------
    Report
        One step each for the zip, key, head, manifest, records and their proofs, tables, earlier
        heads, completeness, certificates, tracing, carbon, storage; later steps are not run
        where the records are not proven.

    Raises
    ------
    MissingFile
        If ``data`` is a path that cannot be read.
    BadVerifierKey
        If ``pinned_vkey`` is none.
    """
    _check_pinned(pinned_vkey)
    # Only here: an evidence file of a schedule is checked without numpy and the carbon ledgers.
    from parkopt.ledger.check_bundle import DECISIVE, BundleCheck

    content = data if isinstance(data, bytes) else _read(data)
    return run(BundleCheck(content, pinned_vkey, older_checkpoint).plan(), DECISIVE)


def verify_path(path: Path, pinned_vkey: str | None, older_checkpoint: str | None = None) -> Report:
    """Check an evidence zip or file, or a log if ``path`` is a folder.

    Raises
    ------
    MissingFile
        If it does not exist or cannot be read; else as `verify_evidence` and `verify_log`.
    """
    if path.is_dir():
        return verify_log(path, pinned_vkey, older_checkpoint)
    data = _read(path)
    if path.suffix.lower() == ".zip" or data.startswith(_ZIP):
        return verify_bundle(data, pinned_vkey, older_checkpoint)
    return verify_evidence(data, pinned_vkey, older_checkpoint)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as lost:
        raise MissingFile(Where(file=str(path)), path=path) from lost


def _check_pinned(vkey: str | None) -> None:
    # A wrong key of the reader is the reader's mistake, not a fault of the evidence.
    if vkey is not None:
        parse_vkey(vkey)
