"""Location and market: closed forms, exact sums over parties, missing factors, no Wh twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.accounts import (
    AccountCase,
    AccountSettings,
    Claim,
    Gec,
    OtherEnergy,
    Physical,
    Series,
    accounts,
    add_up,
)
from parkopt.carbon.accounts.location import location
from parkopt.carbon.accounts.market import market
from parkopt.faults import AccountInput, AccountsDiffer, ClaimedTwice, ClaimsExceedUse, NotClosed
from tests.carbon.accounts.simple import CLAIMS, GRID, KNOWN, NOTHING, PHYSICAL, USE, WIRE, case, made_up, wh


def test_location_by_hand():
    """2700 Wh of the grid at 582,700 ug/Wh; all else carries nothing. Contracts (700 Wh) change nothing."""
    said = location(case())
    assert said.value == 2700 * 582_700 == 1_573_290_000
    assert said["connection_ug"].value == 1_573_290_000
    assert said["factor"].value == pytest.approx(1_573_290_000 / 4000)
    assert said.factor_ids == ("jiangsu_2023",)
    assert location(case(claims=())).value == said.value


def test_market_by_hand():
    """2000 Wh have no claim: at the residual 609,600 ug/Wh. Claims at 0, save the contract at 1000 ug/Wh."""
    ppa = replace(CLAIMS[3], factor=made_up("ppa", 1000))
    said = market(case(claims=(*CLAIMS[:3], ppa)))
    assert said["rest_ug"].value == 2000 * 609_600
    assert said["ug.ppa"].value == 700_000
    assert said.value == 2000 * 609_600 + 700_000 == 1_219_900_000
    assert said["claimed_wh"].value + said["rest_wh"].value == said["consumption_wh"].value == 4000
    assert set(said.factor_ids) == {"zero", "ppa", "china_residual_2023"}


@pytest.mark.parametrize(("held", "used", "over"), [(0, 0, 0), (500, 500, 0), (2000, 2000, 0), (2001, 2000, 1)])
def test_certificates_are_set_against_the_rest_alone_and_end_there(held, used, over):
    said = market(case(gec=(Gec(held, 2026, "Jiangsu"), Gec(77, 2025, "Jiangsu"))))
    assert (said["gec_wh"].value, said["gec_over_wh"].value) == (used, over)
    assert said["market_with_gec_ug"].value == (2000 - used) * 609_600
    assert said.value == 2000 * 609_600


def test_what_is_missing_is_said_in_words_and_no_number_is_given():
    said = market(case(claims=(replace(CLAIMS[0], factor=None),), gec=None))
    assert said.value is None
    assert said.lines[0].missing.en == "cannot be given: the factor of wire is missing"
    assert said.lines[0].missing.zh == "无法给出：缺少wire 的因子"
    assert said["ug.wire"].value is None
    assert "cancelled green certificates" in said["market_with_gec_ug"].missing.en
    assert said["rest_wh"].value == 3200
    none = AccountSettings(residual=None)
    assert "the residual factor" in market(case(settings=none)).lines[0].missing.en
    bare = location(case(physical=None, grid=None))
    assert bare.value is bare["connection_ug"].value is bare["fuel_ug"].value is None


def test_a_claim_of_nothing_needs_no_factor():
    idle = Claim("idle", "contract", wh(0, 0, 0, 0))
    assert market(case(claims=(*CLAIMS, idle))).value == 2000 * 609_600


def test_no_more_is_claimed_than_used():
    full = replace(CLAIMS[0], wh=wh(900, 0, 0, 0))
    assert case(claims=(full, CLAIMS[1])).rest_wh.tolist() == [0, 700, 1000, 1000]
    more = replace(CLAIMS[0], wh=wh(901, 0, 0, 0))
    with pytest.raises(ClaimsExceedUse, match=r"PK1531.*1001 Wh in hour 0 and used 1000"):
        case(claims=(more, CLAIMS[1]))


def test_a_source_in_two_claims_is_refused():
    with pytest.raises(ClaimedTwice, match=r"PK1530.*wire"):
        case(claims=(CLAIMS[0], replace(CLAIMS[0], kind="contract", wh=wh(0, 1, 0, 0))))


def test_a_certificate_in_two_claims_is_refused():
    one, other = (replace(CLAIMS[i], ranges=(("w", 100 * i, 100 * i + 99),)) for i in (0, 1))
    assert case(claims=(one, other)).claimed() == 1200
    with pytest.raises(ClaimedTwice, match="w 99"):
        case(claims=(one, replace(other, ranges=(("w", 99, 150),))))
    assert case(claims=(one, replace(other, ranges=(("v", 99, 150),)))).claimed() == 1200


def test_a_certificate_inside_another_is_found_behind_its_neighbours():
    wide = replace(CLAIMS[0], ranges=(("w", 0, 999),))
    with pytest.raises(ClaimedTwice):
        case(claims=(wide, replace(CLAIMS[1], ranges=(("w", 10, 20), ("w", 900, 901)))))


def test_a_cancelled_certificate_behind_a_claim_is_refused():
    claim = replace(CLAIMS[0], ranges=(("w", 0, 799),))
    with pytest.raises(ClaimedTwice, match="w 700"):
        case(claims=(claim,), gec=(Gec(500, 2026, "Jiangsu", (("w", 700, 1199),)),))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"imports_wh": wh(1, 2)}, "imports_wh does not have the 4 hours"),
        ({"exports_wh": wh(0, 0, 0, -1)}, "exports_wh is negative"),
        ({"fuel_ug": np.zeros(4)}, "fuel_ug is not of whole numbers"),
        ({"grid_cfe": np.zeros(3)}, "grid_cfe does not have"),
        ({"grid_cfe": np.full(4, 1.1)}, "grid_cfe is outside 0 to 1"),
        ({"last_day": date(2027, 1, 1)}, "days of one year"),
        ({"generation_wh": USE, "available_wh": USE - 1}, "generation_wh is more than was available"),
        ({"traded_wh": -1}, "is negative"),
        ({"other": OtherEnergy(fuelled_wh=4001)}, "other.fuelled_wh is outside"),
        ({"settings": AccountSettings(k_province=2)}, "k_province is outside"),
    ],
)
def test_contradictory_input_is_refused(changes, said):
    with pytest.raises(AccountInput, match=f"PK1532.*{said}"):
        case(**changes)


def test_traced_energy_must_sum_to_the_use():
    with pytest.raises(NotClosed, match="1000"):
        case(physical={**PHYSICAL, "grid": Physical(wh(300, 700, 700, 999), wh(0, 0, 0, 0))})


def test_sums_beyond_64_bits_stay_exact():
    """8760 hours of 2 TWh at 609,600 ug/Wh are 1.07e22 ug, more than an int64 holds."""
    big = AccountCase("big", date(2026, 1, 1), date(2026, 12, 31), np.full(8760, 2 * 10**12, dtype=np.int64))
    assert market(big).value == 8760 * 2 * 10**12 * 609_600 > 2**63


energy = st.lists(st.integers(0, 10**9), min_size=3, max_size=3).map(lambda values: wh(*values))
party = st.tuples(energy, energy, energy)


def _case(subject, scope, parts):
    direct, contract, rest = (np.sum([part[i] for part in parts], axis=0) for i in range(3))
    claims = (Claim("w", "direct", direct, NOTHING), Claim("c", "contract", contract, made_up("c", 12_345)))
    bought = contract + rest
    series = wh(500_001, 582_700, 3)
    physical = {"w": Physical(direct, direct * 7), "grid": Physical(bought, bought * series)}
    days = (date(2026, 7, 1), date(2026, 7, 1))
    return AccountCase(
        subject, *days, direct + bought, scope, physical, claims, imports_wh=bought, grid=Series(series, GRID)
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(party, min_size=1, max_size=5))
def test_parties_sum_to_their_park_and_claims_and_rest_to_the_use(parts):
    park = _case("park", "park", parts)
    each = [_case(f"p{i}", "party", [part]) for i, part in enumerate(parts)]
    for account in (location, market):
        whole, said = account(park), [account(one) for one in each]
        add_up(whole, said)
        assert whole.value == sum(one.value for one in said)
    said = market(park)
    assert said["claimed_wh"].value + said["rest_wh"].value == said["consumption_wh"].value
    assert said.value == said["rest_ug"].value + said["ug.w"].value + said["ug.c"].value


def test_parties_that_do_not_sum_are_found():
    whole = market(case())
    less = market(case(claims=(replace(CLAIMS[0], wh=WIRE - wh(1, 0, 0, 0)), *CLAIMS[1:])))
    add_up(whole, [whole])
    with pytest.raises(AccountsDiffer, match=r"PK1533.*1219809600.*1219200000"):
        add_up(whole, [less])


def test_all_accounts_stand_side_by_side_each_with_its_own_sources():
    park = accounts(case(scope="park"))
    assert [one.id for one in park] == [
        "location",
        "market",
        "non_fossil_622",
        "eu_direct",
        "matching",
        "avoided",
        "zero_carbon_910",
        "direct_650_688",
    ]
    assert [one.id for one in accounts(case())] == [one.id for one in park][:6]
    assert [one.id for one in park if not one.in_inventory] == ["avoided"]
    for one in park:
        for lang in ("en", "zh"):
            said = one.as_dict(lang)
            assert said["method"]
            assert said["rule"]["source"]
            assert all(row["value"] is not None or row["missing"] for row in said["lines"])
            for found in (part for row in said["lines"] for part in row["factors"]):
                assert found["id"]
                assert found["source"]
                assert found["confidence"] in {"P", "R", "S", "D", "M"}


def test_micrograms_are_text_in_plain_data():
    said = market(case()).as_dict("zh")
    assert said["lines"][0]["value"] == "1219200000"
    assert said["title"] == "基于市场"
    found = said["lines"][0]["factors"][-1]
    assert (found["value"], found["unit"]) == ("0.6096", "kgCO2/kWh")
    assert found["year"] == KNOWN["china_residual_2023"].year
