"""Accounts as text: whole kilograms from micrograms without loss, words where there is no number."""

from __future__ import annotations

from parkopt.carbon.accounts.market import market
from parkopt.carbon.accounts.matching import matching
from parkopt.carbon.accounts.non_fossil_622 import non_fossil_622
from parkopt.carbon.accounts.shown import rests_on, result, shown
from tests.carbon.accounts.simple import case, example


def test_units_are_those_people_read():
    said = market(case())
    assert result(said).en == "Carbon of the use: 1.219200000 kg CO2"
    assert result(said).zh == "用电碳排放：1.219200000 kg CO2"
    assert shown(said["rest_wh"]).en == "2.000 kWh"
    assert shown(said["factor"]).en == "304800 ug/Wh"
    assert shown(matching(case())["hm"]).zh == "50.00 %"
    assert shown(next(one for one in example() if one.id == "zero_carbon_910")["status"]).en == "not met"


def test_what_cannot_be_given_says_so():
    said = non_fossil_622(case())
    assert result(said).en.startswith("Non-fossil electricity: cannot be given: the provincial coefficient")
    assert "无法给出" in result(said).zh


def test_what_it_rests_on_names_each_factor_once():
    text = rests_on(market(case()))
    for part in ("china_residual_2023 = 0.6096 kgCO2/kWh (China 2023, ", "[R]", "GHG Protocol", "[S]"):
        assert part in text.en
    assert text.en.count("china_residual_2023") == 1
    assert "温室气体核算体系" in text.zh


def test_every_account_has_both_texts():
    for said in example():
        for text in (result(said), rests_on(said)):
            assert text.en
            assert text.zh
