"""Accounts become rows of a statement, with their factors; what cannot be given says why."""

from __future__ import annotations

from fractions import Fraction

from parkopt.carbon.accounts.statement import CARBON, ENERGY, MET, SHARE, Rule, Statement, basis, line
from parkopt.carbon.factors import factor
from parkopt.errors import Text
from parkopt.results.statement_accounts import account_rows
from parkopt.results.statement_page import statement_page
from tests.results.test_statement import small
from tests.results.test_statement_page import Page

RULE = Rule(Text("a rule", "某规则"), 2015, "", "S")
JIANGSU, NATIONAL = factor("jiangsu_2023"), factor("jiangsu_2022")


def account(*parts, notes=None, in_inventory=True, lacks=None):
    first = line("x", Text("line", "行"), *parts, lacks=lacks, note=notes)
    period = ("2026-07-01", "2026-07-31")
    name = Text("An account", "某口径")
    return Statement("one", name, "party", period, (first,), RULE.source, RULE, in_inventory=in_inventory)


def one(*parts, **more):
    return account_rows([account(*parts, **more)])[0]


def test_carbon_energy_shares_and_verdicts_in_units_for_reading():
    """2.5e12 ug are 2.5 t; 1500 Wh are 1.5 kWh; 2 of 3 is 66.7 %."""
    shown = [one(*parts) for parts in ((2_500_000_000_000, CARBON), (1500, ENERGY), (Fraction(2, 3), SHARE), (MET, ""))]
    assert [(row["value"], row["unit"]) for row in shown[:3]] == [(2.5, "t CO2"), (1.5, "kWh"), ("66.7 %", "")]
    assert shown[3]["value"] == Text("met", "达标")
    assert one(7.5, "ug/Wh")["value"] == 7.5


def test_each_factor_is_told_and_without_one_the_rule():
    row = one(1, CARBON, JIANGSU, NATIONAL)
    assert row["factor"] == f"{basis(JIANGSU).value} kgCO2/kWh; {basis(NATIONAL).value} kgCO2/kWh"
    assert (row["year"], row["region"]) == ("2023; 2022", "Jiangsu")
    assert row["source"] == f"{JIANGSU.source}; {NATIONAL.source}"
    plain = one(1, CARBON)
    assert (plain["factor"], plain["year"], plain["source"], plain["confidence"]) == (None, 2015, RULE.source, "S")


def test_what_cannot_be_given_says_why_on_the_page():
    rows = account_rows(
        [account(None, CARBON, lacks=Text("a trace", "追踪结果")), account(1, CARBON, JIANGSU, in_inventory=False)]
    )
    for lang, why, never in (("en", "a trace is missing", "never part"), ("zh", "缺少追踪结果", "不得计入")):
        shown = Page(statement_page(small(accounts=rows), lang)).rows["accounts"]
        assert shown[1][1] == "–"
        assert why in shown[1][0]
        assert never in shown[2][0]
