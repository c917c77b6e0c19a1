"""The annuity and the sizes that a plan may choose."""

import numpy as np
import pytest
from pydantic import ValidationError

from parkopt.park.base import Part
from parkopt.park.invest import EnergyInvestment, MegawattHourOrChoice, MegawattOrChoice, least, most


class Sized(Part):
    energy: MegawattHourOrChoice
    power: MegawattOrChoice = 3.0


def energy(**changes):
    return {"max": "800 MWh", "capex": "0.6 yuan/Wh", "life": "15 yr"} | changes


def test_annuity_by_hand():
    """6 % over 2 years: 1/1.06 + 1/1.06^2 = 1.833393 years of payment make up the capital."""
    assert EnergyInvestment(**energy(life="2 yr", discount=0.06)).annuity == pytest.approx(1 / (1 / 1.06 + 1 / 1.06**2))
    assert EnergyInvestment(**energy(life="10 yr", discount=0)).annuity == pytest.approx(0.1)


@pytest.mark.parametrize("discount", [0.001, 0.06, 0.15])
@pytest.mark.parametrize("life", [1, 7, 15, 40])
def test_payments_of_the_life_are_worth_the_capital(discount, life):
    annuity = EnergyInvestment(**energy(life=f"{life} yr", discount=discount)).annuity
    assert np.sum(annuity / (1 + discount) ** np.arange(1, life + 1)) == pytest.approx(1.0, rel=1e-9)


def test_a_horizon_bears_its_share_of_the_year():
    """0.6 yuan/Wh over 10 years without interest and 2 % operation: 0.12 a year, 24/8760 of it for a day."""
    part = EnergyInvestment(**energy(life="10 yr", discount=0, om="2 %/yr"))
    assert part.capex * part.share(24.0) == pytest.approx(600_000 * 0.12 * 24 / 8760)
    assert part.share(8760.0) == pytest.approx(0.12)


def test_either_form_is_read_and_written_back():
    plain, chosen = Sized(energy="3 MWh"), Sized(energy=energy(unit="5 MWh", min="10 MWh"))
    assert (plain.energy, least(plain.energy), most(plain.power)) == (3.0, 3.0, 3.0)
    assert (least(chosen.energy), most(chosen.energy), chosen.energy.unit) == (10.0, 800.0, 5.0)
    for part in (plain, chosen):
        assert Sized.model_validate(part.model_dump(mode="json")) == part
        assert Sized.model_validate(part) == part
    branches = Sized.model_json_schema()["properties"]["energy"]["anyOf"]
    assert branches[0]["type"] == "string"
    assert branches[1]["$ref"].endswith("EnergyInvestment")


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({"maxi": "3 MWh"}, "maxi", "extra_forbidden"),
        (energy(min="900 MWh"), None, "order"),
        (energy(min="3 MWh", max="4 MWh", unit="5 MWh"), None, "unit"),
        (energy(unit="0 MWh"), None, "unit"),
        (energy(capex="600 yuan/kW"), "capex", "parkopt"),
        (energy(life="0 yr"), "life", "parkopt"),
        ("3 MW", None, "parkopt"),
        (3, None, "parkopt"),
    ],
)
def test_faults_have_one_place(body, loc, kind):
    with pytest.raises(ValidationError) as caught:
        Sized(energy=body)
    found = [error for error in caught.value.errors() if error["type"] == kind]
    assert [error["loc"] for error in found] == [("energy", loc) if loc else ("energy",)]
