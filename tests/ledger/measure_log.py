"""How fast the settled log is: ``python -m tests.ledger.measure_log --leaves 1000000``."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from random import Random

from parkopt.services.database import verify_log_alone
from parkopt.store.engine import close
from tests.ledger.settled_case import PARK, append, key_in, opened, rows

BATCH = 100_000


def main() -> None:
    """Append in batches of 100,000, then prove single leaves; print seconds and milliseconds."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--leaves", type=int, default=BATCH)
    asked.add_argument("--url", default="")
    asked.add_argument("--verify", action="store_true")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url, key = given.url or f"sqlite:///{folder}/log.sqlite", key_in(Path(folder))
        for start in range(0, given.leaves, BATCH):
            begun = time.perf_counter()
            append(url, key, rows(min(BATCH, given.leaves - start), start))
            print(
                f"append {min(BATCH, given.leaves - start)} at {start}: {time.perf_counter() - begun:.2f} s", flush=True
            )
        prove(url, key, given.leaves)
        if given.verify:
            begun = time.perf_counter()
            assert verify_log_alone(url, PARK, key.vkey).ok
            print(f"verify all: {time.perf_counter() - begun:.1f} s")
        close(url)


def prove(url, key, leaves):
    """Print how long one inclusion proof and one consistency proof take."""
    random = Random(1)
    with opened(url, key) as log:
        for name, ask in (
            ("inclusion", lambda: log.inclusion_path(random.randrange(leaves))),
            ("consistency", lambda: log.consistency_path(random.randrange(1, leaves))),
        ):
            taken = []
            for _ in range(100):
                begun = time.perf_counter()
                ask()
                taken.append(1000 * (time.perf_counter() - begun))
            print(f"{name} proof: median {statistics.median(taken):.2f} ms, longest {max(taken):.2f} ms")


if __name__ == "__main__":
    main()
