"""Golden LP of both forms of combined heat and power."""

from parkopt.testing import grid_asset, load_asset

COMMON = {"kind": "chp", "power": "20 MW", "min_load": 0.4, "fuel_price": "250 yuan/MWh", "fuel_carbon": "202 kg/MWh"}
BACK = COMMON | {"form": "back_pressure", "heat_to_power": 1.5, "efficiency": 0.35, "heat_dump": "2 MW"}
EXTRACTION = COMMON | {
    "form": "extraction",
    "heat": "30 MW",
    "power_loss": 0.2,
    "heat_to_power": 2.0,
    "efficiency": 0.45,
    "start_cost": "4000 yuan",
}
HEAT = {"kind": "heat_load", "enterprise": "works", "demand": "15 MW"}
CASES = {
    "chp:back_pressure": ({"grid": grid_asset(50), "load": load_asset(), "heat": HEAT, "chp": BACK}, {}),
    "chp:extraction": ({"grid": grid_asset(50), "load": load_asset(), "heat": HEAT, "chp": EXTRACTION}, {}),
}
