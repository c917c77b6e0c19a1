"""Golden cases of contracts: shaped, with volumes, by the market's price, and for difference."""

from parkopt.testing import grid_asset, load_asset

HOURS = [f"{mw} MW" for mw in (4, 5, 6, *([7] * 21))]
CASES = {
    "contract:whole": (
        {
            "grid": grid_asset(50),
            "load": load_asset(),
            "shaped": {
                "kind": "contract",
                "form": "shaped",
                "seller": "s",
                "shape": {"by_hour": HOURS},
                "pricing": {"of_market": 0.9, "premium": "20 yuan/MWh"},
                "take_or_pay": 0.8,
                "shortfall_price": "100 yuan/MWh",
                "delivered_over": "direct",
                "volumes": [
                    {"window": "month", "least": "744 MWh", "most": "4000 MWh", "excess_price": "50 yuan/MWh"},
                    {"window": "year", "least": "8760 MWh", "shortfall_price": "70 yuan/MWh"},
                ],
            },
            "hedge": {
                "kind": "contract",
                "form": "baseload",
                "settlement": "cfd",
                "seller": "s",
                "volume": "3 MW",
                "price": "360 yuan/MWh",
            },
            "used": {
                "kind": "contract",
                "form": "share_of_import",
                "settlement": "cfd",
                "seller": "s",
                "share": 0.5,
                "price": "360 yuan/MWh",
            },
        },
        {},
    )
}
