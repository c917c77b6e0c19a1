"""Random actions in any order: after each of them every invariant holds, and nobody's Wh appears twice."""

import contextlib

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from parkopt.errors import ServiceFault
from parkopt.store import registry_actions as act
from parkopt.store.engine import engine
from parkopt.store.registry import By
from parkopt.store.registry_claims import claim, record_consumption
from parkopt.store.registry_correct import correct_consumption, correct_generation
from parkopt.store.registry_day import DayOfCertificates, DeviceHour, Drawn, Part, PartyHour, StoreHour
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_issue import issue, open_accounts
from parkopt.store.registry_queries import bundles
from parkopt.store.registry_settle import settle_day
from parkopt.store.registry_storage import add_grey_lot, cancel_for_storage, issue_storage, lots
from tests.store.registry_cases import BY, LATER, PARK, at, minting

DEVICES, PARTIES, HOURS = ("pv", "wind"), ("a", "b"), (at(3), at(4), at(5))
EXPIRIES = ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z", LATER)
device, party, hour = st.sampled_from(DEVICES), st.sampled_from(PARTIES), st.sampled_from(HOURS)
wh, some = st.integers(0, 60), st.none() | st.integers(1, 40)
pick = st.integers(0, 10**6)
who = st.sampled_from(("", "", "", "owner", "a", "b"))


class Registry(RuleBasedStateMachine):
    url = ""
    steps = 0
    done = 0

    def __init__(self):
        super().__init__()
        self.session = Session(engine(self.url))
        self.session.begin()
        self.rev = 0

    def teardown(self):
        self.session.rollback()
        self.session.close()

    @initialize()
    def open(self):
        open_accounts(self.session, PARK, ["owner", *PARTIES])
        for number, t0 in enumerate(HOURS):
            for name in DEVICES:
                what = minting(device=name, t0=t0, wh=50, expires_at=EXPIRIES[number])
                issue(self.session, PARK, BY, what)
            for name in PARTIES:
                record_consumption(self.session, PARK, BY, name, t0, 40)

    def _any(self, number):
        found = bundles(self.session, PARK, limit=1000)
        return found[number % len(found)]

    def _try(self, action, *args, account="", **kwargs):
        """Do an action; a fault of the registry is an answer, an error of the database is a bug."""
        Registry.steps += 1
        with contextlib.suppress(ServiceFault):
            action(self.session, PARK, By("x", BY.at, account, "random"), *args, **kwargs)
            Registry.done += 1

    @rule(number=pick, size=some, account=who)
    def transfer(self, number, size, account):
        self._try(act.transfer, self._any(number).id, "a", size, account=account)

    @rule(number=pick, size=st.integers(-1, 60))
    def split(self, number, size):
        self._try(act.split, self._any(number).id, size)

    @rule(number=pick, size=some, to=st.sampled_from(("", *PARTIES)), account=who)
    def reserve(self, number, size, to, account):
        self._try(act.reserve, self._any(number).id, to, size, account=account)

    @rule(number=pick, what=st.sampled_from((act.unreserve, act.lock, act.withdraw, act.mark_export)), size=some)
    def change(self, number, what, size):
        self._try(what, self._any(number).id, size)

    @rule(number=pick)
    def unlock(self, number):
        self._try(act.unlock, self._any(number).id)

    @rule(number=pick, name=party, size=some, account=who)
    def cancel(self, number, name, size, account):
        self._try(act.cancel, self._any(number).id, name, size, account=account)

    @rule(number=pick, name=party, size=some, account=who)
    def claim(self, number, name, size, account):
        bundle = self._any(number)
        self._try(claim, bundle.id, name, bundle.t0, size, account=account)

    @rule(number=pick, name=party, t0=hour)
    def claim_any_hour(self, number, name, t0):
        self._try(claim, self._any(number).id, name, t0)

    @rule(number=pick, size=st.integers(1, 40), loss=st.integers(0, 9))
    def store(self, number, size, loss):
        inside = size - size * loss // 10
        self._try(cancel_for_storage, self._any(number).id, "ess", inside, inside * 9 // 10, size)

    @rule(t0=hour, size=st.integers(1, 20))
    def grey(self, t0, size):
        self._try(add_grey_lot, "ess", t0, size, size, size * 9 // 10)

    @rule(t0=hour, size=st.integers(1, 30))
    def discharge(self, t0, size):
        self._try(issue_storage, "ess", t0, size, "owner", LATER)

    @rule(name=device, t0=hour, size=wh)
    def correct_generation(self, name, t0, size):
        self.rev += 1
        self._try(correct_generation, minting(device=name, t0=t0, wh=size, rev=self.rev))

    @rule(name=party, t0=hour, size=wh)
    def correct_consumption(self, name, t0, size):
        self.rev += 1
        self._try(correct_consumption, name, t0, size, self.rev)

    @rule(
        name=device, start=st.integers(0, 200), size=st.integers(0, 60), gec=st.sampled_from("GH"), sold=st.booleans()
    )
    def link(self, name, start, size, gec, sold):
        self._try(act.link_gec, name, start, start + size, gec, sold=sold)

    @rule(now=st.sampled_from(EXPIRIES[:2]))
    def expire(self, now):
        self._try(act.expire, now)

    @rule(size=st.integers(0, 40), kept=st.integers(0, 20), name=party)
    def settle(self, size, kept, name):
        """A later day in bulk, drawing on a lot that single actions made."""
        self.rev += 1
        t0 = f"2026-08-{self.rev % 28 + 1:02d}T03:00:00Z"
        parts = (Part("claim", name, size), Part("export", "", 3), Part("store", "ess", kept, kept, kept * 8 // 10))
        hours = (DeviceHour("pv", t0, size + 3 + kept, 0, "owner", "solar_pv", LATER, parts),)
        green = [lot for lot in lots(self.session, PARK, "ess") if lot.bundle and lot.limit_wh]
        out = ()
        if green:
            lot = green[size % len(green)]
            take = Drawn(lot.charged, lot.origin, 2, 1)
            out = (StoreHour("ess", t0, "owner", LATER, (take,), (Part("claim", name, 1),)),)
        with contextlib.suppress(ServiceFault):
            settle_day(self.session, PARK, DayOfCertificates(BY, (PartyHour(name, t0, size + 1),), hours, out))

    @invariant()
    def sound(self):
        assert invariants(self.session, PARK) == []


@pytest.mark.parametrize(("database", "examples", "steps"), [("sqlite_url", 40, 50), ("postgres_url", 8, 30)])
def test_random_actions_keep_every_invariant(request, database, examples, steps):
    machine = type("Machine", (Registry,), {"url": request.getfixturevalue(database)})
    Registry.steps = Registry.done = 0
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, database=None
    )
    run_state_machine_as_test(machine, settings=how)
    print(f"{Registry.done} of {Registry.steps} actions were allowed")
    assert Registry.done > Registry.steps // 10
