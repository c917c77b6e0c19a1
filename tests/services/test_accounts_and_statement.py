"""Accounts, factors and statements of settled days: parties together are the park, and a correction reaches all."""

from datetime import timedelta

import pytest

from parkopt.carbon.accounts import ToDate
from parkopt.services.accounts import accounts_of, case_of
from parkopt.services.settle import settled_days
from parkopt.services.settled_shares import park_factors
from parkopt.services.settled_span import span
from parkopt.services.statements import write_statement
from tests.services import settled_small as small
from tests.services.settled_small import FIRST, PARK, make, start

LAST = FIRST + timedelta(days=1)


@pytest.fixture
def config(tmp_path, monkeypatch, sqlite_url):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    made = make(tmp_path, sqlite_url)
    start(made, 2)
    return made


def assert_adds_up(config):
    whole = case_of(span(PARK, "", FIRST, LAST, config), FIRST, LAST, ToDate())
    own = [case_of(span(PARK, p, FIRST, LAST, config), FIRST, LAST, ToDate()) for p in small.PARTIES]
    assert (sum(one.consumption_wh for one in own) == whole.consumption_wh).all()
    for label in whole.physical:
        wh = sum(one.physical[label].wh for one in own if label in one.physical)
        ug = sum(one.physical[label].ug for one in own if label in one.physical)
        assert (wh == whole.physical[label].wh).all()
        assert (ug == whole.physical[label].ug).all()
    claimed = sum(int(claim.wh.sum()) for one in own for claim in one.claims)
    assert claimed == sum(int(claim.wh.sum()) for claim in whole.claims)
    told = settled_days(PARK, FIRST, LAST, config)
    assert claimed == sum(one["claimed_wh"] for one in told)
    hours = park_factors(PARK, FIRST, LAST, config)["hours"]  # I10: factor x denominator is the parties' carbon
    assert sum(int(one["location"]["numerator_ug"]) for one in hours) == sum(int(one["carbon_ug"]) for one in told)
    assert sum(int(one["market"]["numerator_ug"]) for one in hours) == sum(int(one["market_ug"]) for one in told)
    assert sum(one["location"]["denominator_wh"] for one in hours) == int(whole.consumption_wh.sum())


def test_the_park_is_the_sum_of_its_parties_before_and_after_a_correction(config):
    assert_adds_up(config)
    rows = [("pv", "generation", FIRST, hour, 0) for hour in range(24)]
    small.upload(config, rows, 1, "corrected")
    assert small.again(config, 2)
    assert_adds_up(config)


def test_each_party_has_all_accounts_and_a_statement(config, tmp_path):
    for party in ("", *small.PARTIES):
        made = accounts_of(PARK, party, FIRST, LAST, config)
        assert len(made["accounts"]) > 5
    page = write_statement(PARK, "a", FIRST, LAST, config, "en", tmp_path / "a.html")
    assert "2026-07-01" in page.read_text("utf-8")
