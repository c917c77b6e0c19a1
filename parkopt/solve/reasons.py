"""Why each store, grid connection, unit, contract and plant does what it does in each step, in park words.

Each reason rests on claims (`parkopt.solve.terms`): what one more MWh of a flow would cost and bring, made of the
duals with on/off decisions as they are. A claim holds where no move of its flow would save anything, and the sentence
says no more than the claim: with c what a MWh costs now, w what is kept of it is worth (efficiency times the value of
stored energy), a store charges only if ``c <= w``, discharges only if wear and the energy taken are worth no more than
what a MWh saves, and rests if ``c >= w``: the spread to the hour where it would be given back, ``p - c``, is then no
more than losses and wear, ``p - w``.

Two things a dual cannot say: where leaving a bound would cost nothing (`makes_no_difference`), and where the answer is
a whole number, a unit's on or off (`hangs_on_whole`). With ``verify`` those are asked of the model itself, by
`parkopt.solve.counterfactual`, up to a number of solves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from parkopt.errors import Text
from parkopt.models.algebra import Vars
from parkopt.models.base import Technology
from parkopt.models.build import modelled
from parkopt.solve.counterfactual import FINE, NUDGE_MW, Counterfactual, counterfactual, solved_finely
from parkopt.solve.planner import Solution
from parkopt.solve.reason_words import (
    NO_DIFFERENCE,
    SENTENCES,
    SOURCE,
    STATES,
    STORES,
    USE,
    Kind,
    fill,
    flow_words,
    hour,
    joined,
    number,
    row_words,
)
from parkopt.solve.status import Limits
from parkopt.solve.store_value import StoreValue
from parkopt.solve.terms import BOUND_MW, Claim, Prices, Term

MOST = 20
"""Counterfactuals that `reasons` solves at most."""
DEMAND_LINES = ("demand_charge", "demand_or_capacity")
NOWHERE = Text("", "")


@dataclass(frozen=True)
class Reason:
    """Why one asset does what it does in one step."""

    asset: str
    step: int
    time: str
    """Start of the step in local time."""
    kind: Kind
    says: Text
    claims: tuple[Claim, ...]
    """What proves it."""
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What the sentence says, in yuan per MWh but for `mw`, and `peak` and `demand` in yuan per MW."""
    makes_no_difference: bool = False
    """Whether doing otherwise would cost nothing, by the duals."""
    hangs_on_whole: bool = False
    """Whether it hangs on a decision that is taken as a whole, of which duals say nothing."""
    otherwise: Counterfactual | None = None
    """What doing otherwise would cost, where that was asked."""

    @property
    def holds(self) -> bool:
        """Whether every claim is in keeping with complementary slackness."""
        return all(claim.holds for claim in self.claims)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        own = {key: value for key, value in vars(self).items() if key not in ("says", "claims", "otherwise")}
        return {
            **own,
            "kind": self.kind.value,
            "says": vars(self.says),
            "numbers": {key: round(value, 4) for key, value in self.numbers.items()},
            "holds": self.holds,
            "claims": [claim.as_dict() for claim in self.claims],
            "otherwise": None if self.otherwise is None else self.otherwise.as_dict(),
        }


def reasons(solution: Solution, *, verify: bool = False, most: int = MOST, limits: Limits = FINE) -> list[Reason]:
    """Return a reason for each asset and step, steps in order.

    Parameters
    ----------
    solution : Solution
        A solved problem.
    verify : bool
        Whether what duals cannot say is solved again, step by step.
    most : int
        How many of those are solved at most, the first ones.
    limits : Limits
        Time and gap of each of those.

    Raises
    ------
    NoSolution
        Where the problem with its on/off decisions fixed was not solved.
    """
    if solution.outcome == "rule_based":
        return list(_habits(solution))
    teller = _Teller(Prices.of(solution))
    found = [reason for step in range(solution.problem.grid.n) for reason in teller.of_step(step)]
    if solution.hedged:
        return [_hedged(solution, reason) for reason in found]
    return _verified(solution, found, most, limits) if verify else found


def _hedged(solution: Solution, reason: Reason) -> Reason:
    """Return a reason that is true of a plan over several futures: prices of this one do not prove it."""
    asset = modelled(solution.problem.park)[reason.asset]
    if asset.follows and reason.holds:
        return reason
    says = fill(SENTENCES[Kind.HEDGED], asset=reason.asset)
    return Reason(reason.asset, reason.step, reason.time, Kind.HEDGED, says, ())


