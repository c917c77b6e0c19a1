"""The worked example of docs/accounts.md is what the accounts give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.carbon.accounts.simple import example

PAGE = (Path(__file__).parents[3] / "docs" / "accounts.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("account", "name", "shown"), ROWS)
def test_each_figure_of_the_page(account, name, shown):
    value = next(one for one in example() if one.id == account)[name].value
    assert (f"{value:.3g}" if isinstance(value, float) else str(value)) == shown


def test_every_account_has_a_section_and_a_figure():
    ids = {one.id for one in example()}
    assert len(ids) == 10
    assert {row[0] for row in ROWS} == ids
    assert ids <= set(re.findall(r"^## (\w+)$", PAGE, re.MULTILINE))


def test_the_page_names_every_threshold_of_the_settings():
    for figure in ("0.8325", "0.1229", "0.2856", "60 %", "30 %", "35 %", "20 %", "50 %", "90 %", "0.11"):
        assert figure in PAGE
