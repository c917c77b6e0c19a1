"""Records as canonical JSON in a Merkle log with signed checkpoints, and their offline check."""

from parkopt.ledger.canonical import canonical, parse, sha256
from parkopt.ledger.checkpoint import Checkpoint, open_checkpoint, parse_vkey, sign_checkpoint
from parkopt.ledger.evidence import evidence, write_evidence
from parkopt.ledger.keys import LogKey, load_or_create_key
from parkopt.ledger.log import FileLog, Snapshot
from parkopt.ledger.report import Report, Step
from parkopt.ledger.verify import verify_evidence, verify_log, verify_path

__all__ = [
    "Checkpoint",
    "FileLog",
    "LogKey",
    "Report",
    "Snapshot",
    "Step",
    "canonical",
    "evidence",
    "load_or_create_key",
    "open_checkpoint",
    "parse",
    "parse_vkey",
    "sha256",
    "sign_checkpoint",
    "verify_evidence",
    "verify_log",
    "verify_path",
    "write_evidence",
]
