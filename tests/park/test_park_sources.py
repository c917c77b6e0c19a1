"""The figures of the parks that come with parkopt: each has its line in SOURCES.md."""

import re
from pathlib import Path

import pytest

from parkopt.models import technologies
from parkopt.park.loader import load_park

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[2] / "parks").glob("*/park.yaml"))
TAGS = {"P", "S", "R", "D", "M", "X"}
by_park = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def read(folder):
    return load_park(folder / "park.yaml", technologies()).park, (folder / "SOURCES.md").read_text(encoding="utf-8")


def rows(text):
    """Yield the cells of each row of each table, without heads."""
    lines = [line.strip() for line in text.splitlines()]
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and not line.startswith("| ---") and not below.startswith("| ---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def first_cells(text):
    return {name.strip() for cells in rows(text) for name in cells[0].split(",")}


def test_there_are_parks_to_look_at():
    assert {folder.name for folder in FOLDERS} >= {"dafeng", "sheyang", "huanghai", "ydz"}


@by_park
def test_each_asset_and_offshore_plant_has_its_source(folder):
    park, text = read(folder)
    wanted = {*park.assets, *(plant.name.en for plant in park.offshore)}
    assert wanted <= first_cells(text)


@by_park
def test_each_load_is_synthetic_or_measured_and_its_source_says_so(folder):
    park, text = read(folder)
    said = {cells[0]: cells[1] for cells in rows(text)}
    for name, load in park.of_kind("load").items():
        assert load.basis.value in ("synthetic", "measured"), name
        assert said[name] == load.basis.value, name
    assert park.synthetic.en
    assert park.synthetic.zh


@by_park
def test_each_line_of_the_sources_has_a_confidence(folder):
    _, text = read(folder)
    for cells in rows(text):
        words = set(re.findall(r"\w+", cells[-1]))
        assert words & TAGS or "synthetic" in words or cells[-1] == "-", cells


@by_park
def test_prices_and_coordinates_have_their_source(folder):
    park, text = read(folder)
    (grid,) = park.of_kind("grid").values()
    assert {*grid.tariff.adders, "location", "planned_peak", "export"} <= first_cells(text)
    assert f"{park.location.latitude:.2f} N {park.location.longitude:.2f} E" in text
    assert "+-0.1 deg" in text
