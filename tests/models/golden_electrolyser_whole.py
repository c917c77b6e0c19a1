"""An electrolyser with all that it may have, over three steps."""

from parkopt.testing import grid_asset

CASES = {
    "electrolyser:whole": (
        {
            "grid": grid_asset(50),
            "h2": {
                "kind": "electrolyser",
                "enterprise": "h2",
                "power": "10 MW",
                "part_load": [
                    {"load": 0.2, "efficiency": "60 kWh/kg"},
                    {"load": 0.5, "efficiency": "50 kWh/kg"},
                    {"load": 1.0, "efficiency": "55 kWh/kg"},
                ],
                "min_load": 0.2,
                "standby_power": 0.02,
                "ramp": "0.3/h",
                "start_cost": "400 yuan",
                "cold_start_cost": "4000 yuan",
                "start_h": 1,
                "start_power": 0.05,
                "min_up_h": 2,
                "min_down_h": 2,
                "tank": "500 kg",
                "demand": "2400 kg/day",
                "demand_timing": "by_day",
                "unmet_price": "40 yuan/kg",
                "hydrogen_bus": "h2_pipe",
            },
        },
        {},
    ),
}
