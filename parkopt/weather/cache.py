"""Answers of the weather service as they came, kept in ``<home>/weather``, each with the time it was fetched.

A file is written whole under another name and then renamed: it is there or it is not, also when
two processes fetch at once or one is killed. The kept forecasts of a place are its history of
issues, from which forecast errors can be learnt.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Literal

from parkopt.park.base import Location
from parkopt.weather.open_meteo_json import ENVELOPE

Kind = Literal["forecast", "archive"]
KEEP = 50
"""Newest answers of a place and kind that stay on the disk."""
STALE_S = 3600
"""A temporary file this old belongs to no process that still writes it."""


@dataclass(frozen=True)
class Kept:
    """An answer on the disk: when it was fetched (its issue time), from where, and what it said."""

    path: Path
    fetched_at: datetime
    url: str
    """The query, without a key."""
    sha256: str
    """Of the answer's bytes."""
    answer: str

    @property
    def raw(self) -> bytes:
        """Return the file's bytes, for `parkopt.weather.open_meteo_json.parse_answers`."""
        return _envelope(self.fetched_at, self.url, self.answer)


def place_name(location: Location) -> str:
    """Return a place as part of a file name, to about 10 m."""
    return f"{location.latitude:.4f}_{location.longitude:.4f}"


def _envelope(fetched_at: datetime, url: str, answer: str) -> bytes:
    known = {
        "format": ENVELOPE,
        "fetched_at": fetched_at.astimezone(UTC).isoformat(timespec="seconds"),
        "url": url,
        "sha256": hashlib.sha256(answer.encode()).hexdigest(),
        "answer": answer,
    }
    return json.dumps(known, ensure_ascii=False).encode()


def in_envelope(home: Path, location: Location, kind: Kind, fetched_at: datetime, url: str, answer: str) -> Kept:
    """Return an answer as it would be kept; nothing is written."""
    at, query = fetched_at.astimezone(UTC).replace(microsecond=0), hashlib.sha256(url.encode()).hexdigest()[:12]
    path = home / "weather" / f"{kind}_{place_name(location)}_{at:%Y%m%dT%H%M%SZ}_{query}.json"
    return Kept(path, at, url, hashlib.sha256(answer.encode()).hexdigest(), answer)


def keep(kept: Kept) -> None:
    """Write an answer to its path, whole or not at all, and prune what is old.

    Raises
    ------
    OSError
        Where the folder cannot be written.
    """
    folder = kept.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{kept.path.name}.{token_hex(6)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(kept.raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(kept.path)
    finally:
        temporary.unlink(missing_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    _prune(kept.path)


def _prune(newest: Path) -> None:
    """Remove all but the newest answers of a place and kind, and temporary files of dead processes."""
    folder, prefix = newest.parent, "_".join(newest.name.split("_")[:3])
    # the stamp in the name sorts; the answer just kept is good and stays whatever the clock says
    for old in sorted(folder.glob(f"{prefix}_*.json"))[:-KEEP]:
        if old != newest:
            old.unlink(missing_ok=True)
    for left in folder.glob(".*.tmp"):
        try:
            if time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()
        except FileNotFoundError:  # another process was faster
            continue


def read_kept(path: Path) -> Kept | None:
    """Return a kept answer, or None where the file is gone, cut off or not what its hash says."""
    try:
        found = json.loads(path.read_bytes())
        at = datetime.fromisoformat(found["fetched_at"])
        kept = Kept(path, at.astimezone(UTC), str(found["url"]), found["sha256"], found["answer"])
        whole = hashlib.sha256(kept.answer.encode()).hexdigest() == kept.sha256 and found["format"] == ENVELOPE
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return kept if whole else None


def newest_first(home: Path, location: Location, kind: Kind) -> Iterator[Kept]:
    """Return the good answers of a place, the newest first; each is read when it is asked for."""
    pattern = f"{kind}_{place_name(location)}_*.json"
    for path in sorted((home / "weather").glob(pattern), reverse=True):
        if (kept := read_kept(path)) is not None:
            yield kept


def kept_forecasts(home: Path, location: Location) -> tuple[Kept, ...]:
    """Return the kept forecasts of a place, the oldest first, each with its issue time ``fetched_at``.

    For users of the library: what was known of a day, and when. parkopt itself plans with the
    newest (`newest_first`) and reads past forecasts from the park's ``weather.history``.
    """
    return tuple(newest_first(home, location, "forecast"))[::-1]
