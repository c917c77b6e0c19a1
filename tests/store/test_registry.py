"""Actions on certificates: faults of other registries that must not come back, rights, requests, corrections."""

import pytest

from parkopt.faults import (
    AlreadyIssued,
    ClaimTooLarge,
    GecConflict,
    LotsTooSmall,
    NoCorrection,
    NotClaimable,
    NotFound,
    NotMeasured,
    NotYourCertificate,
    OtherRequest,
    StateForbids,
    UnknownAccount,
    WrongQuantity,
)
from parkopt.store import registry_actions as act
from parkopt.store.engine import transaction
from parkopt.store.registry import By, get
from parkopt.store.registry_claims import claim, gaps, record_consumption
from parkopt.store.registry_correct import correct_consumption, correct_generation
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_issue import issuance_id, issue, top_up
from parkopt.store.registry_queries import balance, bundles, claims_of, history, totals
from parkopt.store.registry_storage import add_grey_lot, cancel_for_storage, issue_storage, lots
from tests.store.registry_cases import BY, LATER, PARK, T0, T1, at, issued, minting, opened


@pytest.fixture
def session(store_url):
    with transaction(store_url) as session:
        opened(session, 100)
        yield session
        assert invariants(session, PARK) == []


def _statuses(session, device="pv"):
    rows = bundles(session, PARK, device=device)
    return [(b.status, b.range_start, b.range_end) for b in sorted(rows, key=lambda b: b.range_start)]


def test_a_split_holds_every_id_once(session):
    """Reference 1.5, fault 1: the first child of another registry holds one id too many."""
    done = act.split(session, PARK, BY, issued(session), 30)
    assert _statuses(session) == [("active", 0, 29), ("active", 30, 99)]
    assert {get(session, PARK, child).issuance_id for child in done.bundles} == {f"pv|electricity|{T0}|0"}
    for wh in (0, -1, 31):
        with pytest.raises(WrongQuantity):
            act.split(session, PARK, BY, done.bundles[0], wh)


def test_a_claim_is_never_free_again(session):
    """Fault 2: claimed -> reserved -> cancelled -> claimed counts twice."""
    bundle = issued(session)
    claim(session, PARK, BY, bundle, "a", T0)
    for again in (act.reserve, act.lock, act.withdraw):
        with pytest.raises(StateForbids):
            again(session, PARK, BY, bundle)
    with pytest.raises(StateForbids):
        claim(session, PARK, BY, bundle, "a", T0)


def test_ids_are_not_used_again_after_a_withdrawal(session):
    """Fault 3."""
    act.withdraw(session, PARK, BY, issued(session))
    issued(session, t0=T1)
    assert _statuses(session) == [("withdrawn", 0, 99), ("active", 100, 199)]
    with pytest.raises(AlreadyIssued):
        issue(session, PARK, BY, minting())


def test_sdgc_are_no_more_than_the_lot_gives(session):
    """Fault 5: the whole discharge was minted for every lot, whatever the efficiency."""
    for hour, limit in ((1, 40), (2, 50)):
        bundle = issued(session, t0=at(hour))
        cancel_for_storage(session, PARK, BY, bundle, "ess", 90, limit)
    with pytest.raises(LotsTooSmall):
        issue_storage(session, PARK, BY, "ess", T0, 91, "owner", LATER)


def test_sdgc_come_from_the_oldest_lot_first(session):
    for hour in (1, 2):
        cancel_for_storage(session, PARK, BY, issued(session, t0=at(hour)), "ess", 90, 80)
    done = issue_storage(session, PARK, BY, "ess", T0, 100, "owner", LATER)
    made = [get(session, PARK, bundle) for bundle in done.bundles]
    assert [(b.quantity, b.origin_device, b.origin_t0) for b in made] == [(80, "pv", at(1)), (20, "pv", at(2))]
    claim(session, PARK, BY, done.bundles[0], "a", T0)
    assert claims_of(session, PARK, "a", T0, T1)[0].origin_t0 == at(1)
    with pytest.raises(LotsTooSmall):
        issue_storage(session, PARK, BY, "ess", T0, 61, "owner", LATER)


def test_a_grey_lot_takes_its_turn_and_mints_nothing(session):
    add_grey_lot(session, PARK, BY, "ess", at(1), 100, 90, 80)
    cancel_for_storage(session, PARK, BY, issued(session, t0=at(2)), "ess", 90, 80)
    done = issue_storage(session, PARK, BY, "ess", T0, 100, "owner", LATER)
    assert [get(session, PARK, bundle).quantity for bundle in done.bundles] == [20]
    with pytest.raises(WrongQuantity):
        add_grey_lot(session, PARK, BY, "ess", at(1), 100, 80, 90)


