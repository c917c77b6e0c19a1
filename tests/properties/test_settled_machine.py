"""Random lives of a settled park: after each step invariants hold, at the end all evidence verifies."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from random import Random
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from parkopt.store.engine import close
from tests.properties.settled_steps import Life
from tests.services import settled_small as small

seeds = st.integers(0, 10**6)


class SettledPark(RuleBasedStateMachine):
    """Steps of `tests.properties.settled_steps`, in the order that hypothesis likes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.parks = mock.patch.dict(os.environ, PARKOPT_PARKS=str(Path(self.folder.name) / "parks"))
        self.parks.start()
        self.config = small.make(Path(self.folder.name))
        self.life = Life(self.config, Random(0))

    @initialize()
    def begin(self) -> None:
        self.life.next_day()

    def _do(self, name: str, seed: int) -> None:
        self.life.chance = Random(seed)
        getattr(self.life, name)()
        self.life.holds()

    @precondition(lambda self: self.life.days < 3)
    @rule(seed=seeds)
    def next_day(self, seed: int) -> None:
        self._do("next_day", seed)

    @rule(seed=seeds, name=st.sampled_from(("correct", "correct", "bundle", "rotate")))
    def settle(self, seed: int, name: str) -> None:
        self._do(name, seed)

    @rule(seed=seeds, name=st.sampled_from(("by_hand", "claim", "expire", "link")))
    def certificates(self, seed: int, name: str) -> None:
        self._do(name, seed)

    def teardown(self) -> None:
        try:
            if self.life.days:
                self.life.end()
        finally:
            close(self.config.store_url)
            self.parks.stop()
            self.folder.cleanup()


TestSettledPark = SettledPark.TestCase
TestSettledPark.settings = settings(
    max_examples=5, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
