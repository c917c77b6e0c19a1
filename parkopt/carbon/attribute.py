"""Who may claim which certified Wh: the contractual ledger, exact, by a method that is fixed for a year.

The steps of a method run in the order that `ORDERS` names (and that its record states), each
hour on its own but for the storages:

entitlement
    Of each device, parties get what they are entitled to, as far as they lack it.
leftover, shared
    What is left of devices with entitlements, then of those without: by share of consumption,
    again and again until none is left or nobody lacks any (688/2026, section 11).
storage
    Leftovers of devices are cancelled for charging, as far as was charged in that hour, and the
    rest of the charge is grey; SD-GC of the discharge go by share of what is still lacking.
contract
    Deliveries over the public grid, by entitlement and then by share of consumption, never more
    in an hour than was imported; ``contract_by_share`` leaves the entitlements out.

What then is left of a device or of SD-GC was exported, up to the metered export, or stays
Active. Exported energy is in no claim (invariant I9): where a park imports and exports within
an hour, own energy may serve consumption only up to generation and discharge less export, as
in 688 (self-use is generation less export), and the last in the order goes short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from parkopt.carbon.attribute_check import check
from parkopt.carbon.attribute_rows import by_share, share_rows, within
from parkopt.carbon.attribute_stores import PPM, Stored, run_store
from parkopt.carbon.contractual import Attributed, AttributionMethod, Contractual, IntArray, Lot

ORDERS: Mapping[AttributionMethod, tuple[str, ...]] = {
    "entitlement_688": ("entitlement", "leftover", "shared", "storage", "contract"),
    "contract_first": ("entitlement", "contract", "leftover", "shared", "storage"),
    "pro_rata": ("by_share", "storage", "contract_by_share"),
}
"""The steps of each method, in order."""


def attribute(case: Contractual, lots: Sequence[Lot] = ()) -> Attributed:
    """Attribute the certified energy of some hours to parties, storages and export.

    Parameters
    ----------
    case : Contractual
        Metered energies of n hours, entitlements, and the method.
    lots : sequence of Lot
        What is left in the storages from the hours before.

    Returns
    -------
    Attributed
        For each device and hour ``sum claims + stored + exported + left`` is its generation; for
        each storage ``sum claims + exported + left`` is what was minted; for each contract ``sum
        claims + left`` is what was delivered. There is an entry for every source and party.

    Raises
    ------
    AttributionShape, EnergyBelowZero, OverEntitled, UnknownInLedger, LotNotEarlier, ContradictoryCase, Faults
        See `parkopt.carbon.attribute_check.check`.
    """
    check(case, lots)
    work = _Work.of(case, lots)
    for step in ORDERS[case.method]:
        STEPS[step](work)
    return work.done()


@dataclass
class _Work:
    """What is still open of each source and party while the steps run; arrays (n,), by party (n, p)."""

    case: Contractual
    lots: Sequence[Lot]
    weights: IntArray
    unmet: IntArray
    open: dict[str, IntArray]
    own: IntArray
    """What devices may still give to consumption and storages; the rest of them left the park."""
    claims: dict[str, IntArray] = field(default_factory=dict)
    stored: dict[tuple[str, str], IntArray] = field(default_factory=dict)
    stores: dict[str, Stored] = field(default_factory=dict)

    @classmethod
    def of(cls, case: Contractual, lots: Sequence[Lot]) -> _Work:
        weights = _columns(case.consumption, len(case.hours))
        contracts = dict(zip(case.delivered, _deliverable(case), strict=True))
        sources = {**case.generation, **contracts}
        discharge = total((one.discharge for one in case.batteries.values()), len(case.hours))
        outward = np.maximum(case.exports - discharge, 0)
        own = np.maximum(total(case.generation.values(), len(case.hours)) - outward, 0)
        work = cls(case, lots, weights, weights.copy(), {name: wh.copy() for name, wh in sources.items()}, own)
        work.claims = {name: np.zeros_like(weights) for name in (*sources, *case.batteries)}
        return work

    def give(self, source: str, parts: IntArray) -> None:
        """Let parties claim `parts` of a source, shape (n, p)."""
        self.claims[source] += parts
        self.unmet -= parts
        given = parts.sum(axis=1)
        self.open[source] -= given
        if source in self.case.generation:
            self.own -= given

    def offer(self, source: str) -> IntArray:
        """Return what a source may still give to parties, shape (n,)."""
        return np.minimum(self.open[source], self.own) if source in self.case.generation else self.open[source]

    def by_entitlement(self, sources: Iterable[str]) -> None:
        for source in sources:
            entitled = self.case.entitlements.get(source, {})
            wanted = np.minimum(_entitled(self.open[source], entitled, list(self.case.consumption)), self.unmet)
            self.give(source, within(wanted, self.offer(source)))

    def by_consumption(self, sources: Iterable[str]) -> None:
        for source in sources:
            self.give(source, by_share(self.offer(source), self.weights, self.unmet))

    def devices(self, *, shared: bool) -> list[str]:
        return [name for name in self.case.generation if (name in self.case.shared) == shared]

    def done(self) -> Attributed:
        case = self.case
        local = [*case.generation, *case.batteries]
        outward = np.minimum(case.exports, total((self.open[name] for name in local), len(self.own)))
        exported = _spread(self.open, local, outward)
        left = {name: wh - exported.get(name, 0) for name, wh in self.open.items()}
        for name, wh in case.delivered.items():
            left[name] = wh - self.claims[name].sum(axis=1)
        parts = {source: np.ascontiguousarray(wh.T) for source, wh in self.claims.items()}
        return Attributed(
            claims={(s, party): wh[i] for s, wh in parts.items() for i, party in enumerate(case.consumption)},
            stored=self.stored,
            exported=exported,
            left=left,
            minted={name: one.minted for name, one in self.stores.items()},
            takes=tuple(take for one in self.stores.values() for take in one.takes),
            opening=tuple(lot for lot in self.lots if lot.left_wh),
            closing=tuple(lot for one in self.stores.values() for lot in one.closing),
            new_lots=tuple(lot for one in self.stores.values() for lot in one.new_lots),
        )


def total(parts: Iterable[IntArray], n: int) -> IntArray:
    """Return the sum of arrays of shape (n,), zeros where there are none."""
    return np.asarray(np.sum([np.zeros(n, dtype=np.int64), *parts], axis=0), dtype=np.int64)


def _deliverable(case: Contractual) -> list[IntArray]:
    """Return what each contract can deliver: all of them together never more than was imported."""
    if not case.delivered:
        return []
    return list(within(_columns(case.delivered, len(case.hours)), case.imports).T)


def _columns(series: Mapping[str, IntArray], n: int) -> IntArray:
    """Return series of shape (n,) as the columns of one array, shape (n, number of them)."""
    return np.array(list(series.values()), dtype=np.int64).reshape(len(series), n).T.copy()


def _entitled(wh: IntArray, entitlements: Mapping[str, int], parties: Sequence[str]) -> IntArray:
    """Return the parts of a source that belong to each party, shape (n, p); the rest belongs to nobody yet."""
    ppm = [entitlements.get(party, 0) for party in parties]
    weights = np.asarray([*ppm, PPM - sum(ppm)], dtype=np.int64)
    return share_rows(wh, np.broadcast_to(weights, (len(wh), len(weights))))[:, :-1]


def _spread(open_: Mapping[str, IntArray], names: Sequence[str], totals: IntArray) -> dict[str, IntArray]:
    """Split totals, shape (n,), over what is open of each name, in proportion."""
    if not names:
        return {}
    parts = share_rows(totals, np.column_stack([open_[name] for name in names]))
    return {name: parts[:, i].copy() for i, name in enumerate(names)}


def _store(work: _Work) -> None:
    """Cancel leftovers for charging, run the lots, give SD-GC to those who still lack something."""
    case, devices = work.case, list(work.case.generation)
    need = {name: battery.charge.copy() for name, battery in case.batteries.items()}
    free = np.minimum(total((work.open[name] for name in devices), len(work.own)), work.own)
    green = np.minimum(free, total(need.values(), len(free)))
    quotas = _spread(need, list(need), green)
    for device, wh in _spread(work.open, devices, green).items():
        for store, part in _spread(quotas, list(quotas), wh).items():
            work.stored[device, store] = part
            quotas[store] -= part
        work.open[device] -= wh
    for store, battery in case.batteries.items():
        kept = {device: work.stored[device, store] for device in devices}
        mine = [lot for lot in work.lots if lot.store == store]
        work.stores[store] = run_store(store, battery, case.hours, kept, mine)
        work.open[store] = work.stores[store].minted.copy()
    _give_stored(work)


def _give_stored(work: _Work) -> None:
    """Give SD-GC by share of what is lacking, but for what must have been exported of them."""
    case, n = work.case, len(work.own)
    outward = np.maximum(case.exports - total((work.open[name] for name in case.generation), n), 0)
    for store in case.batteries:
        kept = np.minimum(outward, work.open[store])
        outward = outward - kept
        given = np.minimum(work.open[store] - kept, work.unmet.sum(axis=1))
        work.give(store, share_rows(given, work.unmet))


def _by_contract(work: _Work) -> None:
    work.by_entitlement(work.case.delivered)
    work.by_consumption(work.case.delivered)


STEPS: Mapping[str, Callable[[_Work], None]] = {
    "entitlement": lambda work: work.by_entitlement(work.devices(shared=False)),
    "leftover": lambda work: work.by_consumption(work.devices(shared=False)),
    "shared": lambda work: work.by_consumption(work.devices(shared=True)),
    "by_share": lambda work: work.by_consumption(work.case.generation),
    "storage": _store,
    "contract": _by_contract,
    "contract_by_share": lambda work: work.by_consumption(work.case.delivered),
}
