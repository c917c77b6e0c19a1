"""A small park of some days, settled in memory: two plants, a storage, a grid, a contract, a cable, three parties."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parkopt.carbon.attribute import attribute
from parkopt.carbon.contractual import GREY, Attributed, Battery, Contractual, Lot
from parkopt.carbon.factors import factor
from parkopt.carbon.network import Draw, Network, Store, Supply, Traced, Wire
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.reservoir_lots import store_of
from parkopt.carbon.trace_network import trace_network
from parkopt.clock import TimeGrid
from parkopt.ledger import settled_records as records
from parkopt.ledger.bundle import make_bundle
from parkopt.ledger.canonical import canonical
from parkopt.ledger.keys import LogKey
from parkopt.ledger.merkle import Tree, leaf_hash
from parkopt.ledger.settled import Entry, commitment
from parkopt.ledger.settled_records import Claim, DeviceFacts
from parkopt.ledger.settled_view import AUDITOR, Scope
from parkopt.metering.reading import Channel, Metered, Register

PARK, FIRST = "dafeng", date(2026, 7, 1)
CHINA = timezone(timedelta(hours=8))
ETA, STANDING = 0.95, 0.0004
R = Register
FACTS = [
    DeviceFacts("pv", "pv", "main", energy_source="solar_pv", power_w=3_000_000, green=True),
    DeviceFacts("wind", "wind", "main", energy_source="wind", power_w=3_000_000, green=True),
    DeviceFacts("ess", "storage", "main", charge_efficiency=ETA, discharge_efficiency=ETA, standing=STANDING),
    DeviceFacts("grid", "grid", "main"),
    DeviceFacts("ppa", "contract", "main", green=True),
    DeviceFacts("cable", "line", "main"),
    DeviceFacts("a1", "load", "main", party="a"),
    DeviceFacts("b1", "load", "main", party="b"),
    DeviceFacts("c1", "load", "east", party="c"),
    DeviceFacts("a2", "load", "east", party="a"),
]
CHANNELS = [
    Channel("pv", R.GENERATION, "main", ""),
    Channel("wind", R.GENERATION, "main", ""),
    Channel("ess", R.CHARGE, "main", ""),
    Channel("ess", R.DISCHARGE, "main", ""),
    Channel("grid", R.IMPORT, "main", ""),
    Channel("grid", R.EXPORT, "main", ""),
    Channel("ppa", R.DELIVERED, "main", ""),
    Channel("cable", R.FORWARD_SENT, "main", ""),
    Channel("cable", R.FORWARD_ARRIVED, "east", ""),
    Channel("a1", R.CONSUMPTION, "main", "a"),
    Channel("b1", R.CONSUMPTION, "main", "b"),
    Channel("c1", R.CONSUMPTION, "east", "c"),
    Channel("a2", R.CONSUMPTION, "east", "a"),
]
PARTIES = ["a", "b", "c"]
SHARES = {"pv": {"a": 500_000, "b": 300_000}, "ppa": {"c": 1_000_000}}
GRID, RESIDUAL = factor("jiangsu_2023"), factor("china_residual_2023")


@dataclass(frozen=True)
class MemoryLog:
    """Records in batches under one key; salts and times are made up from the index."""

    key: LogKey
    rows: tuple[Entry, ...]
    heads: tuple[tuple[int, str], ...]
    tree: Tree

    def entries(self) -> tuple[Entry, ...]:
        return self.rows

    def inclusion_path(self, index: int, size: int | None = None) -> list[bytes]:
        return self.tree.inclusion_path(index, size)

    def consistency_path(self, old: int, new: int | None = None) -> list[bytes]:
        return self.tree.consistency_path(old, new)

    def checkpoints(self) -> tuple[tuple[int, str], ...]:
        return self.heads

    def head(self) -> tuple[int, str]:
        return self.heads[-1]


def log_of(batches: list[list[dict[str, Any]]], key: LogKey) -> MemoryLog:
    """Return a log of these batches of records, a head signed after each."""
    tree, rows, heads = Tree(), [], []
    for batch in batches:
        for record in batch:
            index = tree.size
            salt = hashlib.sha256(b"salt%d" % index).digest()[:16]
            leaf = canonical(
                {
                    "type": record["type"], "seq": index, "time": "2026-07-09T00:00:00Z",
                    "commitment": commitment(salt, canonical(record)),
                }
            )  # fmt: skip
            tree.append(leaf_hash(leaf))
            rows.append(Entry(index, salt, record, leaf))
        heads.append((tree.size, key.sign(tree.size, tree.root())))
    return MemoryLog(key, tuple(rows), tuple(heads), tree)


def key_of(number: int, name: str = f"parkopt/{PARK}/settled") -> LogKey:
    return LogKey(name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def metered_days(days: int, seed: int = 1) -> Metered:
    """Return made-up meters that balance to within 2 Wh."""
    grid, random = TimeGrid.day(FIRST, CHINA, days=days), np.random.default_rng(seed)
    n = grid.n
    hour = np.arange(n) % 24
    sun = np.maximum(0.0, np.sin((hour - 5) / 14 * np.pi)) * (hour > 5) * (hour < 19)
    pv = (sun * random.integers(1_500_000, 2_500_000, n)).astype(np.int64)
    wind = random.integers(0, 900_000, n)
    load = {name: random.integers(low, 2 * low, n) for name, low in (("a1", 200_000), ("b1", 300_000), ("c1", 90_001))}
    load["a2"] = random.integers(0, 50_000, n)
    arrived = load["c1"] + load["a2"]
    sent = arrived + arrived // 50 + 3
    need = load["a1"] + load["b1"] + sent
    charge, discharge, held = np.zeros(n, np.int64), np.zeros(n, np.int64), 200_000
    for t in range(n):
        over = int(pv[t] + wind[t] - need[t])
        if over > 0:
            charge[t] = min(over, 400_000, max(0, 1_500_000 - held))
            held += int(charge[t] * ETA)
        else:
            discharge[t] = min(-over, 300_000, int(held * ETA * 0.9))
            held -= int(discharge[t] / ETA)
    rest = need + charge - pv - wind - discharge
    ins, out = np.maximum(rest, 0), np.maximum(-rest, 0)
    gap = random.integers(-2, 3, n)
    wh = {
        ("pv", R.GENERATION): pv, ("wind", R.GENERATION): wind, ("ess", R.CHARGE): charge,
        ("ess", R.DISCHARGE): discharge, ("grid", R.IMPORT): np.maximum(ins + gap, 0) + 40,
        ("grid", R.EXPORT): out + 40,
        ("ppa", R.DELIVERED): np.minimum(ins // 2, 100_000), ("cable", R.FORWARD_SENT): sent,
        ("cable", R.FORWARD_ARRIVED): arrived,
    } | {(name, R.CONSUMPTION): own for name, own in load.items()}  # fmt: skip
    good = {key: np.ones(n, bool) for key in wh}
    good["wind", R.GENERATION][3] = False
    return Metered(PARK, grid, wh, good, {key: np.zeros(n, np.int64) for key in wh})


def _day(metered: Metered, day: int) -> dict[Any, Any]:
    return {key: wh[day * 24 : day * 24 + 24] for key, wh in metered.wh.items()}


def _network(day: str, wh: dict[Any, Any], grid_ug: Any) -> Network:
    both = np.minimum(wh["grid", R.IMPORT], wh["grid", R.EXPORT])
    net = wh["grid", R.IMPORT] - both
    return Network(
        labels=[f"{day} {hour:02}:00" for hour in range(24)],
        supplies={
            "pv": Supply("main", wh["pv", R.GENERATION], 0 * net),
            "wind": Supply("main", wh["wind", R.GENERATION], 0 * net),
            "grid": Supply("main", net, net * grid_ug),
        },
        consumers={
            "a": [Draw("main", wh["a1", R.CONSUMPTION]), Draw("east", wh["a2", R.CONSUMPTION])],
            "b": [Draw("main", wh["b1", R.CONSUMPTION])],
            "c": [Draw("east", wh["c1", R.CONSUMPTION])],
        },
        others={"export": Draw("main", wh["grid", R.EXPORT] - both)},
        stores={"ess": Store("main", wh["ess", R.CHARGE], wh["ess", R.DISCHARGE], STANDING)},
        wires={"cable:forward": Wire("main", "east", wh["cable", R.FORWARD_SENT], wh["cable", R.FORWARD_ARRIVED])},
        gap_ug_per_wh=RESIDUAL.ug_per_wh,
        buses=("main", "east"),
    )  # fmt: skip


def _case(metered: Metered, day: int, wh: dict[Any, Any]) -> Contractual:
    at = slice(day * 24, day * 24 + 24)
    both = np.minimum(wh["grid", R.IMPORT], wh["grid", R.EXPORT])
    good = {
        name: np.where(metered.measured[name, R.GENERATION][at], wh[name, R.GENERATION], 0) for name in ("pv", "wind")
    }
    return Contractual(
        hours=tuple(metered.grid.index[at].strftime("%Y-%m-%dT%H:%M:%SZ")),
        generation=good,
        delivered={"ppa": wh["ppa", R.DELIVERED]},
        consumption={
            "a": wh["a1", R.CONSUMPTION] + wh["a2", R.CONSUMPTION], "b": wh["b1", R.CONSUMPTION],
            "c": wh["c1", R.CONSUMPTION],
        },
        imports=wh["grid", R.IMPORT] - both,
        exports=wh["grid", R.EXPORT] - both,
        entitlements=SHARES,
        shared=frozenset(["wind"]),
        batteries={"ess": Battery(wh["ess", R.CHARGE], wh["ess", R.DISCHARGE], ETA, ETA, STANDING)},
    )  # fmt: skip


class Counter:
    """Certificates by device, handed out in rising order."""

    def __init__(self) -> None:
        self.next: dict[str, int] = defaultdict(int)

    def issue(self, device: str, wh: Any) -> list[tuple[int, int] | None]:
        hours: list[tuple[int, int] | None] = []
        for energy in wh.tolist():
            start = self.next[device]
            self.next[device] += energy
            hours.append((start, start + energy - 1) if energy else None)
        return hours


def _claims(
    found: Attributed, issued: dict[str, Any]
) -> tuple[dict[str, list[Claim]], dict[Any, list[tuple[int, int]]]]:
    """Hand out each hour's ranges: to parties in their order, then to storages."""
    claims: dict[str, list[Claim]] = {party: [] for party in PARTIES}
    stored: dict[Any, list[tuple[int, int]]] = {}
    for hour in range(24):
        consumed: dict[str, int] = defaultdict(int)
        at = {device: hours[hour][0] for device, hours in issued.items() if hours[hour]}
        parts = [(t.charged, t.ac_wh) for t in found.takes if t.hour == hour and t.origin != GREY and t.ac_wh]
        for (source, party), wh in found.claims.items():
            energy = int(wh[hour])
            while energy:
                origin, most = parts[0] if source == "ess" else ("", energy)
                part = min(energy, most)
                start, own = at[source], consumed[party]
                claims[party].append(Claim(hour, source, (start, start + part - 1), (own, own + part - 1), origin))
                at[source], consumed[party], energy = start + part, own + part, energy - part
                if source == "ess":
                    parts = [(origin, most - part), *parts[1:]] if most > part else parts[1:]
        for (device, store), wh in found.stored.items():
            if wh[hour]:
                stored[store, device, hour] = [(at[device], at[device] + int(wh[hour]) - 1)]
                at[device] += int(wh[hour])
    return claims, stored


