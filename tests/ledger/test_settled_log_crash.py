"""Real processes on real databases: kill -9 in the middle of appending, and two writers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from parkopt.services.database import verify_log_alone
from tests.ledger.kill_log import kill
from tests.ledger.settled_case import PARK, key_in, opened

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from tests.ledger.settled_case import append, key_in, rows
folder, url, who = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
for batch in range(20):
    append(url, key_in(folder), rows(5, 5 * batch, who=who))
"""


def test_what_was_acknowledged_survives_kill_9_once(tmp_path, store_url):
    """10 kills; `python -m tests.ledger.kill_log --n 200` does more."""
    acknowledged, there = kill(tmp_path, store_url, 10)
    assert 0 < acknowledged <= there


def test_two_processes_append_at_once(tmp_path, store_url):
    key = key_in(tmp_path)
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), store_url, who], cwd=ROOT) for who in ("a", "b")
    ]
    assert [process.wait(timeout=60) for process in started] == [0, 0]
    with opened(store_url, key) as log:
        found = [(entry.record["who"], entry.record["n"]) for entry in log.entries()]
        assert sorted(found) == [(who, number) for who in ("a", "b") for number in range(100)]
        assert [size for size, _ in log.checkpoints()] == list(range(5, 201, 5))
    assert verify_log_alone(store_url, PARK, key.vkey).ok