def _habits(solution: Solution) -> Iterator[Reason]:
    grid = solution.problem.grid
    for step in range(grid.n):
        for name in solution.values:
            if name in solution.problem.park.assets:
                says = fill(SENTENCES[Kind.HABIT], asset=name)
                yield Reason(name, step, grid.label(step), Kind.HABIT, says, ())


def _verified(solution: Solution, found: list[Reason], most: int, limits: Limits) -> list[Reason]:
    base, left, made = solved_finely(solution, limits), most, []
    for reason in found:
        if left > 0 and (reason.makes_no_difference or reason.hangs_on_whole):
            left -= 1
            told = counterfactual(solution, reason.asset, reason.step, limits, base=base, **_asked(reason))
            same = told.same_cost and not reason.hangs_on_whole
            said = Text(reason.says.en.removesuffix(NO_DIFFERENCE.en), reason.says.zh.removesuffix(NO_DIFFERENCE.zh))
            says = joined(said, Text(f" {told.says.en}.", f"{told.says.zh}。"))
            made.append(replace(reason, otherwise=told, says=says, makes_no_difference=same))
        else:
            made.append(reason)
    return made


def _asked(reason: Reason) -> dict[str, Any]:
    """Return what to ask of the model: the flow of which the dual says nothing a little more, or less."""
    unsaid = [claim for claim in reason.claims if claim.indifferent or _one_way(claim)]
    if reason.kind is Kind.OFF or not unsaid:
        return {}
    claim = unsaid[0]
    if claim.at_low:
        return {"variable": claim.variable, "at_least": claim.mw + min(NUDGE_MW, claim.high_mw - claim.mw)}
    return {"variable": claim.variable, "at_most": claim.mw - min(NUDGE_MW, claim.mw - claim.low_mw)}


