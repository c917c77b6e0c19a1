"""EU view, matching, avoided: by hand, with kinds of supply kept apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from parkopt.carbon.accounts import AccountSettings, Series
from parkopt.carbon.accounts.avoided import avoided
from parkopt.carbon.accounts.eu import eu
from parkopt.carbon.accounts.matching import matching
from tests.carbon.accounts.simple import CLAIMS, GRID, case, made_up, wh

MIX = 577_700


def test_eu_counts_direct_and_onsite_alone():
    """800 Wh of wire at 20,000 and 400 of roof at 50,000 ug/Wh; the other 2800 Wh at the mix of 577,700."""
    said = eu(case())
    assert said.value == 800 * 20_000 + 400 * 50_000 + 2800 * MIX == 1_653_560_000
    kinds = ("direct", "onsite", "storage", "contract", "grid")
    assert [said[f"{kind}_wh"].value for kind in kinds] == [800, 400, 100, 700, 2000]
    assert set(said.lines[0].as_dict()) >= {"factors"}
    assert {one.unit for one in said.lines[0].basis} == {"kgCO2e/kWh"}


def test_eu_under_other_rules_from_the_same_record():
    """All claims at their own: + 100 of the storage at 50,000 and 700 by contract at 20,000; 2000 at the mix."""
    said = eu(case())
    assert said["with_contracts_ug"].value == 36_000_000 + 5_000_000 + 14_000_000 + 2000 * MIX
    assert said["mix_ug"].value == 4000 * MIX
    stored = eu(case(settings=AccountSettings(eu_storage_counts=True)))
    assert stored.value == 36_000_000 + 5_000_000 + 2700 * MIX


def test_eu_contract_without_a_life_cycle_factor_spoils_its_own_line_alone():
    said = eu(case(claims=(*CLAIMS[:3], replace(CLAIMS[3], lifecycle=None))))
    assert said.value == 1_653_560_000
    assert said["with_contracts_ug"].value is None
    assert "the life-cycle factor of ppa" in said["with_contracts_ug"].missing.en
    none = eu(case(settings=AccountSettings(lifecycle_mix=None)))
    assert none.value is none["mix_ug"].value is None
    assert none["direct_wh"].value == 800


def test_matching_by_hand():
    """2000 of 4000 matched; a quarter of the other 2000 is carbon-free: 2500. Delivered 2500, 200 in vain."""
    given = {"delivered_wh": wh(1200, 500, 300, 500), "grid_cfe": np.full(4, 0.25)}
    said = matching(case(**given))
    scores = [said[name].value for name in ("hm", "cfe", "volumetric", "gap")]
    assert scores == [0.5, 0.625, 0.625, 0.125]
    assert (said["possible_wh"].value, said["surplus_wh"].value) == (2300, 200)


def test_cfe_weighs_the_grid_by_what_each_hour_lacks():
    """The rest is 300, 500, 700, 500: only the third hour's grid is clean, so 700 more."""
    said = matching(case(grid_cfe=np.array([0.0, 0.0, 1.0, 0.0])))
    assert said["cfe"].value == 2700 / 4000


def test_matching_without_inputs():
    said = matching(case())
    assert said.value == 0.5
    assert "grid_cfe" in said["cfe"].missing.en
    assert "delivered_wh" in said["volumetric"].missing.en
    nothing = matching(case(consumption_wh=wh(0, 0, 0, 0), claims=(), physical=None, delivered_wh=wh(5, 0, 0, 0)))
    assert nothing.value is nothing["volumetric"].value is None
    assert nothing.lines[0].missing.en == "cannot be given: consumption is missing"


def test_avoided_is_in_no_inventory():
    """2000 claimed Wh against the grid's 582,700, less 700 at 1000; imports 2700 at a marginal 800,000."""
    ppa = replace(CLAIMS[3], factor=made_up("ppa", 1000))
    slope = Series(wh(800_000, 800_000, 800_000, 800_000), made_up("marginal", 800_000))
    said = avoided(case(claims=(*CLAIMS[:3], ppa), marginal=slope, exports_wh=wh(10, 0, 0, 0)))
    assert said.value == 2000 * 582_700 - 700_000
    assert said["export_ug"].value == 5_827_000
    assert said["marginal_ug"].value == 2700 * 800_000
    assert said.in_inventory is said.as_dict()["in_inventory"] is False
    assert said["marginal_ug"].basis[0].id == "marginal"
    assert "Never add" in said.notes[0].en


def test_avoided_by_the_hour_of_the_claim():
    """Factors 1, 2, 3, 4 ug/Wh; claims 700, 500, 300, 500: 700 + 1000 + 900 + 2000."""
    said = avoided(case(grid=Series(wh(1, 2, 3, 4), GRID)))
    assert said.value == 4600


@pytest.mark.parametrize(
    ("changes", "line", "words"),
    [
        ({"grid": None}, "avoided_ug", "the grid's factor"),
        ({"claims": (replace(CLAIMS[0], factor=None),)}, "avoided_ug", "factor of a claimed source"),
        ({}, "export_ug", "exported energy"),
        ({}, "marginal_ug", "the marginal factor"),
    ],
)
def test_avoided_without_inputs(changes, line, words):
    row = avoided(case(**changes))[line]
    assert row.value is None
    assert words in row.missing.en
