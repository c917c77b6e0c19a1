"""The table of carbon factors is sound."""

from __future__ import annotations

import csv

import pytest

from parkopt.carbon.factors import FILE, factor, factors
from parkopt.faults import UnknownFactor


def test_ids_are_unique_and_no_row_is_lost():
    with FILE.open(encoding="utf-8", newline="") as lines:
        ids = [row["id"] for row in csv.DictReader(lines)]
    assert len(ids) == len(set(ids)) == len(factors()) > 0


@pytest.mark.parametrize("name", factors())
def test_each_factor_is_plausible_and_has_its_provenance(name):
    found = factor(name)
    assert 0.1 <= found.kg_per_mwh / 1000 <= 1.2
    assert set(found.confidence.split("/")) <= set("PSRDMX")
    assert 2015 <= found.year <= 2030
    assert all(found.as_dict().values())
    assert int(found.published[:4]) >= found.year


def test_values_are_kept_without_rounding():
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert all(f"{factor(row['id']).ug_per_wh / 1e6:.4f}" == row["kg_per_kwh"] for row in rows)


def test_jiangsu():
    assert factor("jiangsu_2023").ug_per_wh == 582_700
    assert factor("china_fossil_2022").kg_per_mwh == 832.5


def test_unknown_factor_names_those_that_are_known():
    with pytest.raises(UnknownFactor, match="jiangsu_2023"):
        factor("atlantis_2023")
