"""What energy in a store is worth at the end of each step, and where that comes from.

The value V of a MWh stored is the dual of the level. Along the hours ``V[t] = keep V[t+1]`` as long as the level meets
no limit; where the store is full V is less than what comes after, where it is empty more. At a discharge between its
bounds ``V = discharge_efficiency (p - wear)``, p being what a MWh given to the bus saves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from parkopt.clock import FloatArray
from parkopt.solve.terms import BOUND_MW, NOISE, Prices, Term


@dataclass(frozen=True)
class StoreValue:
    """The value of what one store holds."""

    prices: Prices
    name: str

    @cached_property
    def value(self) -> FloatArray:
        """Yuan for each MWh stored at the end of each step, shape (n,)."""
        return self.prices.stored_value(self.name)

    def _field(self, key: str, unless: float) -> float:
        value = getattr(self.prices.solution.problem.park.assets[self.name], key, unless)
        return float(value) if isinstance(value, int | float) else unless

    @property
    def gain(self) -> float:
        """Share of the charged energy that is stored."""
        return self._field("charge_efficiency", 1.0)

    @property
    def loss(self) -> float:
        """Share of the energy taken that is given."""
        return self._field("discharge_efficiency", 1.0)

    @property
    def keep(self) -> float:
        """Share of the level that a step leaves."""
        return float((1.0 - self._field("self_discharge", 0.0)) ** self.prices.hours)

    def ahead(self, step: int) -> float:
        """Return what a MWh stored would be worth if the level of this step had no limit."""
        later = step + 1 < len(self.value)
        return float(self.value[step + 1]) * self.keep if later else float(self.value[step])

    def at_level(self, step: int) -> tuple[bool, bool]:
        """Return whether the store is full, and whether it is at its lowest level, at the end of a step."""
        soc = self.prices.claim(self.name, "soc_mwh", step)
        return soc.at_high, soc.at_low

    def used(self, step: int, *, past_full: bool = False) -> tuple[str, int]:
        """Follow the value of a step to a discharge, a charge that is saved, or the end.

        With `past_full` it may become worth more on the way, where the store is full and no more could be brought.
        The first discharge between its bounds counts; a charge only where there is none.
        """
        saved, values = -1, self.prices.solution.values[self.name]
        for later in range(step + 1, len(self.value)):
            if self._parted(step, later, past_full=past_full):
                return ("charge", saved) if saved >= 0 else ("", -1)
            if self._between("discharge_mw", later):
                return "discharge", later
            if saved < 0 and not past_full and values["charge_mw"][later] > BOUND_MW:
                saved = later if self._between("charge_mw", later) else saved
        if abs(self.value[-1]) <= NOISE:
            return "", -1
        due = "final" in self.prices.solution.built.hub.blocks[self.name].rows
        return ("charge", saved) if saved >= 0 else ("final" if due else "value", -1)

    def _parted(self, step: int, later: int, *, past_full: bool) -> bool:
        """Return whether what is stored now is no longer what it is worth later: the level met a limit between."""
        fallen = float(self.value[step] - self.value[later] * self.keep ** (later - step))
        return (fallen if past_full else abs(fallen)) > NOISE * (1.0 + abs(float(self.value[step])))

    def _between(self, way: str, step: int) -> bool:
        most = self.prices.solution.built.hub.blocks[self.name].variables[way].upper[step]
        return bool(BOUND_MW < self.prices.solution.values[self.name][way][step] < most - BOUND_MW)

    def price_at(self, way: str, step: int) -> float:
        """Return what a MWh given saves in a step, or what one charged costs."""
        claim = self.prices.claim(self.name, "discharge_mw" if way == "discharge" else "charge_mw", step)
        return -claim.without(Term.OWN, Term.STORED) if way == "discharge" else claim.without(Term.STORED)