def test_a_lot_gives_only_after_its_hour(session):
    cancel_for_storage(session, PARK, BY, issued(session), "ess", 90, 80)
    with pytest.raises(LotsTooSmall):
        issue_storage(session, PARK, BY, "ess", T0, 1, "owner", LATER)
    assert issue_storage(session, PARK, BY, "ess", T1, 1, "owner", LATER).bundles


def test_a_claim_is_tied_to_consumption(session):
    """Fault 7: nothing tied a claim to a consumption meter or hour."""
    big = issued(session, wh=150)
    with pytest.raises(ClaimTooLarge):
        claim(session, PARK, BY, big, "a", T0, 101)
    with pytest.raises(NotClaimable):
        claim(session, PARK, BY, big, "a", T1)
    with pytest.raises(NotFound):
        get(session, "another park", big)
    claim(session, PARK, BY, big, "a", T0, 60)
    rest = next(b for b in bundles(session, PARK, status="active"))
    with pytest.raises(ClaimTooLarge):
        claim(session, PARK, BY, rest.id, "a", T0, 41)
    claim(session, PARK, BY, rest.id, "a", T0, 40)
    assert gaps(session, PARK, "a", T0) == []
    covered = [(c.consumed_start, c.consumed_end) for c in claims_of(session, PARK, "a", T0, T1)]
    assert covered == [(0, 59), (60, 99)]


def test_only_the_beneficiary_claims(session):
    bundle = issued(session)
    act.cancel(session, PARK, BY, bundle, "a")
    with pytest.raises(NotClaimable):
        claim(session, PARK, BY, bundle, "b", T0)
    with pytest.raises(NotYourCertificate):
        claim(session, PARK, By("b", BY.at, account="b"), bundle, "a", T0)
    claim(session, PARK, By("a", BY.at, account="a"), bundle, "a", T0)


def test_rights_follow_the_table(session):
    bundle = issued(session)
    owner, other = By("o", BY.at, account="owner"), By("b", BY.at, account="b")
    for attempt in (
        lambda: act.transfer(session, PARK, other, bundle, "b"),
        lambda: act.lock(session, PARK, owner, bundle),
        lambda: act.withdraw(session, PARK, owner, bundle),
    ):
        with pytest.raises(NotYourCertificate):
            attempt()
    act.reserve(session, PARK, owner, bundle, "a")
    with pytest.raises(NotYourCertificate):
        act.cancel(session, PARK, owner, bundle, "a")  # the one it is reserved for decides
    with pytest.raises(NotYourCertificate):
        act.cancel(session, PARK, BY, bundle, "b")
    act.unreserve(session, PARK, By("a", BY.at, account="a"), bundle)
    act.transfer(session, PARK, owner, bundle, "a", 40)
    assert [b.quantity for b in bundles(session, PARK, party="a")] == [40]


def test_accounts_are_known(session):
    with pytest.raises(UnknownAccount):
        act.transfer(session, PARK, BY, issued(session), "stranger")
    with pytest.raises(UnknownAccount):
        issued(session, device="pv2", account="stranger")
    with pytest.raises(UnknownAccount):
        record_consumption(session, PARK, BY, "stranger", T0, 5)


def test_only_measured_readings_issue(session):
    with pytest.raises(NotMeasured):
        issue(session, PARK, BY, minting(quality="estimated"))
    with pytest.raises(WrongQuantity):
        issue(session, PARK, BY, minting(wh=-1))
    assert issue(session, PARK, BY, minting(wh=0)).bundles == ()
    with pytest.raises(AlreadyIssued):
        issue(session, PARK, BY, minting(wh=0))
    assert issuance_id("pv", T0, 2) == "pv|electricity|2026-07-01T03:00:00Z|2"


def test_a_request_is_answered_once(session):
    keyed = By("operator", BY.at, key="k1")
    first = issue(session, PARK, keyed, minting())
    assert issue(session, PARK, keyed, minting()) == first
    assert len(bundles(session, PARK)) == 1
    with pytest.raises(OtherRequest):
        issue(session, PARK, keyed, minting(wh=99))


