"""Tariffs as data: what a tariff file may say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from parkopt.errors import ParkoptError
from parkopt.park.charges import CapacityCharge, SinglePart
from parkopt.park.loader import load_part
from parkopt.park.presets import PRESETS
from parkopt.park.tariff import Adder, DemandCharge, Energy, Export, Tariff, TimeOfUse

SEASON = {"months": list(range(1, 13)), "windows": {"peak": ["14-22"]}}
TOU = {"base": "400 yuan/MWh", "multipliers": {"peak": 1.5}, "seasons": [SEASON]}
SERIES = {"file": "p.csv", "column": "price", "unit": "yuan/kWh"}
FORMS = {"flat": "0.4 yuan/kWh", "time_of_use": TOU, "by_hour": ["0.4 yuan/kWh"] * 24, "series": SERIES}


def kinds_of(model, data):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return [error["type"] for error in caught.value.errors()]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_the_energy_price_stands_alone(form):
    energy = Energy.model_validate({form: FORMS[form]})
    assert [name for name in FORMS if getattr(energy, name) is not None] == [form]


@pytest.mark.parametrize("forms", [(), ("flat", "by_hour"), ("time_of_use", "series"), tuple(FORMS)])
def test_no_form_or_several_are_refused(forms):
    assert kinds_of(Energy, {form: FORMS[form] for form in forms}) == ["energy"]


@pytest.mark.parametrize("hours", [0, 23, 25])
def test_a_typical_day_has_24_prices(hours):
    assert kinds_of(Energy, {"by_hour": ["0.4 yuan/kWh"] * hours})[0] in ("too_short", "too_long")


@pytest.mark.parametrize(
    "months", [[range(1, 12)], [range(1, 13), [7]], [range(1, 7), range(8, 13)], [range(1, 13), range(1, 13)]]
)
def test_each_month_stands_in_exactly_one_season(months):
    assert kinds_of(TimeOfUse, {**TOU, "seasons": [{**SEASON, "months": list(some)} for some in months]}) == ["months"]


@pytest.mark.parametrize("key", ["windows", "holiday_windows"])
def test_each_period_in_use_has_a_multiplier(key):
    season = {**SEASON, key: {"deep": ["10-14"]}}
    with pytest.raises(ValidationError, match="the period deep has no multiplier"):
        TimeOfUse.model_validate(
            {**TOU, "multipliers": {"peak": 1.5}, "seasons": [{**season, "windows": season["windows"]}]}
        )


@pytest.mark.parametrize(
    "season",
    [
        {**SEASON, "months": [13]},
        {**SEASON, "months": [0]},
        {**SEASON, "months": []},
        {**SEASON, "windows": {"dusk": ["14-22"]}},
        {**SEASON, "windows": {"peak": ["14:70-22"]}},
        {**SEASON, "windows": {"peak": "14-22"}},
    ],
)
def test_wrong_seasons_are_refused(season):
    assert kinds_of(TimeOfUse, {**TOU, "seasons": [season]})


def test_exports_earn_a_price_or_a_share_of_the_energy_price():
    assert Export.model_validate({"price": "0.25 yuan/kWh"}).price == 250
    assert Export.model_validate({"of_energy": 0.9}).of_energy == 0.9
    assert kinds_of(Export, {}) == ["export"]
    assert kinds_of(Export, {"price": "0.25 yuan/kWh", "of_energy": 0.9}) == ["export"]
    assert kinds_of(Export, {"of_energy": 1.1}) == ["parkopt"]


def test_the_demand_charge_is_per_megawatt_and_month():
    charge = DemandCharge.model_validate({"price": "48 yuan/kW/month", "planned_peak": "190000 kW"})
    assert charge.price == pytest.approx(48_000)
    assert charge.planned_peak == pytest.approx(190)
    assert kinds_of(DemandCharge, {"price": "48 yuan/kWh"}) == ["parkopt"]


def test_a_tariff_comes_back_from_its_own_dump():
    for form, value in FORMS.items():
        whole = {"id": "t", "mode": "fixed", "basis": "assumed", "energy": {form: value}}
        tariff = Tariff.model_validate({**whole, "export": {"of_energy": 0.5}})
        assert Tariff.model_validate(tariff.model_dump(mode="json")) == tariff


def test_a_preset_names_its_source_and_confidence_and_holds_no_price():
    for name, preset in PRESETS.items():
        assert "426" in preset.source
        assert preset.confidence
        tariff = TimeOfUse.model_validate({"preset": name, "base": "400 yuan/MWh"})
        assert TimeOfUse.model_validate(tariff.model_dump(mode="json")) == tariff
        assert kinds_of(TimeOfUse, {"preset": name}) == ["missing"]
    assert kinds_of(TimeOfUse, {"preset": "jiangsu_425", "base": "400 yuan/MWh"})[0] == "literal_error"


def test_an_adder_is_a_price_or_a_share_and_consumption_bears_prices_alone():
    assert kinds_of(Adder, {"basis": "assumed"}) == ["one_of"]
    assert kinds_of(Adder, {"basis": "assumed", "price": "1 yuan/MWh", "of_energy": 0.1}) == ["one_of"]
    assert kinds_of(Adder, {"basis": "assumed", "of_energy": 0.1, "on": "consumption"}) == ["needs"]


def test_a_load_factor_is_never_silent():
    """1192/2025 needs it, Jiangsu's is not published: the file says the number and where it comes from."""
    fee = {"network_price": "0.0788 yuan/kWh", "basis": "reported"}
    assert kinds_of(SinglePart, fee) == ["missing"]
    assert kinds_of(SinglePart, {**fee, "load_factor": {"value": 0.6, "basis": "assumed"}}) == ["missing"]
    factor = {"value": 0.6, "basis": "assumed", "source": "a guess for a study"}
    assert SinglePart.model_validate({**fee, "load_factor": factor}).hours == 730


