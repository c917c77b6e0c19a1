"""Golden LP of a generator: ramps, hot and cold starts and a fuel limit; one with a curve that is not convex."""

from parkopt.testing import grid_asset, load_asset

UNIT = {
    "kind": "generator",
    "power": "20 MW",
    "min_load": 0.4,
    "min_up_h": 2,
    "min_down_h": 1,
    "start_cost": "4000 yuan",
    "cold_start_cost": "9000 yuan",
    "cold_after_h": 2,
    "stop_cost": "500 yuan",
    "running_cost": "300 yuan/h",
    "om": "20 yuan/MWh",
    "ramp_up": "0.3/h",
    "ramp_down": "0.4/h",
    "start_ramp": "0.5/h",
    "efficiency": 0.4,
    "fuel_price": "250 yuan/MWh",
    "fuel_carbon": "202 kg/MWh",
    "fuel_limit": "100 MWh",
}
CURVE = {
    "kind": "generator",
    "power": "20 MW",
    "min_load": 0.4,
    "part_load": [
        {"load": 0.4, "efficiency": 0.3},
        {"load": 0.7, "efficiency": 0.33},
        {"load": 1.0, "efficiency": 0.4},
    ],
    "fuel_price": "250 yuan/MWh",
}
CASES = {
    "generator": ({"grid": grid_asset(50), "load": load_asset(), "gas": UNIT}, {}),
    "generator:curve": ({"grid": grid_asset(50), "load": load_asset(), "gas": CURVE}, {}),
}
