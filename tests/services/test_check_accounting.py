"""`park check` looks at the factors that settlements use, and says which field names what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from parkopt.errors import Faults, ParkoptError
from parkopt.services.parks import check_park

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "park.yaml"
HEAD = "id,kg_per_kwh,kind,scope,region,year,published,source,confidence"
OWN = f"{HEAD}\nmine_2025,0.5,grid_average,direct,Mine,2025,2026-01-01,a paper,R\n"


@pytest.fixture
def checked(tmp_path):
    """Return a function that checks the example park with other factors, and gives its faults."""
    (tmp_path / "own.csv").write_text(OWN, encoding="utf-8")
    (tmp_path / "hours.csv").write_text("start,kg_per_kwh\n2026-07-01T00:00+08:00,500\n", encoding="utf-8")

    def check(**sections):
        lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
        text = "\n".join(line for line in lines if not line.startswith("carbon:")) + "\n"
        more = "".join(f"{name}: {body}\n" for name, body in sections.items())
        file = tmp_path / "park.yaml"
        file.write_text(text + more, encoding="utf-8")
        try:
            check_park(str(file))
        except Faults as several:
            return list(several.faults)
        except ParkoptError as one:
            return [one]
        return []

    return check


def test_a_factor_of_the_park_s_own_is_found(checked):
    assert checked(accounting="{factors: own.csv, residual_factor: mine_2025}", carbon="{grid_factor: mine_2025}") == []


@pytest.mark.parametrize(
    ("sections", "wrong"),
    [
        ({"accounting": "{residual_factor: none}"}, [("PK1503", "accounting.residual_factor")]),
        ({"accounting": "{factors: none.csv}"}, [("PK1003", "accounting.factors")]),
        ({"accounting": "{factor_series: none.csv}"}, [("PK1003", "accounting.factor_series")]),
        ({"carbon": "{grid_factor: mine_2025}"}, [("PK1503", "carbon.grid_factor")]),
    ],
)
def test_what_is_wrong_is_named_with_its_field(checked, sections, wrong):
    found = [(fault.code, fault.where.field) for fault in checked(**sections)]
    assert [field for _, field in found] == [field for _, field in wrong]
    assert [code for code, _ in found] == [code for code, _ in wrong]


def test_a_series_in_another_unit_is_found(checked):
    assert checked(accounting="{factor_series: hours.csv}")
