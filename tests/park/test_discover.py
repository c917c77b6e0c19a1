"""Where parks are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from parkopt.faults import UnknownPark
from parkopt.park.discover import find_park, park_folders, park_paths

PARKS = Path(__file__).resolve().parents[2] / "parks"
IDS = ["dafeng", "huanghai", "sheyang", "ydz"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder and no settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARKOPT_PARKS", raising=False)
    return tmp_path


def make(folder, name):
    (folder / name).mkdir(parents=True)
    path = folder / name / "park.yaml"
    path.write_text(f"id: {name}\n", encoding="utf-8")
    return path


def test_the_parks_that_came_with_parkopt():
    assert list(park_paths()) == IDS
    assert find_park("ydz") == PARKS / "ydz/park.yaml"


def test_parks_here_come_first(elsewhere):
    make(elsewhere / "parks", "ydz")
    make(elsewhere / "parks", "mine")
    assert find_park("ydz") == Path("parks/ydz/park.yaml")
    assert find_park("mine") == Path("parks/mine/park.yaml")
    assert find_park("dafeng") == PARKS / "dafeng/park.yaml"


def test_the_setting_replaces_the_parks_here(elsewhere, monkeypatch):
    make(elsewhere / "parks", "here")
    own = make(elsewhere / "other", "mine")
    monkeypatch.setenv("PARKOPT_PARKS", str(elsewhere / "other"))
    assert find_park("mine") == own
    assert "here" not in park_paths()
    assert park_folders()[0] == elsewhere / "other"


def test_a_folder_that_is_not_there_is_passed_over(elsewhere, monkeypatch):
    monkeypatch.setenv("PARKOPT_PARKS", str(elsewhere / "none"))
    assert list(park_paths()) == IDS


@pytest.mark.parametrize("name", ["a/my.yaml", "a/my.yml"])
def test_the_path_of_a_file(elsewhere, name):
    (elsewhere / "a").mkdir()
    (elsewhere / name).write_text("id: x\n", encoding="utf-8")
    assert find_park(name) == Path(name)


def test_the_path_of_a_folder(elsewhere):
    make(elsewhere, "mine")
    assert find_park("mine") == Path("mine/park.yaml")
    assert find_park(str(elsewhere / "mine")) == elsewhere / "mine/park.yaml"


@pytest.mark.parametrize("name", ["nowhere", "", "../ydz", "none.yaml", "YDZ", "/"])
def test_what_is_no_park_is_a_fault_that_lists_the_parks(name):
    with pytest.raises(UnknownPark) as caught:
        find_park(name)
    for lang in ("en", "zh"):
        assert all(park in caught.value.text(lang) for park in IDS)


def test_a_folder_without_park_file_is_no_park(elsewhere):
    (elsewhere / "parks/empty").mkdir(parents=True)
    (elsewhere / "parks/README.md").write_text("x", encoding="utf-8")
    assert list(park_paths()) == IDS
