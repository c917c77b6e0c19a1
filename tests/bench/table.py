"""Tables of the benchmark: plain text of at most 120 columns, and the same as JSON's plain objects."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from parkopt.solve.status import version

WIDTH = 120
QUIET = 0.5
"""Load average a core above which a run is said to be disturbed."""


@dataclass(frozen=True)
class Asked:
    """How thoroughly to measure."""

    runs: int = 5
    """Repeats of what the medians are of."""
    quick: bool = False
    """Whether few cases are enough, to see that all parts work."""


@dataclass
class Table:
    """One table: what it shows, its columns, rows of text or numbers, and notes under it."""

    title: str
    heads: Sequence[str]
    rows: list[list[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    labels: int = 1
    """Leading columns that are set flush left."""
    failed: bool = False
    """Whether something does not hold that must."""

    def text(self) -> str:
        """Return the table as lines."""
        cells = [[str(cell) for cell in row] for row in self.rows]
        widths = [max(len(row[place]) for row in [list(self.heads), *cells]) for place in range(len(self.heads))]
        lines = [*textwrap.wrap(self.title, WIDTH), self._line([str(head) for head in self.heads], widths)]
        lines += [self._line(row, widths) for row in cells]
        for note in self.notes:
            lines += textwrap.wrap(note, WIDTH, initial_indent="- ", subsequent_indent="  ")
        return "\n".join(lines)

    def _line(self, cells: list[str], widths: list[int]) -> str:
        set_ = [
            cell.ljust(width) if place < self.labels else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(set_).rstrip()

    def plain(self) -> dict:
        """Return the table as plain objects."""
        rows = [dict(zip(self.heads, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": self.notes, "failed": self.failed}


def medians(once: Callable[[], dict[str, float]], runs: int) -> dict[str, float]:
    """Return the median of each figure over some runs."""
    found = [once() for _ in range(runs)]
    return {key: median(one[key] for one in found) for key in found[0]}


def verdict(reached: float, goal: float, unit: str = "", *, more: bool = False) -> str:
    """Say what was reached beside the goal."""
    good = reached >= goal if more else reached <= goal
    word = "at least" if more else "at most"
    return f"goal {word} {goal:g}{unit}: {reached:.3g}{unit}, {'reached' if good else 'NOT reached'}"


def machine() -> dict[str, object]:
    """Return what ran, and how busy it was at the start."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "cores": cores,
        "processor": name,
        "system": platform.system(),
        "python": platform.python_version(),
        "highs": version(),
        "load_average": round(load, 2),
        "disturbed": load > QUIET * cores,
    }


def machine_line(found: dict[str, object]) -> str:
    """Return the line that every run begins with."""
    busy = f"; DISTURBED: load average {found['load_average']} at the start" if found["disturbed"] else ""
    return (
        f"{found['cores']} cores of {found['processor']}, {found['system']}, Python {found['python']}, "
        f"HiGHS {found['highs']}{busy}\nmedians; ratios are of one run on this machine, and no time is asserted"
    )
