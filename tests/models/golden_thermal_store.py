"""A thermal store with both losses over three steps."""

from parkopt.testing import grid_asset

CASES = {
    "thermal_store": (
        {
            "grid": grid_asset(50),
            "network": {"kind": "heat_load", "enterprise": "works", "demand": "3 MW"},
            "electric": {"kind": "boiler", "enterprise": "works", "heat": "5 MW", "efficiency": 1.0},
            "tank": {
                "kind": "thermal_store",
                "charge": "2 MW",
                "discharge": "4 MW",
                "energy": "8 MWh",
                "charge_efficiency": 0.98,
                "discharge_efficiency": 0.97,
                "standing_loss": "0.01/h",
                "constant_loss": "20 kW",
                "soc_min": 0.05,
            },
        },
        {},
    )
}
