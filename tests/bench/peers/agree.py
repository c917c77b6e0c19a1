"""Do all peers find the same objective? `python -m tests.bench.peers.agree` prints a table.

Each peer runs in a process of its own, one after another, with a tight MIP gap. FlexMeasures lives in
another venv; name that venv's python with `--flexmeasures-python`, or its column says it is not there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from tests.bench.peers.make import samples

HERE = Path(__file__).resolve().parent
FLOOR, OTHERS = "raw_highspy", ("by_linopy", "by_pypsa", "by_oemof", "by_flexmeasures")
DAYS = ("day", "day_exclusive", "day_free", "day_charge", "day_quarters", "day_edges", "day_bands")
SMALL = (*DAYS, "week", "week_all", "month")
TIGHT_GAP = 1e-8
RTOL = 1e-6
WIDTH = 17


def ask(python: str, peer: str, problem: Path) -> dict:
    """Run one peer on one problem and return what it found."""
    command = [python, str(HERE / f"{peer}.py"), str(problem), "--repeat", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        return {
            "status": f"failed: {done.stderr.strip().splitlines()[-1]}",
            "objective_yuan": None,
            "unsupported": None,
        }
    return json.loads(done.stdout.strip().splitlines()[-1])["warm_up"]


def verdict(floor: dict, found: dict) -> tuple[str, bool]:
    """Say how far a peer is from the floor, and whether that is all right."""
    if found["unsupported"]:
        return "unsupported", True
    if found["status"] != "optimal" or floor["status"] != "optimal":
        return found["status"][:WIDTH], False
    away = abs(found["objective_yuan"] / floor["objective_yuan"] - 1.0)
    return f"{away:.1e}", away <= RTOL


def row(problem: Path, pythons: dict[str, str]) -> tuple[str, bool, set[str]]:
    """Compare all peers on one problem."""
    floor = ask(sys.executable, FLOOR, problem)
    cells, fine, reasons = [], True, set()
    for peer in OTHERS:
        if peer not in pythons:
            cells.append("not there")
            continue
        found = ask(pythons[peer], peer, problem)
        text, good = verdict(floor, found)
        cells.append(text)
        fine = fine and good
        reasons |= (
            {f"{peer}, {problem.stem}: {found['unsupported'] or found['status']}"} if not text[:1].isdigit() else set()
        )
    objective = f"{floor['objective_yuan'] or float('nan'):.3f}"
    line = "".join(cell.rjust(WIDTH) for cell in (objective, *cells))
    return problem.stem.ljust(14) + line, fine, reasons


def main() -> int:
    """Print the table and return 0 where all peers agree."""
    parser = argparse.ArgumentParser(description="Compare the peers' objectives on small problems.")
    parser.add_argument("--flexmeasures-python")
    parser.add_argument("--only", nargs="*", default=SMALL, help="names of samples")
    asked = parser.parse_args()
    pythons = dict.fromkeys(OTHERS[:-1], sys.executable)
    if asked.flexmeasures_python:
        pythons[OTHERS[-1]] = asked.flexmeasures_python
    print("problem".ljust(14) + "".join(name.rjust(WIDTH) for name in (FLOOR, *OTHERS)), flush=True)
    made, fine, reasons = samples(), True, set()
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.only:
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps({**made[name], "mip_gap": TIGHT_GAP}), encoding="utf-8")
            line, good, why = row(path, pythons)
            print(line, flush=True)
            fine, reasons = fine and good, reasons | why
    print("\n".join(sorted(reasons)))
    print("all peers agree" if fine else "peers differ")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
