"""The house stays as it is drawn: import direction, file sizes, public surface, the flow."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import parkopt
from parkopt import workflow

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "parkopt").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def test_imports_go_downward():
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([tool], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_planted_leak_is_found(tmp_path):
    """The contracts can fail: an import of HTTP in `solve` is named."""
    import shutil

    shutil.copytree(ROOT / "parkopt", tmp_path / "parkopt", ignore=shutil.ignore_patterns("*.gz", "__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    leak = tmp_path / "parkopt" / "solve" / "leak.py"
    leak.write_text("import fastapi\n", encoding="utf-8")
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([tool, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "parkopt.solve.leak" in done.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                assert body[-1].end_lineno - body[0].lineno < LONGEST_FUNCTION, node.name


def test_every_module_says_what_it_is():
    for path in SOURCES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_the_public_surface_is_pinned_and_importable():
    assert len(parkopt.__all__) <= 20
    for name in parkopt.__all__:
        assert getattr(parkopt, name) is not None
    with pytest.raises(AttributeError):
        _ = parkopt.nothing


def test_the_flow_is_one_list():
    assert [step.__name__ for step in workflow.DAY_AHEAD] == [
        "load_park",
        "fetch_weather",
        "forecast",
        "build_and_solve",
        "to_schedule",
        "account_carbon",
        "write_results",
        "record",
    ]


def test_no_registry_host_in_the_constraints():
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert "//" not in line
        assert "==" in line
