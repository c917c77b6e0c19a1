"""An electric boiler, and one with fuel that runs or stands, over three steps."""

from parkopt.testing import grid_asset

NETWORK = {"kind": "heat_load", "enterprise": "works", "demand": "6 MW"}
ELECTRIC = {"kind": "boiler", "enterprise": "works", "heat": "5 MW", "efficiency": 0.98}
GAS = {
    "kind": "boiler",
    "enterprise": "works",
    "heat": "8 MW",
    "efficiency": 0.92,
    "fuel": {"price": "320 yuan/MWh", "carbon": "202 kg/MWh"},
    "min_load": 0.25,
    "start_cost": "500 yuan",
}
CASES = {
    "boiler": ({"grid": grid_asset(50), "network": NETWORK, "electric": ELECTRIC, "gas": GAS}, {}),
}