def batches(
    days: int = 2, *, losses: str = "account", storage: str = "pool", hourly: bool = False
) -> list[list[dict[str, Any]]]:
    """Return the records of a park: what it is, then one batch a day."""
    metered = metered_days(days)
    head = [
        records.method_record(
            PARK, 1, losses=losses, storage=storage, attribution="entitlement_688", year=2026, parkopt_version="test"
        ),
        records.factor_record(PARK, GRID),
        records.factor_record(PARK, RESIDUAL),
        records.devices_record(PARK, FACTS, CHANNELS, PARTIES),
        *(
            records.entitlement_record(PARK, party, {s: own[party] for s, own in SHARES.items() if party in own})
            for party in PARTIES
        ),
    ]
    store = store_of(storage, "ess", (ETA, ETA), ({"opening": 200_000}, {"opening": 200_000 * GRID.ug_per_wh}))
    state = _State(metered, Counter(), store, (), losses, storage, hourly)
    return [head, *(state.settle(day) for day in range(days))]


@dataclass
class _State:
    metered: Metered
    counter: Counter
    store: Reservoir
    lots: tuple[Lot, ...]
    losses: Any
    storage: Any
    hourly: bool

    def settle(self, day: int) -> list[dict[str, Any]]:
        name = (FIRST + timedelta(days=day)).isoformat()
        wh = _day(self.metered, day)
        hours = (GRID.ug_per_wh + np.arange(24) * 1000 + day) if self.hourly else np.full(24, GRID.ug_per_wh)
        opening = records.opening_record(PARK, name, {"ess": self.store}, self.lots)
        traced = trace_network(_network(name, wh, hours), {"ess": self.store}, losses=self.losses, storage=self.storage)
        found = attribute(_case(self.metered, day, wh), self.lots)
        self.lots = found.closing
        factors = [records.factor_record(PARK, GRID, day=name, hours=hours.tolist())] if self.hourly else []
        return [*factors, *self._readings(day), opening, *self._results(name, traced, found)]

    def _readings(self, day: int) -> Iterator[dict[str, Any]]:
        for one in CHANNELS:
            key = one.device, one.register
            yield records.reading_record(self.metered, key, day, party=one.party, files=["ab" * 32])

    def _results(self, day: str, traced: Traced, found: Attributed) -> Iterator[dict[str, Any]]:
        names = {"grid": GRID.id, "residual": RESIDUAL.id}
        yield records.park_day_record(PARK, day, traced, 0, method=1, factors=names)
        energies = {device: _total(found, device) for device in ("pv", "wind", "ppa")} | {"ess": found.minted["ess"]}
        issued = {device: self.counter.issue(device, energy) for device, energy in energies.items()}
        for device, hours in issued.items():
            yield records.issue_record(PARK, day, device, hours)
        claims, stored = _claims(found, issued)
        lots = [(lot, stored.get(("ess", lot.origin, _hour(lot.charged)), [])) for lot in found.new_lots]
        yield records.storage_record(PARK, day, "ess", lots, found.takes)
        for party in PARTIES:
            yield records.claims_record(PARK, day, party, claims[party])
            yield records.enterprise_day_record(
                PARK, day, party, traced, 0, green=["pv", "wind", "ppa"], claims=claims[party], market_ug={},
                residual_ug_per_wh=[RESIDUAL.ug_per_wh] * 24,
            )  # fmt: skip


def _hour(stamp: str) -> int:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(CHINA).hour


def _total(found: Attributed, device: str) -> Any:
    total = found.left[device].copy()
    for parts in (found.claims, found.stored):
        total += sum((wh for (source, _), wh in parts.items() if source == device), np.zeros(24, np.int64))
    return total + found.exported.get(device, np.zeros(24, np.int64))


def scope(party: str = AUDITOR, days: int = 2) -> Scope:
    return Scope(PARK, party, FIRST.isoformat(), (FIRST + timedelta(days=days - 1)).isoformat())


def bundle_of(rows: list[list[dict[str, Any]]], party: str = AUDITOR, key: LogKey | None = None) -> bytes:
    """Return the bundle over all days of these batches."""
    own = key or key_of(1)
    return make_bundle(log_of(rows, own), own, scope(party, len(rows) - 1))


Change = Callable[[list[dict[str, Any]]], Any]
