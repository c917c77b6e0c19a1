"""Flip bytes of the file of a settled database: SQLite refuses it, the check fails, or every row is as it was."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from parkopt.errors import ParkoptError
from parkopt.services.database import verify_database
from parkopt.services.keys import settled_vkey
from parkopt.store.engine import close
from tests.store.tamper_case import NOT_OURS, PARK, build, dump


def checkpointed(path: Path) -> None:
    """Bring all of a database into its one file."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


def run(folder: Path, n: int, seed: int = 1) -> tuple[Counter[str], list[str]]:
    """Flip 1 to 8 bytes `n` times; return counts (refused, found, same, missed) and the misses in words."""
    os.environ["PARKOPT_PARKS"] = str(folder / "parks")
    config, _ = build(folder)
    whole = Path(config.store_url.removeprefix("sqlite:///"))
    checkpointed(whole)
    clean, vkey, chance = dump(config.store_url), settled_vkey(config, PARK), random.Random(seed)
    data, counts, missed = whole.read_bytes(), Counter[str](), []
    for number in range(n):
        copy = folder / f"flipped{number}.sqlite"
        flipped = bytearray(data)
        places = [chance.randrange(len(data)) for _ in range(chance.choice([1, 1, 2, 8]))]
        for place in places:
            flipped[place] ^= chance.randrange(1, 256)
        copy.write_bytes(flipped)
        outcome = judged(f"sqlite:///{copy}", vkey, clean)
        counts[outcome] += 1
        if outcome == "missed":
            missed.append(f"bytes {places}")
            shutil.copy(copy, folder / f"missed{number}.sqlite")
        for one in folder.glob(f"flipped{number}.sqlite*"):
            one.unlink()
    return counts, missed


def judged(url: str, vkey: str, clean: dict[str, object]) -> str:
    """Return what becomes of a flipped file."""
    try:
        report = verify_database(url, PARK, vkey)
    except (ParkoptError, SQLAlchemyError):
        return "refused"
    finally:
        close(url)
    if not report.ok or any(step.status == "WARN" for step in report.steps):
        return "found"
    try:
        now = dump(url)
    except (SQLAlchemyError, ValueError):
        return "missed"
    return "same" if all(now.get(one) == clean[one] for one in clean if one not in NOT_OURS) else "missed"
