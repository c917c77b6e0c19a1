"""Golden cases of the storage in full."""

from parkopt.testing import grid_asset, load_asset

BASE = {"grid": grid_asset(50, 10), "load": load_asset()}
ESS = {"kind": "storage", "charge": "4 MW", "discharge": "5 MW", "energy": "8 MWh"}
DEPTHS = [{"depth": 0.5, "cost": "20 yuan/MWh"}, {"depth": 1.0, "cost": "80 yuan/MWh"}]
BUILT = {"life": "15 yr", "om": "1.5 %/yr"}
PV = {"kind": "pv", "capacity": "9 MWp", "ac_limit": "8 MW"}
CASES = {
    "storage:promises": (
        BASE
        | {
            "ess": ESS
            | {
                "round_trip_efficiency": 0.81,
                "self_discharge": "0.01/h",
                "initial_loses": False,
                "charge_limits": [{"windows": ["1:30-2"], "limit": "1 MW"}],
                "targets": [
                    {"at": "01:00", "level": 0.7},
                    {"at": "02:00", "level": 0.6, "kind": "exactly"},
                    {"at": "03:00", "level": 0.8, "kind": "at_most"},
                ],
                "final": "free",
                "final_value": "250 yuan/MWh",
                "cycles_per_day": 1.5,
            }
        },
        {},
    ),
    "storage:worn": (
        BASE
        | {"ess": ESS | {"wear_by_depth": DEPTHS, "fade_per_cycle": 0.001, "fade_per_year": "2 %/yr", "age": "1 yr"}},
        {},
    ),
    "storage:green": (
        BASE
        | {
            "pv": PV,
            "ess": ESS | {"tagged": True, "green_value": "30 yuan/MWh"},
            "only": ESS | {"charge_from": "green"},
        },
        {"pv": {"available_mw": [0.0, 8.0, 2.5]}},
    ),
    "storage:built": (
        BASE
        | {
            "ess": ESS
            | {
                "energy": {"max": "80 MWh", "unit": "5 MWh", "capex": "0.6 yuan/Wh", **BUILT},
                "charge": {"max": "30 MW", "capex": "0 yuan/kW", **BUILT},
                "discharge": {"min": "1 MW", "max": "30 MW", "capex": "300 yuan/kW", **BUILT},
                "symmetric": True,
            }
        },
        {},
    ),
}
