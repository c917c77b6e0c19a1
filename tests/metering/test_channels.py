"""Which registers a park needs, where each stands, and what it can count."""

from parkopt.metering.channels import channels, ratings_mw
from parkopt.metering.reading import Channel, Register
from parkopt.testing import grid_asset, load_asset
from tests.metering.parks import park_of, small_park


def contract(**changes):
    plain = {"kind": "contract", "form": "baseload", "seller": "S", "volume": "3 MW", "price": "300 yuan/MWh"}
    return plain | changes


def test_a_park_needs_each_flow_at_a_power_bus():
    assert channels(small_park()) == [
        Channel("pv", Register.GENERATION, "main", ""),
        Channel("ess", Register.CHARGE, "main", ""),
        Channel("ess", Register.DISCHARGE, "main", ""),
        Channel("grid", Register.IMPORT, "main", ""),
        Channel("grid", Register.EXPORT, "main", ""),
        Channel("mill", Register.CONSUMPTION, "main", "works"),
    ]


def test_contracts_over_the_grid_deliver_and_over_a_line_generate():
    park = park_of(
        grid=grid_asset(),
        near=contract(delivered_over="direct"),
        far=contract(),
        money=contract(settlement="cfd"),
        mill=load_asset(),
    )
    found = {one.device: one.register for one in channels(park)}
    assert found["near"] == Register.GENERATION
    assert found["far"] == Register.DELIVERED
    assert "money" not in found


def test_a_line_has_a_register_at_each_end_each_way():
    wire = {"kind": "line", "bus": "main", "to_bus": "far", "limit": "6 MW"}
    park = park_of(grid=grid_asset(), wire=wire, mill={**load_asset(), "bus": "far"})
    assert [(one.register, one.bus) for one in channels(park) if one.device == "wire"] == [
        (Register.FORWARD_SENT, "main"),
        (Register.FORWARD_ARRIVED, "far"),
        (Register.BACK_SENT, "far"),
        (Register.BACK_ARRIVED, "main"),
    ]


def test_heat_is_left_out():
    boiler = {"kind": "boiler", "enterprise": "works", "heat": "4 MW", "efficiency": 0.99}
    heat = {"kind": "heat_load", "enterprise": "works", "profile": {"file": "x.csv", "column": "a", "unit": "MW"}}
    park = park_of(grid=grid_asset(), boiler=boiler, heat=heat)
    assert [one for one in channels(park) if one.device in ("boiler", "heat")] == [
        Channel("boiler", Register.CONSUMPTION, "main", "works")
    ]


def test_ratings_come_from_the_park_file_and_a_limit_of_0_is_none():
    park = small_park()
    rated = ratings_mw(park, channels(park))
    assert rated["pv", Register.GENERATION] == 10.0
    assert rated["ess", Register.DISCHARGE] == 5.0
    assert rated["grid", Register.EXPORT] == 20.0
    # ten times its mean of 6.85 MW is 68 MW; all sources give 10 + 20 + 5 MW at most
    assert rated["mill", Register.CONSUMPTION] == 35.0
