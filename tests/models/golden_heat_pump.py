"""Heat pumps over three steps: plain, and one that runs or stands and may not run in the cold."""

from parkopt.testing import grid_asset

NETWORK = {"kind": "heat_load", "enterprise": "works", "demand": "6 MW"}
PLAIN = {"kind": "heat_pump", "enterprise": "works", "power": "3 MW", "heat": "8 MW", "cop": 3.0}
TABLE = [{"outdoor": "-7 degC", "cop": 2.0}, {"outdoor": "7 degC", "cop": 4.0}]
SWITCHED = {
    "kind": "heat_pump",
    "enterprise": "works",
    "power": "2 MW",
    "cop_table": TABLE,
    "outdoor_min": "-5 degC",
    "min_load": 0.4,
    "idle": 0.1,
    "start_cost": "200 yuan",
}
OUTDOOR = {"hp": {"cop": [2.0, 3.0, 4.0], "outdoor_degc": [-7.0, 0.0, 7.0]}}
CASES = {
    "heat_pump": ({"grid": grid_asset(50), "network": NETWORK, "hp": PLAIN}, {}),
    "heat_pump:switched": (
        {"grid": grid_asset(50), "network": NETWORK | {"demand": "1 MW"}, "base": PLAIN, "hp": SWITCHED},
        OUTDOOR,
    ),
}