def test_exported_and_sold_energy_is_never_claimed(session):
    one, two = issued(session), issued(session, device="wind")
    act.mark_export(session, PARK, BY, one, 40)
    exported = next(b for b in bundles(session, PARK, device="pv") if b.disposition == "export")
    act.link_gec(session, PARK, BY, "wind", 20, 59, "GEC-1", sold=True)
    sold = next(b for b in bundles(session, PARK, device="wind") if b.gec_sold)
    assert (sold.range_start, sold.range_end, sold.gec_id) == (20, 59, "GEC-1")
    for bundle in (exported, sold):
        with pytest.raises(NotClaimable):
            claim(session, PARK, BY, bundle.id, "a", T0)
        with pytest.raises(NotClaimable):
            cancel_for_storage(session, PARK, BY, bundle.id, "ess", 10, 9)
    act.cancel(session, PARK, BY, exported.id, "a")
    with pytest.raises(NotClaimable):
        claim(session, PARK, BY, exported.id, "a", T0)
    assert two not in (b.id for b in bundles(session, PARK))


def test_claimed_energy_is_not_sold(session):
    bundle = issued(session)
    claim(session, PARK, BY, bundle, "a", T0)
    act.link_gec(session, PARK, BY, "pv", 0, 99, "GEC-1", sold=False)
    with pytest.raises(GecConflict):
        act.link_gec(session, PARK, BY, "pv", 0, 99, "GEC-1", sold=True)
    with pytest.raises(GecConflict):
        act.link_gec(session, PARK, BY, "pv", 0, 99, "GEC-2", sold=False)
    with pytest.raises(GecConflict):
        act.link_gec(session, PARK, BY, "pv", 0, 49, "GEC-1", sold=False)
    with pytest.raises(GecConflict):
        act.link_gec(session, PARK, BY, "pv", 100, 199, "GEC-3", sold=False)


def test_a_higher_reading_mints_the_difference(session):
    issued(session)
    top_up(session, PARK, BY, minting(wh=130, rev=1))
    found = bundles(session, PARK, device="pv")
    assert [(b.quantity, b.rev) for b in found] == [(100, 0), (30, 1)]
    with pytest.raises(NoCorrection):
        top_up(session, PARK, BY, minting(wh=120, rev=2))
    with pytest.raises(NoCorrection):
        top_up(session, PARK, By("operator", BY.at), minting(wh=140, rev=2))
    with pytest.raises(NoCorrection):
        correct_generation(session, PARK, BY, minting(wh=140, rev=1))
    with pytest.raises(NoCorrection):
        correct_generation(session, PARK, BY, minting(device="other", rev=1))


def test_a_lower_reading_takes_back_in_order(session):
    """100 Wh: 20 claimed first, 20 claimed next, 20 cancelled, 20 locked, 20 active."""
    bundle = issued(session)
    parts = []
    for _ in range(4):
        first, bundle = act.split(session, PARK, BY, bundle, 20).bundles
        parts.append(first)
    claim(session, PARK, BY, parts[0], "a", T0)
    claim(session, PARK, BY, parts[1], "a", T0)
    act.cancel(session, PARK, BY, parts[2], "b")
    act.lock(session, PARK, BY, parts[3])
    correct_generation(session, PARK, BY, minting(wh=75, rev=1))
    taken = [s for s, *_ in _statuses(session)]
    assert sorted(taken) == sorted(["claimed", "claimed", "cancelled", "withdrawn", "locked", "withdrawn"])
    correct_generation(session, PARK, BY, minting(wh=50, rev=2))
    assert balance(session, PARK, "pv", T0).by_status == {"claimed": 40, "cancelled": 10, "withdrawn": 50}
    done = correct_generation(session, PARK, BY, minting(wh=25, rev=3))
    after = balance(session, PARK, "pv", T0)
    assert after.by_status == {"claimed": 25, "claim_reversed": 20, "withdrawn": 60}
    assert [step["type"] for step in done.actions] == ["correct", "reverse", "issue", "cancel", "claim"]
    assert get(session, PARK, parts[0]).status == "claimed"  # the oldest claim stays
    assert [c.range_start for c in claims_of(session, PARK, "a", T0, T1)] == [0, 100]


