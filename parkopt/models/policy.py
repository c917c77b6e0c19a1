"""The rules of a park as rows of its model: each kind of rule stands in a file of its own."""

from __future__ import annotations

from parkopt.models.hub import Block, Hub
from parkopt.models.rule_carbon import add_carbon
from parkopt.models.rule_exchange import add_exchange, export_banned
from parkopt.models.rule_green import add_green
from parkopt.models.rule_ratios import Ratio, add_ratios, ratios
from parkopt.park.schema import Park

__all__ = ["RULES", "Ratio", "add_rules", "export_banned", "ratios"]

RULES = "rules"
"""Name of the rules' own block in the model and in the bill."""


def add_rules(block: Block, hub: Hub, park: Park) -> None:
    """Add every rule of the park to the model, after all assets and balances.

    Raises
    ------
    WrongValue
        Where a rule cannot be written linearly for this park.
    """
    add_ratios(block, hub, park.rules)
    add_exchange(block, hub, park.rules)
    add_carbon(block, hub, park.rules)
    add_green(block, hub, park)
