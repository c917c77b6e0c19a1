"""An ammonia plant that may stop and a methanol plant that may not, with their electrolyser, over three steps."""

from parkopt.testing import grid_asset

CASES = {
    "synthesis": (
        {
            "grid": grid_asset(50),
            "h2": {
                "kind": "electrolyser",
                "enterprise": "h2",
                "power": "10 MW",
                "efficiency": "50 kWh/kg",
                "min_load": 0.4,
                "tank": "500 kg",
                "hydrogen_bus": "h2_pipe",
            },
            "nh3": {
                "kind": "synthesis",
                "enterprise": "nh3",
                "product": "ammonia",
                "capacity": "500 kg/h",
                "energy": "0.7 kWh/kg",
                "hydrogen": 0.18,
                "hydrogen_bus": "h2_pipe",
                "min_load": 0.4,
                "may_stop": True,
                "start_cost": "900 yuan",
                "min_up_h": 2,
                "min_down_h": 2,
                "ramp": "0.2/h",
                "tank": "2 t",
                "demand": "6 t/day",
            },
            "meoh": {
                "kind": "synthesis",
                "enterprise": "meoh",
                "product": "methanol",
                "capacity": "300 kg/h",
                "energy": "1 kWh/kg",
                "hydrogen": 0.2,
                "hydrogen_bus": "h2_pipe",
                "ramp": "0.1/h",
                "feed_cost": "0.5 yuan/kg",
                "sale_price": "3 yuan/kg",
                "tank": "1 t",
            },
        },
        {},
    ),
}
