"""Run parkopt and its peers on neutral problems, each in a process of its own, one after another."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
OURS, FLOOR = "by_parkopt", "raw_highspy"
PEERS = ("by_linopy", "by_pypsa", "by_oemof")
OTHER = "by_flexmeasures"
NAMES = {
    OURS: "parkopt",
    FLOOR: "raw highspy",
    "by_linopy": "linopy",
    "by_pypsa": "PyPSA",
    "by_oemof": "oemof-solph",
    OTHER: "FlexMeasures",
}
PHASES = ("build_s", "translate_s", "solve_s", "extract_s")
TIMEOUT_S = 1800


@dataclass(frozen=True)
class Found:
    """What a tool answered; `why` says what kept it from answering."""

    tool: str
    repeats: list[dict]
    warm: dict
    versions: dict[str, str]
    why: str = ""

    def ms(self, phase: str) -> float:
        """Return the median milliseconds of a phase."""
        return 1000 * median(one[phase] for one in self.repeats)

    @property
    def total_ms(self) -> float:
        """Return the median milliseconds of all phases together."""
        return 1000 * median(sum(one[phase] for phase in PHASES) for one in self.repeats)

    @property
    def objective(self) -> float:
        """Objective of the last run in yuan."""
        return float((self.repeats or [self.warm])[-1]["objective_yuan"])

    @property
    def peak_mb(self) -> float:
        """Highest memory of the process in MiB."""
        return max(one["peak_mb"] for one in [self.warm, *self.repeats])


def python_of(tool: str) -> Path:
    """Return the Python that has a tool: parkopt's own, or that of a venv beside it."""
    if tool in (OURS, FLOOR):
        return Path(sys.executable)
    inside = Path(sys.executable).relative_to(Path(sys.prefix))
    return ROOT / (".venv-flexmeasures" if tool == OTHER else ".venv-peers") / inside


def ask(tool: str, problem: dict | list[dict], repeat: int) -> Found:
    """Run a tool on a problem, or on a list of them as one measurement."""
    python = python_of(tool)
    if not (python.parents[1] / ".ready").exists() and tool not in (OURS, FLOOR):
        return Found(tool, [], {}, {}, f"not there ({python.parents[1].name} could not be made)")
    script = BENCH / (f"{tool}.py" if tool == OURS else f"peers/{tool}.py")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        path.write_text(json.dumps(problem), encoding="utf-8")
        command = [str(python), str(script), str(path), "--repeat", str(repeat)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S, cwd=ROOT)
        except subprocess.TimeoutExpired:
            return Found(tool, [], {}, {}, f"no answer within {TIMEOUT_S} s")
    if done.returncode:
        return Found(tool, [], {}, {}, f"failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:80]}")
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return Found(tool, said["repeats"], said["warm_up"], said["versions"], said["unsupported"] or "")
