"""The table of carbon factors is sound, a park's own is held to the same, and one of them is in force."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from parkopt.carbon.factors import FILE, Factor, current, factor, factors, read_factors, with_own
from parkopt.errors import Faults, ParkoptError
from parkopt.faults import (
    FactorCycle,
    FactorTwice,
    MissingColumn,
    MissingFile,
    NoFactorInForce,
    NoProvenance,
    UnknownFactor,
    UnknownPredecessor,
    WrongFactor,
)
from parkopt.park.schema import Accounting, CarbonChoice


def rows():
    with FILE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_ids_are_unique_and_no_row_is_lost():
    ids = [row["id"] for row in rows()]
    assert len(ids) == len(set(ids)) == len(factors()) > 0


@pytest.mark.parametrize("name", factors())
def test_each_factor_is_plausible_and_has_its_provenance(name):
    found = factor(name)
    assert found.kind == "device" or 0.1 <= found.kg_per_mwh / 1000 <= 1.2
    assert set(found.confidence.split("/")) <= set("PSRDM")
    assert 2015 <= found.year <= 2030
    assert all(value not in ("", None) for value in found.as_dict().values())
    assert int(found.published[:4]) >= found.year
    assert ("memory" in found.source) == (found.confidence == "M")


def test_values_are_kept_without_rounding():
    assert all(factor(row["id"]).ug_per_wh == round(float(row["kg_per_kwh"]) * 1e6) for row in rows())


def test_jiangsu():
    assert factor("jiangsu_2023").ug_per_wh == 582_700
    assert factor("china_fossil_2022").kg_per_mwh == 832.5


def test_unknown_factor_names_those_that_are_known():
    with pytest.raises(UnknownFactor, match="jiangsu_2023"):
        factor("atlantis_2023")


def test_no_default_rests_on_memory():
    assert factor(CarbonChoice().grid_factor).confidence != "M"
    assert factor(Accounting().residual_factor).kind == "residual"
    assert factor(Accounting().residual_factor).confidence != "M"


@pytest.mark.parametrize(
    ("on", "name"),
    [
        (date(2024, 4, 12), "jiangsu_2021"),
        (date(2024, 12, 25), "jiangsu_2021"),
        (date(2024, 12, 26), "jiangsu_2022"),
        (date(2025, 12, 30), "jiangsu_2022"),
        (date(2025, 12, 31), "jiangsu_2023"),
        (date(2026, 11, 24), "jiangsu_2023"),
    ],
)
def test_in_force_is_what_was_published_last_and_not_the_year_of_the_data(on, name):
    assert current("grid_average", "Jiangsu", on).id == name


def test_a_factor_from_memory_is_never_in_force():
    assert factor("china_residual_2022").confidence == "M"
    with pytest.raises(NoFactorInForce, match="2025-01-01 no residual factor of China"):
        current("residual", "China", date(2025, 1, 1))
    assert current("residual", "China", date(2026, 1, 1)).id == "china_residual_2023"


def test_the_scope_is_part_of_the_question():
    assert current("grid_average", "China", date(2026, 1, 1)).id == "china_2023"
    assert current("grid_average", "China", date(2026, 1, 1), "lifecycle").id == "china_footprint_2024"


HEAD = "id,kg_per_kwh,kind,scope,region,year,published,source,confidence,supersedes,valid_from,valid_to,version"
GOOD = "dafeng_2024,0.41,grid_average,direct,Jiangsu,2024,2026-06-30,letter of the grid,S,jiangsu_2023,2026-07-01,,"


def table(tmp_path, *lines, head=HEAD):
    file = tmp_path / "factors.csv"
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return file


def test_a_park_adds_its_own_which_supersedes_from_its_first_day_on(tmp_path):
    known = with_own(table(tmp_path, GOOD))
    assert factor("dafeng_2024", known=known).ug_per_wh == 410_000
    assert set(known) == {*factors(), "dafeng_2024"}
    assert current("grid_average", "Jiangsu", date(2026, 6, 30), known=known).id == "jiangsu_2023"
    assert current("grid_average", "Jiangsu", date(2026, 7, 1), known=known).id == "dafeng_2024"
    assert with_own(None) == factors()


def test_a_factor_that_ran_out_gives_way(tmp_path):
    known = with_own(table(tmp_path, GOOD.replace("2026-07-01,,", "2026-07-01,2026-12-31,")))
    assert current("grid_average", "Jiangsu", date(2026, 12, 31), known=known).id == "dafeng_2024"
    assert current("grid_average", "Jiangsu", date(2027, 1, 1), known=known).id == "jiangsu_2023"


def test_four_columns_may_be_absent(tmp_path):
    head, row = HEAD.rsplit(",", 4)[0], GOOD.rsplit(",", 4)[0]
    found = read_factors(table(tmp_path, row, head=head))["dafeng_2024"]
    assert (found.version, found.supersedes, found.valid_from, found.valid_to) == (1, "", "", "")
    assert isinstance(found, Factor)


@pytest.mark.parametrize(
    ("change", "fault", "words"),
    [
        (("letter of the grid", ""), NoProvenance, "source"),
        ((",S,", ",,"), NoProvenance, "confidence"),
        ((",S,", ",X,"), WrongFactor, "confidence"),
        (("0.41", "410"), WrongFactor, "outside 0 to 2"),
        (("0.41", "NaN"), WrongFactor, "outside 0 to 2"),
        (("0.41", "much"), WrongFactor, "not a number"),
        (("0.41", "0.4100001"), WrongFactor, "six decimals"),
        ((",direct,", ",indirect,"), Faults, "scope"),
        (("Jiangsu,2024", ",2024"), Faults, "region is empty"),
        ((",2024,2026", ",2027,2026"), WrongFactor, "no year of data"),
        (("2026-06-30", "30.6.2026"), WrongFactor, "not a date"),
        (("2026-07-01,,", "2026-07-01,2026-06-01,"), WrongFactor, "before valid_from"),
        (("2026-07-01,,", "2026-07-01,,0"), WrongFactor, "version"),
        (("dafeng_2024", "Dafeng 2024"), WrongFactor, "its id"),
        (("dafeng_2024", "jiangsu_2023"), FactorTwice, "is taken"),
        (("jiangsu_2023", "jiangsu_1999"), UnknownPredecessor, "jiangsu_1999"),
        (("jiangsu_2023", "china_2023"), WrongFactor, "another kind"),
        (("2024,2026-06-30", "2024,2025-06-30"), WrongFactor, "jiangsu_2023 is newer"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, change, fault, words):
    assert change[0] in GOOD
    with pytest.raises(fault, match=words) as found:
        with_own(table(tmp_path, GOOD.replace(*change)))
    assert issubclass(fault, Faults) or found.value.where.row == 1


def test_an_id_is_given_once(tmp_path):
    other = GOOD.replace("0.41", "0.42")
    with pytest.raises(FactorTwice) as found:
        with_own(table(tmp_path, GOOD, other))
    assert found.value.where.row == 2


def test_a_ring_is_found_once_with_all_its_members(tmp_path):
    lines = [GOOD.replace("dafeng_2024", f"f{i}").replace("jiangsu_2023", f"f{(i + 1) % 3}") for i in range(3)]
    with pytest.raises(FactorCycle, match="f0 > f1 > f2 > f0"):
        with_own(table(tmp_path, *lines))
    with pytest.raises(FactorCycle, match="f0 > f0"):
        with_own(table(tmp_path, GOOD.replace("dafeng_2024", "f0").replace("jiangsu_2023", "f0")))


def test_all_faults_of_a_table_come_together(tmp_path):
    lines = [GOOD.replace("0.41", "410"), GOOD.replace("jiangsu_2023", "nowhere").replace("dafeng", "binhai")]
    with pytest.raises(Faults) as found:
        with_own(table(tmp_path, *lines))
    assert [type(one) for one in found.value.faults] == [WrongFactor, UnknownPredecessor]


def test_columns_and_files_that_are_missing(tmp_path):
    with pytest.raises(Faults) as found:
        with_own(table(tmp_path, "a,0.4", head="id,kg_per_kwh"))
    assert {one.facts["column"] for one in found.value.faults} >= {"source", "published", "confidence"}
    with pytest.raises(MissingColumn, match="source"):
        with_own(table(tmp_path, GOOD, head=HEAD.replace("source", "origin")))
    with pytest.raises(MissingFile):
        with_own(tmp_path / "none.csv")
    with pytest.raises(ParkoptError):
        factor("dafeng_2024")
