#!/usr/bin/env python3
"""Set parkopt up here, then run one verb: `python3 run.py day --park dafeng`, `python3 run.py test`.

Needs only Python 3.11 and pip. Everything goes into .tool and .venv beside this file.
Own verbs: test, lint, ci, bench, setup. Every other verb is handed to the `parkopt` command.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOL, VENV = ROOT / ".tool", ROOT / ".venv"
PYTHON = VENV / ("Scripts" if os.name == "nt" else "bin") / "python"
FILES = [ROOT / "pyproject.toml", ROOT / "constraints.txt", Path(__file__)]
PEERS = {"requirements.txt": ROOT / ".venv-peers", "requirements-flexmeasures.txt": ROOT / ".venv-flexmeasures"}
LINT = ["ruff check .", "ruff format --check .", "mypy", "lint-imports"]


def sh(*command: str | Path, check: bool = True) -> int:
    """Run a command in the project's folder; where it fails, its exit code becomes ours."""
    code = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment(), check=False).returncode
    if check and code:
        sys.exit(code)
    return code


def environment() -> dict[str, str]:
    """Return the environment without what would lead Python elsewhere."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    return {**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def setup(extra: str) -> None:
    """Make .venv with parkopt in it, unless that was done since the last change of its files."""
    stamp = VENV / f".ready-{extra or 'base'}"
    newest = max(path.stat().st_mtime for path in FILES)
    if PYTHON.exists() and any(s.exists() and s.stat().st_mtime > newest for s in (stamp, VENV / ".ready-test")):
        return
    print("Setting up parkopt in .venv (once) ...", file=sys.stderr, flush=True)
    what = f"{ROOT}[{extra}]" if extra else str(ROOT)
    uv = _uv()
    if uv:
        if not PYTHON.exists():
            sh(uv, "venv", "-q", "--clear", "-p", sys.executable, VENV)
        sh(uv, "pip", "install", "-q", "--compile-bytecode", "-p", PYTHON, "-c", FILES[1], "-e", what)
    else:
        if not PYTHON.exists():
            sh(sys.executable, "-m", "venv", VENV)
        sh(PYTHON, "-m", "pip", "install", "-q", "-c", FILES[1], "-e", what)
    stamp.touch()


def setup_peers() -> None:
    """Make the venvs of the tools that the benchmark compares with; one that cannot be made is left out."""
    uv = _uv()
    for name, venv in PEERS.items():
        wanted, stamp = ROOT / "tests" / "bench" / "peers" / name, venv / ".ready"
        if stamp.exists() and stamp.stat().st_mtime > wanted.stat().st_mtime:
            continue
        print(f"Setting up {venv.name} (once) ...", file=sys.stderr, flush=True)
        python = venv / PYTHON.relative_to(VENV)
        made = bool(uv) and sh(str(uv), "venv", "-q", "--clear", "-p", sys.executable, venv, check=False) == 0
        install = (str(uv), "pip", "install", "-q", "--compile-bytecode", "-p", python, "-r", wanted)
        if made and sh(*install, check=False) == 0:
            stamp.touch()
        else:
            print(f"{venv.name} could not be made: the benchmark runs without it", file=sys.stderr)


def _uv() -> Path | None:
    """Return uv, installed beside us: it works where Debian refuses pip and venv (PEP 668)."""
    uv = TOOL / "bin" / "uv"
    if not uv.exists():
        install = [sys.executable, "-m", "pip", "install", "-q", "--root-user-action=ignore"]
        sh(*install, "--target", TOOL, "uv>=0.9,<1", check=False)
    return uv if uv.exists() else None


def main(verb: str, rest: list[str]) -> None:
    """Set up what the verb needs, then run it."""
    setup("test" if verb in ("test", "lint", "ci", "bench", "setup") else "")
    if verb in ("lint", "ci"):
        for tool, *arguments in (line.split() for line in LINT):
            sh(PYTHON.parent / tool, *arguments)
    if verb in ("test", "ci"):
        sh(PYTHON, "-m", "pytest", "-n", "auto", *rest)
    elif verb == "bench":
        setup_peers()
        sh(PYTHON, "-m", "tests.bench", *rest)
    elif verb not in ("lint", "setup"):
        sys.exit(subprocess.run([str(PYTHON), "-m", "parkopt", verb, *rest], env=environment(), check=False).returncode)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - run.py starts before anything checked it
        sys.exit("parkopt needs Python 3.11 or newer.")
    main(sys.argv[1] if len(sys.argv) > 1 else "--help", sys.argv[2:])
