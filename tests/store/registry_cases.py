"""A small park with certificates in every state, for the tests of the registry."""

from parkopt.store import registry_actions as act
from parkopt.store import states
from parkopt.store.registry import By, get
from parkopt.store.registry_claims import claim, record_consumption
from parkopt.store.registry_correct import correct_generation
from parkopt.store.registry_issue import Minting, issue, open_accounts
from parkopt.store.registry_storage import cancel_for_storage

PARK = "binhai"
T0 = "2026-07-01T03:00:00Z"
T1 = "2026-07-01T04:00:00Z"
LATER = "2028-07-01T00:00:00Z"
BY = By("operator", "2026-07-02T01:00:00Z", reason="test")


def at(hour):
    return f"2026-07-01T{hour:02d}:00:00Z"


def minting(device="pv", t0=T0, wh=100, rev=0, **more):
    return Minting(device, t0, wh, rev, more.pop("account", "owner"), "solar_pv", more.pop("expires_at", LATER), **more)


def opened(session, consumption=100_000):
    """Open accounts, and consumption of two parties in two hours."""
    open_accounts(session, PARK, ["owner", "a", "b"])
    for party in ("a", "b"):
        for t0 in (T0, T1):
            record_consumption(session, PARK, BY, party, t0, consumption)


def issued(session, **what):
    """Issue one bundle and return its id."""
    return issue(session, PARK, BY, minting(**what)).bundles[0]


def in_state(session, state, device):
    """Return the id of a bundle of 100 Wh, of a device of its own, brought to a state by allowed actions."""
    bundle = issued(session, device=device)
    if state == states.RESERVED:
        act.reserve(session, PARK, BY, bundle)
    elif state == states.LOCKED:
        act.lock(session, PARK, BY, bundle)
    elif state == states.CANCELLED:
        act.cancel(session, PARK, BY, bundle, "a")
    elif state in (states.CLAIMED, states.REVERSED):
        claim(session, PARK, BY, bundle, "a", T0)
        if state == states.REVERSED:
            correct_generation(session, PARK, BY, minting(device=device, wh=0, rev=1))
    elif state == states.STORED:
        cancel_for_storage(session, PARK, BY, bundle, f"store-{device}", 90, 80)
    elif state == states.EXPIRED:
        act.lock(session, PARK, BY, bundle)
        act.expire(session, PARK, BY, LATER)
    elif state == states.WITHDRAWN:
        act.withdraw(session, PARK, BY, bundle)
    elif state == states.SPLIT:
        act.split(session, PARK, BY, bundle, 1)
    assert get(session, PARK, bundle).status == state
    return bundle
