"""910, 622 and 650/688: worked out by hand, at their thresholds and caps, with inputs missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.carbon.accounts import NOTHING_BEFORE, AccountCase, AccountSettings, Gec, OtherEnergy
from parkopt.carbon.accounts.direct_650_688 import direct_650_688
from parkopt.carbon.accounts.non_fossil_622 import non_fossil, non_fossil_622
from parkopt.carbon.accounts.zero_carbon_910 import zero_carbon_910
from parkopt.faults import AccountInput
from tests.carbon.accounts.simple import CLAIMS, IMPORTS, case, wh

JULY = (date(2026, 7, 1), date(2026, 7, 1))


def park(**changes):
    given = {"scope": "park", "fuel_ug": wh(0, 0, 0, 0), "other": OtherEnergy(), "gec": (Gec(500, 2026, "Hebei"),)}
    return case(**(given | changes))


def told(kgce="calorific", **changes):
    return AccountSettings(kgce=kgce, **changes)


def test_910_by_hand():
    """Of 2700 Wh bought 700 were traded and 500 covered by certificates: 1500 at 832,500 ug/Wh.

    Direct: 800 + 400 + 100 = 1300 of 4000. All energy: 4 kWh at 0.1229 = 0.4916 kgce.
    Clean: (1300 + 700 + 500) of 4000.
    """
    said = zero_carbon_910(park(settings=told()))
    assert said["park_ug"].value == 1500 * 832_500 == 1_248_750_000
    assert said["electricity_ug"].value == 1_248_750_000
    assert said["energy_tce"].value == pytest.approx(0.0004916, rel=1e-12)
    assert said.value == pytest.approx(1.24875 / 0.4916, rel=1e-12)
    assert said["direct_share"].value == 0.325
    assert said["direct_status"].value == "not met"
    assert said["clean_share"].value == 0.625
    assert said["clean_status"].value == "not met"
    assert set(said.factor_ids) >= {"china_fossil_2022", "kgce_calorific", "fossil_heat_910"}


def test_910_adds_fuel_heat_and_processes_and_counts_fuelled_power_once():
    """10 kg of fuel + 5 kg of processes + 2 GJ of heat at 110 kg. Energy: 3.9 kWh + 1 + 0.5 tce."""
    other = OtherEnergy(Decimal(1), Decimal("0.5"), Decimal("0.2"), Decimal(2), 5 * 10**9, 100)
    said = zero_carbon_910(park(other=other, fuel_ug=wh(10**10, 0, 0, 0), settings=told()))
    assert said["park_ug"].value == 10**10 + 5 * 10**9 + 220 * 10**9 + 1500 * 832_500
    assert said["energy_tce"].value == pytest.approx(1.5 + 0.0039 * 0.1229, rel=1e-12)
    assert said["clean_share"].value == pytest.approx((0.2 + 0.0025 * 0.1229) / (1.5 + 0.0039 * 0.1229), rel=1e-12)


def test_910_gives_no_credit_for_exports_and_none_below_zero():
    base = zero_carbon_910(park(settings=told()))
    assert zero_carbon_910(park(settings=told(), exports_wh=wh(9000, 0, 0, 0))).value == base.value
    much = zero_carbon_910(park(settings=told(), gec=(Gec(2100, 2026, "Jiangsu"),)))
    assert (much["park_ug"].value, much["over_wh"].value, much["gec_wh"].value) == (0, 100, 2000)
    assert zero_carbon_910(park(settings=told(), traded_wh=2800))["traded_wh"].value == 2700


def test_910_has_no_default_for_the_coefficient():
    said = zero_carbon_910(park())
    assert said.value is None
    assert "the setting kgce" in said.lines[0].missing.en
    assert said["park_ug"].value == 1_248_750_000
    assert said["direct_share"].value == 0.325
    with pytest.raises(AccountInput, match=r"PK1532.*calorific, coal_equivalent"):
        zero_carbon_910(park(settings=told("electric")))
    with pytest.raises(AccountInput):
        zero_carbon_910(park(settings=told(Decimal(0))))


def test_910_says_everything_that_is_missing():
    said = zero_carbon_910(case(scope="park", imports_wh=None, gec=None))
    words = said.lines[0].missing.en
    for name in ("imported energy", "cancelled green certificates", "carbon of fuel", "other energy", "kgce"):
        assert name in words
    assert said["fossil_wh"].value is None


def electric(fossil_ppm, kgce, annual="300000"):
    """Return the status of a park of 1 MWh, all of it bought, with a share without certificates."""
    bought = wh(1_000_000, 0, 0, 0)
    green = Gec(1_000_000 - fossil_ppm, 2026, "Jiangsu")
    other = OtherEnergy(annual_tce=None if annual is None else Decimal(annual))
    given = {"claims": (), "physical": None, "grid": None, "consumption_wh": bought, "imports_wh": bought}
    return zero_carbon_910(park(**given, gec=(green,), other=other, settings=told(kgce)))


@pytest.mark.parametrize(
    ("kgce", "most"), [("calorific", 29_525), ("coal_equivalent", 68_612), (Decimal("0.8325"), 200_000)]
)
def test_910_limit_of_the_green_share(kgce, most):
    """I = s * 0.8325 / k <= 0.2: at most 2.95 % (calorific) or 6.86 % (coal equivalent) may be without green."""
    assert electric(most, kgce)["status"].value == "met"
    assert electric(most + 1, kgce)["status"].value == "not met"
    assert electric(most, kgce).value == pytest.approx(0.2, rel=1e-4)


@pytest.mark.parametrize(
    ("annual", "limit"),
    [("199999", None), ("200000", "0.2"), ("999999", "0.2"), ("1000000", "0.3"), (None, None)],
)
def test_910_threshold_by_size(annual, limit):
    row = electric(35_000, "calorific", annual)["status"]
    assert [one.value for one in row.basis] == ([] if limit is None else [limit])
    assert row.value == {None: None, "0.2": "not met", "0.3": "met"}[limit]
    assert limit is not None or "threshold for this size" in row.missing.en


@pytest.mark.parametrize(("direct", "status"), [(2000, "met"), (1999, "not met")])
def test_910_direct_share_at_its_limit(direct, status):
    wire = replace(CLAIMS[0], wh=wh(1000, direct - 1000, 0, 0))
    given = {"claims": (wire,), "physical": None, "settings": told()}
    assert zero_carbon_910(park(**given))["direct_status"].value == status


def test_622_by_hand():
    """Physical 1300, traded 700, certificates 500, and a fifth of the 1500 left: 2800 of 4000."""
    gec = (Gec(500, 2026, "Jiangsu"), Gec(40, 2025, "Jiangsu"))
    said = non_fossil_622(case(gec=gec, settings=AccountSettings(k_province=Decimal("0.2"))))
    assert said.value == 1300 + 700 + 500 + 300 == 2800
    assert said["share"].value == 0.7
    assert said["allocated_wh"].value == 300
    assert said["gec_other_year_wh"].value == 40
    assert "k_province" in said.factor_ids


def test_622_without_the_coefficient_gives_what_is_certain():
    said = non_fossil_622(case())
    assert said.value is said["share"].value is said["allocated_wh"].value is None
    assert "provincial coefficient" in said.lines[0].missing.en
    assert (said["certain_wh"].value, said["certain_share"].value) == (2000, 0.5)
    lost = non_fossil_622(case(imports_wh=None, gec=None))
    assert lost["certain_wh"].value is None
    assert "imports_wh" in lost["certain_wh"].missing.en


def test_622_allocation_is_rounded_down():
    said = non_fossil_622(case(settings=AccountSettings(k_province=Decimal("0.33333"))))
    assert said["allocated_wh"].value == 666


@pytest.mark.parametrize(
    ("held", "nuclear", "caps", "parts"),
    [
        ((1500, 0), 0, (None, None), (700, 1500, 0)),
        ((2001, 0), 0, (None, None), (700, 2000, 1)),
        ((0, 500), 0, (None, 499), (700, 499, 1)),
        ((300, 500), 0, (300, 0), (700, 300, 500)),
        ((100, 0), 1950, (None, None), (2650, 50, 50)),
        ((100, 0), 9999, (None, None), (2700, 0, 100)),
    ],
)
def test_622_caps(held, nuclear, caps, parts):
    """Trade and certificates end at the 2700 Wh from the grid, certificates also at the caps of their province."""
    gec = (Gec(held[0], 2026, "Jiangsu"), Gec(held[1], 2026, "Hebei"))
    limits = AccountSettings(gec_cap_in_wh=caps[0], gec_cap_out_wh=caps[1])
    found = non_fossil(case(gec=gec, nuclear_wh=nuclear, settings=limits))
    assert (found.traded, found.gec, found.gec_over) == parts


amount = st.integers(0, 10_000)


@settings(deadline=None, max_examples=60)
@given(traded=amount, nuclear=amount, inside=amount, outside=amount, k=st.integers(0, 1000))
def test_622_never_exceeds_what_was_used(traded, nuclear, inside, outside, k):
    gec = (Gec(inside, 2026, "Jiangsu"), Gec(outside, 2026, "Hebei"))
    share = AccountSettings(k_province=Decimal(k) / 1000)
    found = non_fossil(case(traded_wh=traded, nuclear_wh=nuclear, gec=gec, settings=share))
    assert found.traded + found.gec + found.allocated <= found.offtake
    assert found.gec + found.gec_over == inside + outside


def project(**changes):
    given = {
        "generation_wh": wh(900),
        "available_wh": wh(1000),
        "exports_wh": wh(100),
        "charge_wh": wh(200),
        "discharge_wh": wh(160),
        "to_date": NOTHING_BEFORE,
    }
    return AccountCase("park", *JULY, wh(2000), **(given | changes))


def test_688_by_hand():
    """Net: 900 - 200 + 160 - 100 = 760 of 1000 available and 2000 used. Gross: 800; the storage lost 40."""
    said = direct_650_688(project())
    assert (said.value, said["self_over_use"].value, said["export_over_available"].value) == (0.76, 0.38, 0.1)
    assert (said["self_use_wh"].value, said["self_use_gross_wh"].value, said["difference_wh"].value) == (760, 800, 40)
    assert (said["gross_over_available"].value, said["gross_over_use"].value) == (0.8, 0.4)
    statuses = [said[f"{name}_status"].value for name in ("self_over_available", "self_over_use")]
    assert [*statuses, said["export_over_available_status"].value] == ["met"] * 3


def test_688_counts_the_year_before_the_period():
    """Before: 1100 made of 1500, 400 sent. To date net 760 + 700 = 1460 of 2500, export 500 of 2500."""
    before = replace(NOTHING_BEFORE, generation_wh=1100, available_wh=1500, exports_wh=400, consumption_wh=3000)
    said = direct_650_688(project(to_date=before))
    assert (said.value, said["self_over_use"].value, said["export_over_available"].value) == (0.584, 0.292, 0.2)
    assert said["self_over_available_status"].value == said["self_over_use_status"].value == "not met"
    assert said["export_over_available_status"].value == "met"


@pytest.mark.parametrize(
    ("changes", "name", "status"),
    [
        ({"generation_wh": wh(740)}, "self_over_available", "met"),
        ({"generation_wh": wh(739)}, "self_over_available", "not met"),
        ({"generation_wh": wh(740), "consumption_wh": wh(2000)}, "self_over_use", "met"),
        ({"generation_wh": wh(739), "consumption_wh": wh(2000)}, "self_over_use", "not met"),
        ({"exports_wh": wh(200)}, "export_over_available", "met"),
        ({"exports_wh": wh(201)}, "export_over_available", "not met"),
    ],
)
def test_688_at_its_limits(changes, name, status):
    """600 of 1000 available, 600 of 2000 used, 200 of 1000 sent are allowed to the last Wh."""
    assert direct_650_688(replace(project(), **changes))[f"{name}_status"].value == status


@pytest.mark.parametrize(("year", "status"), [(2029, "met"), (2030, "not met")])
def test_688_is_stricter_from_2030(year, status):
    """690 of 2000 used is 34.5 %."""
    day = date(year, 7, 1)
    said = direct_650_688(replace(project(generation_wh=wh(830)), first_day=day, last_day=day))
    assert said["self_over_use"].value == 0.345
    assert said["self_over_use_status"].value == status


def test_688_without_storage_readings_gives_gross_alone():
    said = direct_650_688(project(charge_wh=None))
    assert said.value is None
    assert said.lines[0].missing.en == "cannot be given: project energy charged is missing"
    assert said["gross_over_available"].value == 0.8
    assert direct_650_688(project(to_date=replace(NOTHING_BEFORE, charge_wh=None))).value is None
    assert direct_650_688(project(available_wh=wh(0), generation_wh=wh(0)))["self_over_available"].value is None


def test_688_before_a_period_within_the_year_nothing_is_taken_for_granted():
    """Without sums a period from 1 July is no year to date; one from 1 January is."""
    july = direct_650_688(project(to_date=None))
    assert july.value is july["generation_wh"].value is july["export_over_available"].value is None
    opening = date(2026, 1, 1)
    assert direct_650_688(replace(project(to_date=None), first_day=opening)).value == 0.76


def test_688_export_in_hours_declared_hard_to_absorb():
    given = {"generation_wh": IMPORTS, "available_wh": IMPORTS, "exports_wh": wh(5, 0, 7, 0)}
    said = direct_650_688(case(scope="park", **given, export_forbidden=np.array([False, True, True, False])))
    assert said["forbidden_wh"].value == 7
    assert "hard to absorb" in direct_650_688(case(**given))["forbidden_wh"].missing.en
