"""A firm demand for heat, and one that may stay unmet, over three steps."""

from parkopt.testing import grid_asset

CASES = {
    "heat_load": (
        {
            "grid": grid_asset(50),
            "network": {"kind": "heat_load", "enterprise": "works", "demand": "3 MW"},
            "baths": {
                "kind": "heat_load",
                "enterprise": "works",
                "by_temperature": {"base": "18 degC", "slope": "0.1 MW/K"},
                "unmet_price": "900 yuan/MWh",
            },
            "electric": {"kind": "boiler", "enterprise": "works", "heat": "5 MW", "efficiency": 1.0},
        },
        {"baths": {"heat_demand_mw": [1.0, 0.0, 2.5]}},
    )
}
