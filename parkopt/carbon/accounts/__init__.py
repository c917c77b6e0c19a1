"""The accounts of a park or a party side by side: one file an account, never one number."""

from parkopt.carbon.accounts.all import accounts, add_up
from parkopt.carbon.accounts.base import AccountCase
from parkopt.carbon.accounts.budget import Plan, budget
from parkopt.carbon.accounts.footprint import Evidence, Footprint, Production, footprint
from parkopt.carbon.accounts.forms import battery_passport, cbam
from parkopt.carbon.accounts.inputs import (
    NOTHING_BEFORE,
    AccountSettings,
    Claim,
    Gec,
    OtherEnergy,
    Physical,
    Series,
    ToDate,
)
from parkopt.carbon.accounts.shown import rests_on, result, shown
from parkopt.carbon.accounts.statement import AccountLine, Basis, Rule, Statement

__all__ = [
    "NOTHING_BEFORE",
    "AccountCase",
    "AccountLine",
    "AccountSettings",
    "Basis",
    "Claim",
    "Evidence",
    "Footprint",
    "Gec",
    "OtherEnergy",
    "Physical",
    "Plan",
    "Production",
    "Rule",
    "Series",
    "Statement",
    "ToDate",
    "accounts",
    "add_up",
    "battery_passport",
    "budget",
    "cbam",
    "footprint",
    "rests_on",
    "result",
    "shown",
]
