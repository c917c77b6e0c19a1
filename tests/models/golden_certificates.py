"""Golden cases of green certificates."""

from parkopt.testing import grid_asset, load_asset

CASES = {
    "certificates": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "gec": {"kind": "certificates", "share": 0.5, "price": "5.15 yuan/MWh", "whole": True},
            "monthly": {"kind": "certificates", "amount": "744 MWh", "price": "1.12 yuan/MWh", "vintage": "2024-12"},
        },
        {},
    )
}
