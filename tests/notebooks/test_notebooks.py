"""Every notebook runs from top to bottom."""

import runpy
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


SHOWS = {"dafeng_day": "Accounted", "sheyang_outlook": "Held on what came"}
"""What each of them prints last or nearly so."""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert SHOWS[path.stem] in capsys.readouterr().out


def test_all_are_there():
    assert {path.stem for path in NOTEBOOKS} == set(SHOWS)
