"""Random steps in the life of a settled park, each with what must hold after it: for tests and from the command line.

``python -m tests.properties.settled_steps --actions 1000`` makes steps at random until as many are done.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from unittest import mock

from parkopt.errors import ParkoptError
from parkopt.services import bundles, certificates, keys
from parkopt.services.settle import settle
from parkopt.settings import Settings
from parkopt.store.engine import close, transaction
from parkopt.store.registry_invariants import invariants
from tests.services import settled_small as small

CORRECTED = ("generation", "consumption", "charge", "discharge", "delivered", "import")
BY_HAND = ("transfer", "reserve", "unreserve", "lock", "unlock", "cancel", "withdraw", "export", "split")


class Life:
    """A park with its meters; each step is chosen by a source of chance (`random.Random`, or hypothesis)."""

    def __init__(self, config: Settings, chance: Random) -> None:
        self.config, self.chance = config, chance
        self.meters = small.meters_of(40)
        self.days = 0
        self.revision = 0
        self.done: Counter[str] = Counter()

    def next_day(self) -> None:
        """Upload the next day and settle it."""
        day = small.FIRST + timedelta(days=self.days)
        small.upload(self.config, small.rows_of(day, self.meters[self.days]))
        list(settle(small.PARK, day, day, self.config))
        self.days += 1
        self.done["day"] += 1

    def correct(self) -> None:
        """Correct some readings of a settled day, and settle all days again."""
        number = self.chance.randrange(self.days)
        own = self.meters[number]
        self.revision += 1
        rows = []
        for _ in range(self.chance.randint(1, 6)):
            key = self.chance.choice([one for one in own if one[1] in CORRECTED])
            hour = self.chance.randrange(24)
            factor = self.chance.choice((0.0, 0.3, 0.8, 0.99, 1.05))
            own[key][hour] = int(own[key][hour] * factor)
            rows.append((*key, small.FIRST + timedelta(days=number), hour, own[key][hour]))
        rows = list({row[:4]: row for row in rows}.values())
        small.upload(self.config, rows, self.revision, "corrected")
        list(settle(small.PARK, small.FIRST, small.FIRST + timedelta(days=self.days - 1), self.config))
        self.done["correction"] += 1

    def by_hand(self) -> None:
        """Take a random step with a random bundle; it may be refused."""
        action = self.chance.choice(BY_HAND)
        found = small.rows(self.config)
        one = self.chance.choice(found)
        party = self.chance.choice(small.PARTIES)
        told = {"bundle": one.id, "account": party, "beneficiary": party, "reason": "test"}
        if action == "split" or self.chance.random() < 0.5:
            told["wh"] = self.chance.randint(1, max(1, one.quantity))
        self._act(action, told)

    def claim(self) -> None:
        """Claim what is active or cancelled for some party; it may have no room for it."""
        found = [*small.rows(self.config, status="active"), *small.rows(self.config, status="cancelled")]
        if not found:
            return
        one = self.chance.choice(found)
        party = one.beneficiary or self.chance.choice(small.PARTIES)
        self._act("claim", {"bundle": one.id, "party": party, "wh": self.chance.randint(1, one.quantity)})

    def expire(self) -> None:
        """Let a year and some hours pass."""
        hour = self.chance.randrange(24)
        now = small.utc(small.FIRST + timedelta(days=366 + self.chance.randrange(self.days)), hour)
        with mock.patch("parkopt.services.certificates._now", return_value=now):
            self._act("expire", {})

    def link(self) -> None:
        """Link a range to a GEC, sold or not."""
        one = self.chance.choice(small.rows(self.config))
        told = {"device": one.device, "start": one.range_start, "end": one.range_end, "gec": f"G{one.id}"}
        self._act("link_gec", {**told, "sold": self.chance.random() < 0.3})

    def _act(self, action: str, told: dict[str, object]) -> None:
        key = f"k{sum(self.done.values())}"
        try:
            first = certificates.act(small.PARK, action, told, self.config, actor="t", key=key)
        except ParkoptError:
            self.done[f"{action} refused"] += 1
            return
        again = certificates.act(small.PARK, action, told, self.config, actor="t", key=key)
        assert [one["id"] for one in again["bundles"]] == [one["id"] for one in first["bundles"]]
        assert list(again["logged"]) == []
        self.done[action] += 1

    def rotate(self) -> None:
        """Change the key of the log."""
        keys.rotate(self.config, small.PARK, "yearly")
        self.done["rotate"] += 1

    def bundle(self) -> None:
        """Hand out evidence."""
        party = self.chance.choice((*small.PARTIES, "auditor"))
        bundles.bundle(small.PARK, party, small.FIRST, small.FIRST + timedelta(days=self.days - 1), self.config)
        self.done["bundle"] += 1

    def holds(self) -> None:
        """Check the registry's invariants, and that the enterprise-days are what it holds."""
        with transaction(self.config.store_url) as session:
            assert invariants(session, small.PARK) == []
            small.assert_same_claims(session, self.days)

    def end(self) -> None:
        """Check everything."""
        small.assert_sound(self.config, self.days)


STEPS = (("next_day", 2), ("correct", 6), ("by_hand", 12), ("claim", 8), ("expire", 1), ("link", 2), ("rotate", 1),
         ("bundle", 1))  # fmt: skip


def run(config: Settings, actions: int, seed: int, most_days: int = 4, *, each: int = 25) -> Counter[str]:
    """Make random steps; everything is verified after each `each` of them, and at the end."""
    life = Life(config, Random(seed))
    life.next_day()
    names, weights = zip(*STEPS, strict=True)
    for number in range(actions):
        name = life.chance.choices(names, weights)[0]
        if name != "next_day" or life.days < most_days:
            getattr(life, name)()
            life.holds()
        if number % each == each - 1:
            life.end()
    life.end()
    return life.done


def main() -> None:
    """Run from the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--actions", type=int, default=100)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--parks", type=int, default=1)
    asked.add_argument("--each", type=int, default=25)
    given = asked.parse_args()
    total: Counter[str] = Counter()
    for number in range(given.parks):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["PARKOPT_PARKS"] = str(Path(folder) / "parks")
            config = small.make(Path(folder))
            total += run(config, given.actions // given.parks, given.seed + number, each=given.each)
            close(config.store_url)
    print(sum(total.values()), dict(sorted(total.items())))


if __name__ == "__main__":
    main()
