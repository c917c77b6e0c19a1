"""Golden cases of a line: a shared inverter with a loss, and a plain tie."""

from parkopt.testing import grid_asset, load_asset

CASES = {
    "line": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "pv": {"kind": "pv", "bus": "dc", "capacity": "9 MWp", "ac_limit": "9 MW"},
            "ess": {"kind": "storage", "bus": "dc", "charge": "4 MW", "discharge": "5 MW", "energy": "8 MWh"},
            "inverter": {
                "kind": "line",
                "bus": "dc",
                "to_bus": "main",
                "limit": "5 MW",
                "back_limit": "3 MW",
                "loss": 0.04,
                "cost": "2 yuan/MWh",
            },
            "tie": {"kind": "line", "to_bus": "dc", "limit": "1 MW"},
        },
        {"pv": {"available_mw": [0.0, 9.0, 2.5]}},
    ),
}