@dataclass(frozen=True)
class _Teller:
    """Tells reasons from the prices of one solution."""

    prices: Prices

    @property
    def solution(self) -> Solution:
        return self.prices.solution

    @cached_property
    def stores(self) -> list[str]:
        """Assets with a level that they charge and discharge."""
        wanted = {"charge_mw", "discharge_mw", "soc_mwh"}
        blocks = self.solution.built.hub.blocks.items()
        return [name for name, block in blocks if wanted <= set(block.variables) and "level" in block.rows]

    @cached_property
    def flows(self) -> list[tuple[str, str]]:
        """Flows of all others, one of each asset and variable; hydrogen is no energy with a price per MWh."""
        hub, n = self.solution.built.hub, self.solution.problem.grid.n
        every = [(flow.mw, flow.bus) for flow in (*hub.supplies, *hub.draws) if isinstance(flow.mw, Vars)]
        every += [(take, "") for _, _, take in hub.over_grid]
        left = [
            (made.asset, made.name)
            for made, bus in every
            if made.asset not in (*self.stores, *hub.connections) and len(made) == n and not self._hydrogen(made, bus)
        ]
        return list(dict.fromkeys(left))

    def _hydrogen(self, made: Vars, bus: str) -> bool:
        asset = self.solution.problem.park.assets[made.asset]
        return isinstance(asset, Technology) and asset.carriers().get(bus) == "hydrogen"

    def of_step(self, step: int) -> Iterator[Reason]:
        """Yield the reasons of one step."""
        for name in self.stores:
            yield self._store(name, step)
        for name in self.solution.built.hub.connections:
            yield self._grid(name, step)
        for name, variable in self.flows:
            yield self._flow(name, variable, step)

    def _reason(
        self, asset: str, step: int, kind: Kind, claims: tuple[Claim, ...], numbers: dict[str, float], **texts: object
    ) -> Reason:
        said = {key: number(value) for key, value in numbers.items()}
        says = fill(SENTENCES[kind], asset=asset, **said, **texts)
        whole = kind is Kind.OFF or any(_one_way(claim) for claim in claims)
        same = not whole and any(claim.indifferent for claim in claims)
        if same:
            says = joined(says, NO_DIFFERENCE)
        return Reason(asset, step, self.solution.problem.grid.label(step), kind, says, claims, numbers, same, whole)

    def _source(self, asset: str, step: int) -> Text:
        """Return who sets the price at an asset's bus, in brackets."""
        bus = getattr(self.solution.problem.park.assets[asset], "bus", "")
        name = self.prices.set_by(bus, step)
        return NOWHERE if name in ("", asset) else fill(SOURCE, name=name)

    # stores

    def _store(self, name: str, step: int) -> Reason:
        into, out = (self.prices.claim(name, way, step) for way in ("charge_mw", "discharge_mw"))
        if out.runs:
            kind = Kind.DISCHARGE_AT_LIMIT if out.at_high and out.net < -out.noise else Kind.DISCHARGE
            told = {"mw": out.mw, "cost": out.of(Term.OWN, Term.STORED), "worth": -out.without(Term.OWN, Term.STORED)}
            return self._reason(name, step, kind, (into, out), told, source=self._source(name, step))
        told = {"mw": into.mw, "cost": into.without(Term.STORED), "worth": -into.of(Term.STORED)}
        if into.runs:
            kind = Kind.CHARGE_AT_LIMIT if into.at_high and into.net < -into.noise else Kind.CHARGE
            use = self._use_words(name, step)
            return self._reason(name, step, kind, (into, out), told, source=self._source(name, step), use=use)
        return self._rest(name, step, into, out, told)

    def _rest(self, name: str, step: int, into: Claim, out: Claim, told: dict[str, float]) -> Reason:
        for claim in (into, out):
            if claim.at_high and claim.net < -claim.noise:  # a limit of 0 in this step
                return self._plain(name, step, claim, (into, out))
        store, source = StoreValue(self.prices, name), self._source(name, step)
        full, empty = store.at_level(step)
        roomy, saves = store.gain * store.ahead(step), -out.without(Term.OWN, Term.STORED)
        taken = out.of(Term.OWN) + store.ahead(step) / store.loss
        if full and roomy > told["cost"] + into.noise:
            full_told = {"cost": told["cost"], "worth": roomy}
            return self._reason(name, step, Kind.IDLE_FULL, (into, out), full_told, source=source)
        if empty and saves > taken + out.noise:
            empty_told = {"worth": saves, "cost": taken}
            return self._reason(name, step, Kind.IDLE_EMPTY, (into, out), empty_told, source=source)
        later, when = self._later(name, step)
        spread = {"cost": told["cost"], "worth": told["worth"], "later": later}
        spread |= {"spread": later - told["cost"], "losses": later - told["worth"]}
        return self._reason(name, step, Kind.IDLE_SPREAD, (into, out), spread, source=source, when=when)

    def _use_words(self, name: str, step: int) -> Text:
        store = StoreValue(self.prices, name)
        way, later = store.used(step, past_full=True)
        if not way:
            return NOWHERE
        if later < 0:
            return USE[way]
        when = hour(self.solution.problem.grid, later)
        return fill(USE[way], when=when, price=number(store.price_at(way, later)))

    def _later(self, name: str, step: int) -> tuple[float, Text]:
        """Return the price at which energy stored now would be given back, and when; else what it is worth stored."""
        store = StoreValue(self.prices, name)
        way, later = store.used(step)
        if way == "discharge":
            when = hour(self.solution.problem.grid, later)
            return store.price_at(way, later), Text(f" at {when}", f"{when} 为 ")
        return float(store.value[step]), Text(" for energy in the store", "存电价值 ")

    # grid connections

    def _grid(self, name: str, step: int) -> Reason:
        buys, sells = (self.prices.claim(name, way, step) for way in ("import_mw", "export_mw"))
        if buys.runs:
            return self._import(name, step, buys, sells)
        if sells.runs or (sells.at_high and sells.net < -sells.noise):
            return self._export(name, step, buys, sells)
        told = {"cost": buys.without(Term.ENERGY), "worth": -buys.of(Term.ENERGY), "earns": -sells.without(Term.ENERGY)}
        return self._reason(name, step, Kind.NO_EXCHANGE, (buys, sells), told)

    def _import(self, name: str, step: int, buys: Claim, sells: Claim) -> Reason:
        told = {"mw": buys.mw, "cost": buys.without(Term.ENERGY), "worth": -buys.of(Term.ENERGY)}
        if buys.at_high and buys.net < -buys.noise:
            return self._reason(name, step, Kind.IMPORT_AT_LIMIT, (buys, sells), told)
        if buys.largest(Term.PEAK):
            told["cost"] -= buys.of(Term.PEAK)
            told |= {"peak": buys.of(Term.PEAK) * self.prices.hours, "demand": self._demand_price(name)}
            return self._reason(name, step, Kind.IMPORT_HELD_BY_PEAK, (buys, sells), told)
        rule = buys.largest(Term.RULE)
        if rule:
            told["cost"] -= rule.yuan_per_mwh
            told["weight"] = rule.yuan_per_mwh
            return self._reason(name, step, Kind.IMPORT_HELD_BY_RULE, (buys, sells), told, rule=self._rule(rule.name))
        if buys.holding:
            return self._plain(name, step, buys, (buys, sells))
        return self._reason(name, step, Kind.IMPORT, (buys, sells), told)

    def _export(self, name: str, step: int, buys: Claim, sells: Claim) -> Reason:
        told = {"mw": sells.mw, "worth": -sells.of(Term.OWN), "cost": sells.without(Term.OWN)}
        banned = self.solution.built.hub.export_banned
        stores = self._states(step)
        if sells.high_mw <= BOUND_MW and banned is not None and banned[step] > 0:
            return self._reason(name, step, Kind.EXPORT_FORBIDDEN, (buys, sells), told)
        if sells.at_high and sells.net < -sells.noise:
            return self._reason(name, step, Kind.EXPORT_AT_LIMIT, (buys, sells), told, stores=stores)
        rule = sells.largest(Term.RULE)
        if rule:
            told["cost"] -= rule.yuan_per_mwh
            told["weight"] = rule.yuan_per_mwh
            more = {"rule": self._rule(rule.name), "stores": stores}
            return self._reason(name, step, Kind.EXPORT_HELD_BY_RULE, (buys, sells), told, **more)
        return self._reason(name, step, Kind.EXPORT, (buys, sells), told, stores=stores)

    def _demand_price(self, name: str) -> float:
        """Return what a MW of the month's demand costs in all that the connection pays by it."""
        items = [item for item in self.solution.built.hub.costs if item.asset == name and item.line in DEMAND_LINES]
        return float(sum(np.max(item.yuan_per_unit) for item in items))

    def _rule(self, name: str) -> Text:
        """Return the park's words for a rule."""
        promises = self.solution.built.hub.promises
        said = next((own.says for own in promises if own.name == f"rules.{name}"), None)
        return said or row_words(name)

    def _states(self, step: int) -> Text:
        """Say what the stores do meanwhile."""
        states = [self._state(name, step) for name in self.stores]
        if not states:
            return NOWHERE
        both = Text(", ".join(one.en for one in states), "，".join(one.zh for one in states))
        return fill(STORES, states=both)

    def _state(self, name: str, step: int) -> Text:
        values = self.solution.values[name]
        if values["charge_mw"][step] > BOUND_MW:
            return fill(STATES["charging"], name=name, mw=number(float(values["charge_mw"][step])))
        if values["discharge_mw"][step] > BOUND_MW:
            return fill(STATES["giving"], name=name)
        return fill(STATES["full" if StoreValue(self.prices, name).at_level(step)[0] else "resting"], name=name)

    # all others

    def _flow(self, name: str, variable: str, step: int) -> Reason:
        claim = self.prices.claim(name, variable, step)
        on = self.solution.values[name].get("on")
        if on is not None and len(on) == self.solution.problem.grid.n and on[step] < 1 / 2 and not claim.runs:
            return self._reason(name, step, Kind.OFF, (claim,), {"mw": claim.mw})
        return self._plain(name, step, claim, (claim,))

    def _plain(self, name: str, step: int, claim: Claim, claims: tuple[Claim, ...]) -> Reason:
        """Say what a MWh more would cost and bring, and which row holds the flow."""
        part = None if claim.at_high else claim.holding
        weight = 0.0 if part is None else part.yuan_per_mwh
        parts = [own.yuan_per_mwh for own in claim.parts if own is not part]
        told = {"mw": claim.mw, "cost": sum(own for own in parts if own > 0), "worth": -sum(p for p in parts if p < 0)}
        flow = flow_words(claim.variable)
        if part is not None:
            told["weight"] = weight
            rule = self._rule(part.name)
            return self._reason(name, step, Kind.HELD, claims, told, flow=flow, rule=rule)
        kind = Kind.PARTLY
        if claim.at_high and (claim.runs or claim.net < -claim.noise):
            kind = Kind.AT_LIMIT
        elif not claim.runs:
            kind = Kind.NOTHING
        return self._reason(name, step, kind, claims, told, flow=flow)


def _one_way(claim: Claim) -> bool:
    """Return whether a flow that rests is held by the binary that parts it from its opposite."""
    return (
        not claim.runs
        and claim.low_mw < claim.high_mw
        and any(part.name.endswith("_only") and abs(part.yuan_per_mwh) > claim.noise for part in claim.parts)
    )
