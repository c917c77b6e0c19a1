"""Every notebook runs from top to bottom."""

import runpy
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert "Accounted" in capsys.readouterr().out


def test_there_is_one():
    assert NOTEBOOKS