def test_apparent_power_is_no_active_power():
    assert CapacityCharge.model_validate({"price": "28 yuan/kVA/month"}).price == pytest.approx(28_000)
    assert kinds_of(CapacityCharge, {"price": "28 yuan/kW/month"}) == ["parkopt"]
    assert kinds_of(DemandCharge, {"price": "28 yuan/kVA/month"}) == ["parkopt"]


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("energy: {flat: 0.4 yuan/kWh, by_hour: [" + ", ".join(["0.4 yuan/kWh"] * 24) + "]}", "须且只能给出一个", 4),
        ("energy: {flat: 0.4 MW}", "不是以 yuan/MWh 计的量", 4),
        ("energy: {flatt: 0.4 yuan/kWh}", "是否想写 'flat'", 4),
        ("energy: {flat: 0.4 yuan/kWh}\nchoice: demand_or_capacity", "choice 需要同时给出 demand, capacity", None),
        ("energy: {flat: 0.4 yuan/kWh}\ndemands: {demand: {price: 40 yuan/kW/month}}", "名称 demand 已被占用", None),
        ("energy: {flat: 0.4 yuan/kWh}\nexport: {}", "price 与 of_energy", 5),
        ("energy: {flat: 0.4 yuan/kWh}\nadders: {x: {price: 0.1 yuan/kWh}}", "缺少键 'basis'", 5),
    ],
)
def test_a_tariff_file_says_what_is_wrong_in_chinese_too(tmp_path, text, words, line):
    path = tmp_path / "t.yaml"
    path.write_text(f"id: t\nmode: fixed\nbasis: assumed\n{text}\n", encoding="utf-8")
    with pytest.raises(ParkoptError) as caught:
        load_part(path, Tariff)
    assert words in caught.value.text("zh")
    assert (f"{path}:{line}" if line else str(path)) in caught.value.text("en")
