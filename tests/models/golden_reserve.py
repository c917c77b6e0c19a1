"""Golden cases of reserve: two offers share a store, one of them a generator as well."""

from parkopt.testing import grid_asset, load_asset

CASES = {
    "reserve": (
        {
            "grid": grid_asset(50, 10),
            "load": load_asset(),
            "ess": {"kind": "storage", "charge": "4 MW", "discharge": "5 MW", "energy": "8 MWh"},
            "gas": {
                "kind": "generator",
                "power": "6 MW",
                "min_load": 0.5,
                "efficiency": 0.4,
                "fuel_price": "150 yuan/MWh",
            },
            "up": {
                "kind": "reserve",
                "direction": "up",
                "providers": ["ess", "gas"],
                "windows": ["0:30-2"],
                "price": "20 yuan/MW/h",
                "max_capacity": "3 MW",
                "duration_h": 2,
                "same_in_window": True,
                "activation_price": "500 yuan/MWh",
                "activation_share": 0.1,
            },
            "response": {
                "kind": "reserve",
                "direction": "up",
                "providers": ["ess"],
                "windows": ["1-3"],
                "price": "10 yuan/MW/h",
                "capacity": "0.5 MW",
            },
        },
        {},
    )
}
