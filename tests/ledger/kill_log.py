"""Kill -9 of a process that appends to the settled log in a database, again and again.

``python -m tests.ledger.kill_log --n 200`` (SQLite in a temporary folder) or with ``--url``.
After each kill: whatever the process was told is logged is there, once, and the log verifies.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from parkopt.services.database import verify_log_alone
from parkopt.store.engine import close
from tests.ledger.settled_case import PARK, append, key_in, opened, rows

BATCH = 25


def write(folder: Path, url: str, who: str, told: int) -> None:
    """Append without end, and write a byte to the pipe for each batch once it is committed."""
    key, number = key_in(folder), 0
    while True:
        append(url, key, rows(BATCH, BATCH * number, who=who, pad="x" * 300))
        number += 1
        os.write(told, b".")


def kill_once(folder: Path, url: str, who: str, wait_s: float) -> int:
    """Start a writer, kill it while it appends, and return how many batches it was told of."""
    close(url)  # so that the two processes share no connection
    listen, told = os.pipe()
    writer = os.fork()  # in place of a new Python, which would take a second to start
    if writer == 0:
        try:
            write(folder, url, who, told)
        finally:
            os._exit(1)
    os.close(told)
    with os.fdopen(listen, "rb") as heard:
        first = heard.read(1)
        time.sleep(wait_s)
        os.kill(writer, signal.SIGKILL)
        _, status = os.waitpid(writer, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the writer ended by itself"
        return len(first + heard.read())


def kill(folder: Path, url: str, count: int, seed: int = 7) -> tuple[int, int]:
    """Kill ``count`` writers; return how many records were acknowledged and how many are there."""
    random, told, key = Random(seed), {}, key_in(folder)
    for number in range(count):
        who = f"w{number}"
        told[who] = kill_once(folder, url, who, random.uniform(0.0, 0.08))
        with opened(url, key) as log:
            found = Counter(entry.record["who"] for entry in log.entries())
            numbers = [(entry.record["who"], entry.record["n"]) for entry in log.entries()]
        assert len(set(numbers)) == len(numbers), "a record is there twice"
        for name, batches in told.items():
            # The last batch may be committed and the writer killed before it could say so.
            assert found[name] in (BATCH * batches, BATCH * (batches + 1)), (name, batches, found[name])
        report = verify_log_alone(url, PARK, key.vkey)
        assert report.ok, report.text()
    assert append(url, key, rows(1)).start == sum(found.values())
    return BATCH * sum(told.values()), sum(found.values())


def main() -> None:
    """Run from the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--n", type=int, default=10)
    asked.add_argument("--url", default="")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/log.sqlite"
        acknowledged, there = kill(Path(folder), url, given.n)
        close(url)
    print(f"{given.n} kills: {acknowledged} records acknowledged, {there} there, each once; the log verifies")


if __name__ == "__main__":
    main()
