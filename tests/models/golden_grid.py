"""Golden cases of a connection: blocks, several demand charges, and the choices of 1192/2025."""

from parkopt.testing import grid_asset, load_asset

FACTOR = {"value": 0.6, "basis": "assumed", "source": "for this test"}
BLOCKS = {
    "tiers": [{"above": "30 MWh", "adds": "-20 yuan/MWh"}, {"above": "50 MWh", "adds": "40 yuan/MWh"}],
    "demand": {"price": "1000 yuan/MW/month", "contracted": "40 MW", "contracted_share": 0.4},
    "demands": {"early": {"price": "500 yuan/MW/month", "windows": ["0-2"]}},
    "fixed": {"meter": {"per_day": "300 yuan/day", "basis": "assumed"}},
}
CHOICES = {
    "demand": {"price": "40 yuan/kW/month"},
    "capacity": {"price": "25 yuan/kVA/month"},
    "choice": "demand_or_capacity",
    "single_part": {"network_price": "80 yuan/MWh", "basis": "assumed", "load_factor": FACTOR, "option": "cheaper"},
}
CASES = {
    "grid:blocks": ({"grid": grid_asset(50, 10, tariff=BLOCKS), "load": load_asset()}, {}),
    "grid:choices": (
        {
            "grid": grid_asset(50, 10, tariff=CHOICES, connected={"min": "20 MVA", "max": "60 MVA"}),
            "load": load_asset(),
        },
        {},
    ),
}
