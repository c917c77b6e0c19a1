"""Random networks for the tracing, and an independent formulation of it in floats: a linear solve for each step."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np

from parkopt.carbon.loops import Lines
from parkopt.carbon.network import UNACCOUNTED, Draw, Network, Store, Supply, Wire
from parkopt.carbon.reservoir_lots import store_of
from parkopt.carbon.walk import buses_of

GRID = 582_700


def ints(*values):
    """Return whole numbers as an array of steps."""
    return np.asarray(values, dtype=np.int64)


def supply(wh, factor=0, bus="main"):
    """Return a source with a constant factor."""
    return Supply(bus, ints(*wh), ints(*wh) * factor)


def network(supplies, consumers, stores=None, wires=None, others=None, gap=0, most=None, **more):
    """Return a network with as many steps as its first array has."""
    steps = len(next(iter(supplies.values())).wh)
    labels = [f"step {i}" for i in range(steps)]
    return Network(labels, supplies, consumers, others or {}, stores or {}, wires or {}, gap, most, **more)


def random_case(seed, method, most_buses=5, mild=False):
    """Return a network that could be metered, and its storages: loops, gaps, losses of any size or of 3 % (`mild`)."""
    rng = random.Random(seed)
    steps, big = rng.randint(1, 12), 10 ** rng.randint(1, 9)
    buses = [f"b{i}" for i in range(rng.randint(1, most_buses))]

    def some(most=None):
        return ints(*(rng.choice([0, rng.randint(0, 3), rng.randint(0, most or big)]) for _ in range(steps)))

    wires = {}
    for i in range(rng.randint(0, 2 * len(buses)) if len(buses) > 1 else 0):
        start, end = rng.sample(buses, 2)
        sent = some()
        kept = ints(*(rng.choice([wh, int(0.97 * wh), wh if mild else rng.randint(0, wh)]) for wh in sent.tolist()))
        wires[f"w{i}:{rng.choice(['forward', 'back'])}"] = Wire(start, end, sent, kept)
    supplies = {
        f"s{i}": supply(some().tolist(), rng.choice([0, GRID, 832_500]), rng.choice(buses))
        for i in range(rng.randint(1, 4))
    }
    stores, reservoirs = {}, {}
    for i in range(rng.randint(0, 3)):
        charge, discharge = some(), some()
        discharge = np.where(charge > 0, 0, discharge)
        stores[f"e{i}"] = Store(rng.choice(buses), charge, discharge, rng.choice([0.0, 1e-4, rng.random()]))
        content = {"old": rng.randint(1, big), "s0": rng.randint(1, big)}
        ug = {name: wh * rng.choice([0, GRID]) for name, wh in content.items()}
        efficiencies = (rng.choice([1.0, rng.uniform(0.3, 1)]), rng.choice([1.0, rng.uniform(0.3, 1)]))
        reservoirs[f"e{i}"] = store_of(method, f"e{i}", efficiencies, (content, ug))
    consumers = {f"c{i}": [Draw(rng.choice(buses), some())] for i in range(rng.randint(1, 4))}
    consumers["both"] = [Draw(bus, some()) for bus in buses]
    others = {"export": Draw(rng.choice(buses), some())}
    labels = [f"h{i:02}" for i in range(steps)]
    return Network(labels, supplies, consumers, others, stores, wires, GRID, None, tuple(buses)), reservoirs


def balances(own, traced, step):
    """Return by bus, of one step: what labels bring locally, what is sent and arrives by direction, what leaves."""
    wires = list(own.wires.values())
    names = buses_of(own)
    number = {name: i for i, name in enumerate(names)}
    sent, arrived = [int(w.sent[step]) for w in wires], [int(w.arrived[step]) for w in wires]
    Lines([(number[w.start], number[w.end]) for w in wires], len(names)).untangle(sent, arrived)
    local = defaultdict(dict)
    whole = traced.wh[:, :, step].sum(axis=0) + traced.other_wh[:, :, step].sum(axis=0)
    for row, label in enumerate(traced.labels):
        head, via, _ = label.partition("<")
        if label == UNACCOUNTED or not whole[row]:
            continue
        local[(own.stores[head] if via else own.supplies[label]).bus][label] = int(whole[row])
    takes = defaultdict(int)
    for draw in [d for draws in own.consumers.values() for d in draws] + list(own.others.values()):
        takes[draw.bus] += int(draw.wh[step])
    for store in own.stores.values():
        takes[store.bus] += int(store.charge[step])
    for wire, out, into in zip(wires, sent, arrived, strict=True):
        takes[wire.start] += out
        takes[wire.end] -= into
    for name in names:
        gap = takes[name] - sum(local[name].values())
        if gap > 0:
            local[name][UNACCOUNTED] = gap
    return names, local, sent, arrived


def composition(own, traced, step, losses):
    """Return by bus the share of each label in one Wh there: ``(diag(P) - F^T) S = G`` (reference 3.1).

    F holds what arrives (`account`: rows sum to 1) or what is sent (`downstream`: source Wh for each Wh delivered).
    """
    names, local, sent, arrived = balances(own, traced, step)
    number = {name: i for i, name in enumerate(names)}
    given, flow = np.zeros((len(names), len(traced.labels))), np.zeros((len(names), len(names)))
    through = np.zeros(len(names))
    for name, labels in local.items():
        for label, wh in labels.items():
            given[number[name], traced.labels.index(label)] += wh
            through[number[name]] += wh
    for wire, out, into in zip(own.wires.values(), sent, arrived, strict=True):
        start, end = number[wire.start], number[wire.end]
        through[end] += into
        if into:
            flow[start, end] += into if losses == "account" else out
    return names, np.linalg.solve(np.diag(np.where(through > 0, through, 1.0)) - flow.T, given)
