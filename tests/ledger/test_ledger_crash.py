"""Real processes: kill -9 in the middle of appending, and two writers at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

from parkopt.ledger import FileLog, LogKey, verify_log

WRITER = """
import sys
from pathlib import Path
from parkopt.ledger import FileLog, load_or_create_key
folder, keys, who, batches, size = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
log = FileLog(folder, load_or_create_key(keys, "parkopt.example/dafeng"))
for batch in range(batches):
    rows = [{"type": "t", "who": who, "id": f"{who}-{batch}-{i}", "pad": "x" * 300} for i in range(size)]
    log.append(rows)
    print(*(row["id"] for row in rows), flush=True)
"""
ROUNDS = 8


def start(log: FileLog, keys: Path, who: str, batches: int, size: int) -> subprocess.Popen[str]:
    args = [sys.executable, "-c", WRITER, str(log.folder), str(keys), who, str(batches), str(size)]
    return subprocess.Popen(args, stdout=subprocess.PIPE, text=True)


def told(output: str) -> list[str]:
    """Return the ids in whole lines: what the writer was told is logged."""
    return [name for line in output.splitlines(keepends=True) if line.endswith("\n") for name in line.split()]


def ids(log: FileLog) -> Counter[str]:
    return Counter(record["id"] for _, record in log.snapshot().records())


def test_what_was_acknowledged_survives_kill_9_once(log: FileLog, key: LogKey, tmp_path: Path) -> None:
    random, acknowledged = Random(7), []
    for number in range(ROUNDS):
        writer = start(log, tmp_path / "keys", f"w{number}", 100_000, 40)
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(random.uniform(0.0, 0.08))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate(timeout=60)
        assert writer.returncode == -signal.SIGKILL
        acknowledged += told(first + rest)
        found = ids(FileLog(log.folder, key))
        assert set(acknowledged) <= set(found)
        assert set(found.values()) == {1}
        # A batch may be signed and the writer killed before it could say so: at most that one.
        assert len(found) - len(acknowledged) <= 40 * (number + 1)
        assert len(found) % 40 == 0
        assert verify_log(log.folder, key.vkey).ok
    assert log.append([{"type": "t", "id": "after"}]).start == sum(found.values())


def test_two_processes_append_at_once(log: FileLog, key: LogKey, tmp_path: Path) -> None:
    writers = [start(log, tmp_path / "keys", who, 40, 5) for who in ("a", "b")]
    outputs = [writer.communicate(timeout=30)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0]
    found = ids(log)
    assert set(found) == {name for output in outputs for name in told(output)}
    assert (len(found), set(found.values())) == (400, {1})
    rows = [json.loads(line) for line in (log.folder / "records.jsonl").read_bytes().splitlines()]
    assert [row["seq"] for row in rows] == list(range(400))
    assert verify_log(log.folder, key.vkey).ok
    assert not list(log.folder.glob("recovered-*"))