def test_a_lower_reading_reaches_through_a_storage(session):
    """100 Wh stored, lot of 80 at most; 60 minted: 30 claimed, 30 active. A reading of 50 leaves 40."""
    cancel_for_storage(session, PARK, BY, issued(session), "ess", 90, 80)
    sd = issue_storage(session, PARK, BY, "ess", T1, 60, "owner", LATER).bundles[0]
    claim(session, PARK, BY, sd, "a", T1, 30)
    correct_generation(session, PARK, BY, minting(wh=75, rev=1))  # 25 unused at 100 -> limit 60
    assert sum(c.quantity for c in claims_of(session, PARK, "a", T1, at(5))) == 30
    assert balance(session, PARK, "ess", T1).by_status == {"claimed": 30, "active": 30}
    correct_generation(session, PARK, BY, minting(wh=50, rev=2))
    assert balance(session, PARK, "ess", T1).by_status == {"claimed": 30, "active": 10, "withdrawn": 20}
    correct_generation(session, PARK, BY, minting(wh=25, rev=3))
    assert balance(session, PARK, "ess", T1).minted_wh == 20
    assert sum(c.quantity for c in claims_of(session, PARK, "a", T1, at(5))) == 20
    correct_generation(session, PARK, BY, minting(wh=0, rev=4))
    assert balance(session, PARK, "ess", T1).minted_wh == 0
    assert claims_of(session, PARK, "a", T1, at(5)) == []
    assert balance(session, PARK, "pv", T0).void_wh == 100
    assert lots(session, PARK, "ess")[0].ac_wh == 100


def test_an_expired_certificate_keeps_its_state_when_its_reading_falls(session):
    issued(session)
    act.expire(session, PARK, BY, LATER)
    correct_generation(session, PARK, BY, minting(wh=60, rev=1))
    found = balance(session, PARK, "pv", T0)
    assert (found.by_status, found.void_wh, found.minted_wh) == ({"expired": 100}, 40, 60)


def test_a_withdrawal_is_not_minted_again_by_a_correction(session):
    act.withdraw(session, PARK, BY, issued(session), 10)
    correct_generation(session, PARK, BY, minting(wh=110, rev=1))
    assert balance(session, PARK, "pv", T0).minted_wh == 100
    correct_generation(session, PARK, BY, minting(wh=105, rev=2))
    assert balance(session, PARK, "pv", T0).minted_wh == 95


def test_a_lower_consumption_reverses_the_newest_claims(session):
    first, second = issued(session, wh=60), issued(session, device="wind", wh=40)
    claim(session, PARK, BY, first, "a", T0)
    claim(session, PARK, BY, second, "a", T0)
    with pytest.raises(NoCorrection):
        correct_consumption(session, PARK, By("operator", BY.at), "a", T0, 70, 1)
    with pytest.raises(NoCorrection):
        record_consumption(session, PARK, BY, "a", T0, 70)
    correct_consumption(session, PARK, BY, "a", T0, 70, 1)
    assert get(session, PARK, first).status == "claimed"
    assert get(session, PARK, second).status == "claim_reversed"
    assert balance(session, PARK, "wind", T0).by_status == {"claim_reversed": 40, "claimed": 10, "active": 30}
    assert [(c.consumed_start, c.consumed_end) for c in claims_of(session, PARK, "a", T0, T1)] == [(0, 59), (60, 69)]
    correct_consumption(session, PARK, BY, "a", T0, 100, 2)
    assert gaps(session, PARK, "a", T0) == [(70, 99)]


def test_a_claim_fills_gaps_in_pieces(session):
    """Claims of 30 + 30 + 40; the middle one falls away by a correction, and 50 new Wh fill 30 of 30."""
    for device, wh in (("pv", 30), ("wind", 30), ("pv2", 40)):
        claim(session, PARK, BY, issued(session, device=device, wh=wh), "a", T0)
    correct_generation(session, PARK, BY, minting(device="wind", wh=0, rev=1))
    correct_generation(session, PARK, BY, minting(device="pv2", wh=20, rev=1))
    assert (
        gaps(session, PARK, "a", T0) == [(50, 59), (80, 99)]
        or sum(b - a + 1 for a, b in gaps(session, PARK, "a", T0)) == 50
    )
    done = claim(session, PARK, BY, issued(session, device="pv3", wh=50), "a", T0)
    assert sum(get(session, PARK, b).quantity for b in done.bundles) == 50
    assert len(done.bundles) > 1 or gaps(session, PARK, "a", T0) == []


def test_questions(session):
    issued(session)
    issued(session, device="wind", t0=T1)
    claim(session, PARK, BY, 1, "a", T0, 30)
    assert totals(session, PARK) == {"active": 170, "claimed": 30}
    assert totals(session, PARK, T0, T1) == {"active": 70, "claimed": 30}
    page = bundles(session, PARK, limit=2)
    assert len(page) == 2
    assert [b.id for b in bundles(session, PARK, after=page[-1].id)] == [4]
    assert [b.device for b in bundles(session, PARK, start=T1)] == ["wind"]
    assert [b.status for b in bundles(session, PARK, status="bundle_split")] == ["bundle_split"]
    assert [row["type"] for row in history(session, PARK, 1)] == ["issue", "split"]
    with pytest.raises(NotFound):
        get(session, PARK, 99)
