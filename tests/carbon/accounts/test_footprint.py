"""A product's electricity: exact parts, both forms, nothing mixed, what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.accounts import (
    AccountCase,
    AccountSettings,
    Claim,
    Evidence,
    Production,
    accounts,
    battery_passport,
    cbam,
    footprint,
)
from parkopt.faults import AccountInput
from tests.carbon.accounts.simple import CLAIMS, NOTHING, SUN, USE, WIND, case, made_up, wh

MIX = 577_700
LINE = Evidence("single-line diagram", "SLD-7", "ab" * 32)


def cells(processes=None, **changes):
    processes = {"coating": USE // 2, "drying": wh(0, 0, 500, 0)} if processes is None else processes
    given = {"quantity": Decimal(2), "installation": "Plant 1", "evidence": (LINE,)}
    return Production("cell", "kWh of cells", processes=processes, **(given | changes))


def test_one_process_that_uses_everything_is_the_eu_account():
    """800 at 20,000, 400 at 50,000 and 2800 at the mix of 577,700; nothing is left for others."""
    found = footprint(case(), cells({"all": USE}))
    assert found.counted_ug == 36_000_000 + 2800 * MIX
    assert [found.wh(kind) for kind in ("direct", "onsite", "storage", "contract", "grid")] == [
        800,
        400,
        100,
        700,
        2000,
    ]


def test_each_hour_is_split_by_use():
    """Coating takes half of every hour, so half of every source; drying the other half of hour 3 alone."""
    found = footprint(case(), cells())
    parts = {(row.process, row.source): row.wh for row in found.rows}
    coating = {"wire": 400, "roof": 200, "store": 50, "ppa": 350, "grid": 1000}
    drying = {"wire": 100, "roof": 0, "store": 50, "ppa": 0, "grid": 350}
    assert {source: parts["coating", source] for source in coating} == coating
    assert {source: parts["drying", source] for source in drying} == drying


def test_battery_form():
    """Coating and drying: wire 500, roof 200, other 1800 Wh. 20,000,000 + 1,039,860,000 ug over two units."""
    data = json.loads(json.dumps(battery_passport(footprint(case(), cells()))))
    assert data["electricity_kwh"] == {
        "direct": "0.500",
        "onsite": "0.200",
        "storage": "0.100",
        "contract": "0.350",
        "grid": "1.350",
    }
    assert Decimal(data["carbon_kgco2e"]) == Decimal("1.05986")
    assert data["per_unit_kgco2e"] == "0.529930000"
    assert data["form"] == "parkopt-battery-electricity@1"
    assert "not an official schema" in data["mapping"]
    assert data["legal_confidence"] == "S"
    assert data["evidence"] == [{"kind": "single-line diagram", "reference": "SLD-7", "sha256": "ab" * 32}]
    contract = next(row for row in data["processes"] if row["source"] == "ppa")
    assert contract["counts_at"] == "average mix"
    assert Decimal(contract["at_own_factor_kgco2e"]) == Decimal("0.007")
    assert {one["id"] for one in contract["factors"]} == {"wind_lca", "zero", "china_footprint_2024"}


def test_cbam_form():
    """Coating: linked 600 Wh at 0, the rest 1400 at 582,700; with the contract (350 at 1000 ug/Wh) the rest is 1050."""
    ppa = replace(CLAIMS[3], factor=made_up("ppa", 1000))
    data = json.loads(json.dumps(cbam(footprint(case(claims=(*CLAIMS[:3], ppa)), cells()))))
    coating = data["processes"][0]
    assert coating["process"] == "coating"
    linked, both = coating["direct_link"], coating["direct_link_and_ppa"]
    assert (linked["actual_kwh"], linked["rest_kwh"]) == ("0.600", "1.400")
    assert Decimal(linked["tco2_per_mwh"]) == Decimal("0.58270") * 1400 / 2000
    assert both["actual_kwh"] == "0.950"
    assert Decimal(both["actual_tco2"]) == Decimal("0.00000035")
    assert both["actual_tco2_per_mwh"] == "0.000368421"
    assert Decimal(both["tco2_per_mwh"]) == (Decimal("0.35") + 1050 * Decimal("0.5827")) / 2000
    assert data["factor_of_the_rest"]["id"] == "jiangsu_2023"
    assert data["reporting_period"] == {"first_day": "2026-07-01", "last_day": "2026-07-01"}
    assert data["installation"] == "Plant 1"


def test_storage_energy_is_neither_linked_nor_contract():
    only = case(claims=(CLAIMS[2],))
    coating = cbam(footprint(only, cells()))["processes"][0]
    assert coating["direct_link"]["actual_kwh"] == coating["direct_link_and_ppa"]["actual_kwh"] == "0.000"
    assert coating["direct_link"]["actual_tco2_per_mwh"] is None
    assert coating["electricity_kwh"]["storage"] == "0.050"


def test_what_is_missing_is_said():
    found = footprint(case(claims=(replace(CLAIMS[0], lifecycle=None),)), cells())
    data = battery_passport(found, "zh")
    assert data["carbon_kgco2e"] is data["per_unit_kgco2e"] is None
    assert data["missing"] == "无法给出：缺少wire 的全生命周期因子"
    blind = cbam(footprint(case(grid=None, settings=AccountSettings(lifecycle_mix=None)), cells()))
    reading = blind["processes"][0]["direct_link"]
    assert reading["tco2_per_mwh"] is reading["rest_tco2"] is None
    assert reading["actual_tco2"] == "0"
    assert "grid's factor by hour" in reading["missing"]
    words = footprint(case(settings=AccountSettings(lifecycle_mix=None)), cells()).lacks.en
    assert words == "the life-cycle factor of the average mix"


def test_a_contract_without_a_life_cycle_factor_does_not_spoil_the_battery_rule():
    found = footprint(case(claims=(*CLAIMS[:3], replace(CLAIMS[3], lifecycle=None))), cells())
    assert found.counted_ug == 1_059_860_000


def test_it_is_an_account_too():
    said = accounts(case(), production=cells())[-1]
    assert said.id == "footprint"
    assert said.value == 1_059_860_000
    assert said["wh.coating.wire"].value == 400
    assert sum(one.value for one in said.lines if one.id.startswith("ug.")) == said.value


@pytest.mark.parametrize(
    ("made", "claims", "words"),
    [
        (cells({"coating": USE + wh(0, 0, 1, 0)}), CLAIMS, "use more than was consumed"),
        (cells({"coating": wh(1)}), CLAIMS, "does not have the 4 hours"),
        (cells({"other": USE}), CLAIMS, "reserved name"),
        (cells(), (replace(CLAIMS[0], source="grid"),), "reserved name"),
        (cells(quantity=Decimal(0)), CLAIMS, "not above 0"),
    ],
)
def test_a_production_that_does_not_fit_is_refused(made, claims, words):
    with pytest.raises(AccountInput, match=f"PK1532.*{words}"):
        footprint(case(claims=claims), made)


hour = st.tuples(*[st.integers(0, 10**7)] * 6)


@settings(deadline=None, max_examples=40)
@given(st.lists(hour, min_size=1, max_size=5))
def test_processes_and_what_is_left_take_every_source_whole(hours):
    """Random sources w, c, grid; three processes by weights: each source's parts and each process's sum to the Wh."""
    direct, contract, rest = (wh(*[one[i] for one in hours]) for i in range(3))
    used = direct + contract + rest
    weights = [wh(*[one[i] for one in hours]) for i in range(3, 6)]
    whole = sum(weights) + 1
    processes = {f"p{i}": used * weight // whole for i, weight in enumerate(weights)}
    left = used - sum(processes.values())
    claims = (Claim("w", "direct", direct, NOTHING, WIND), Claim("c", "contract", contract, NOTHING, SUN))
    day = date(2026, 7, 1)
    found = footprint(AccountCase("x", day, day, used, claims=claims), cells({**processes, "idle": left}))
    for source, given_wh in {"w": direct, "c": contract, "grid": rest}.items():
        assert sum(row.wh for row in found.rows if row.source == source) == int(given_wh.sum())
    for name, given_wh in processes.items():
        assert sum(row.wh for row in found.rows if row.process == name) == int(given_wh.sum())
    assert found.counted_ug == int(direct.sum()) * 20_000 + int((contract + rest).sum()) * MIX
