"""Physical tracing on one bus: which source served which consumer, through storage, exactly.

Proportional sharing (Bialek 1996): in each step every consumer gets the mix of the bus.
Stored energy keeps its origin, so solar that was stored at noon is solar at night. Energy
is in whole Wh, carbon in whole micrograms; nothing is lost in rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parkopt.carbon.reservoir import OPENING, Reservoir
from parkopt.carbon.split import fill, split
from parkopt.faults import ChargeAndDischarge, NotClosed

UNACCOUNTED = "unaccounted"
"""A gap between meters, booked as a source (at the given factor) or as a sink of its own."""
ROUNDING_WH = 2
"""Largest gap of a step that rounding can explain, for each flow at the bus."""


@dataclass(frozen=True)
class Flows:
    """Energies at the bus in whole Wh, step by step.

    Attributes
    ----------
    labels : sequence of str
        Start of each step, for messages.
    sources : mapping
        By source (not storage), Wh of each step.
    factor_ug_per_wh : mapping
        Carbon of each source.
    sinks : mapping
        By consumer or export, Wh of each step (not charging).
    charge, discharge : mapping
        By storage, Wh of each step at the bus.
    standing : mapping
        By storage, share of the content lost in a step.
    gap_ug_per_wh : int
        Carbon of unaccounted energy.
    carbon_ug : mapping
        By source whose carbon varies (a unit that burns fuel), its carbon in each step, in place of the factor.
    """

    labels: Sequence[str]
    sources: Mapping[str, Sequence[int]]
    factor_ug_per_wh: Mapping[str, int]
    sinks: Mapping[str, Sequence[int]]
    charge: Mapping[str, Sequence[int]] = field(default_factory=dict)
    discharge: Mapping[str, Sequence[int]] = field(default_factory=dict)
    standing: Mapping[str, float] = field(default_factory=dict)
    gap_ug_per_wh: int = 0
    whole_at_first: frozenset[str] = frozenset()
    carbon_ug: Mapping[str, Sequence[int]] = field(default_factory=dict)


@dataclass
class Trace:
    """What came of the tracing.

    Attributes
    ----------
    wh, ug : list of dict
        For each step, by (sink, label): energy and carbon. A label is a source's name, or
        ``storage<source`` for energy that came through a storage.
    source_ug : list of int
        For each step, carbon that sources brought to the bus (not what storages gave back).
    reservoirs : dict
        Storages after the last step.
    """

    wh: list[dict[tuple[str, str], int]] = field(default_factory=list)
    ug: list[dict[tuple[str, str], int]] = field(default_factory=list)
    source_ug: list[int] = field(default_factory=list)
    reservoirs: dict[str, Reservoir] = field(default_factory=dict)
    opening_ug: int = 0

    def sink_ug(self) -> int:
        """Carbon that consumers, export and gaps took in all steps."""
        storages = set(self.reservoirs)
        return sum(ug for step in self.ug for (sink, _), ug in step.items() if sink not in storages)

    def open_carbon_ug(self) -> int:
        """Return carbon in minus carbon out minus what storages hold: 0, always."""
        held = sum(r.total_ug + r.stranded_ug for r in self.reservoirs.values())
        return self.opening_ug + sum(self.source_ug) - self.sink_ug() - held


def origin_of(label: str) -> str:
    """Return the source behind a label: ``ess<roof_pv`` came from ``roof_pv``."""
    return label.rpartition("<")[2]


def trace(flows: Flows, reservoirs: Mapping[str, Reservoir]) -> Trace:
    """Trace the flows of all steps.

    Parameters
    ----------
    flows : Flows
        Energies at the bus.
    reservoirs : mapping
        Storages with their opening contents; they are changed in place.

    Raises
    ------
    NotClosed
        Where sources and sinks of a step differ by more than rounding.
    ChargeAndDischarge
        Where a storage runs both ways in one step.
    """
    result = Trace(reservoirs=dict(reservoirs), opening_ug=sum(r.total_ug for r in reservoirs.values()))
    for step in range(len(flows.labels)):
        _step(flows, step, result)
    return result


def _step(flows: Flows, step: int, result: Trace) -> None:
    columns = _columns(flows, step, result)
    needs = {name: wh[step] for name, wh in flows.sinks.items() if wh[step]}
    needs |= {name: wh[step] for name, wh in flows.charge.items() if wh[step]}
    _close(flows, step, columns, needs, result)
    rows = fill([wh for wh, _ in columns.values()], list(needs.values()))
    wh: dict[tuple[str, str], int] = {}
    ug: dict[tuple[str, str], int] = {}
    for (label, (_, carbon)), row in zip(columns.items(), rows, strict=True):
        for sink, part, carried in zip(needs, row, split(carbon, row), strict=True):
            if part:
                wh[sink, label] = part
                ug[sink, label] = carried
    result.wh.append(wh)
    result.ug.append(ug)
    for name in flows.charge:
        if name in needs:
            result.reservoirs[name].charge(_charged(name, wh, ug))


def _columns(flows: Flows, step: int, result: Trace) -> dict[str, tuple[int, int]]:
    """Return (Wh, ug) by label of all that reaches the bus: sources, then what storages give."""
    columns = {}
    for name, wh in flows.sources.items():
        if wh[step]:
            columns[name] = (wh[step], _source_ug(flows, name, step))
    result.source_ug.append(sum(ug for _, ug in columns.values()))
    for name, wh in flows.discharge.items():
        if wh[step] and flows.charge[name][step]:
            raise ChargeAndDischarge(asset=name, time=flows.labels[step])
        reservoir = result.reservoirs[name]
        if step or name not in flows.whole_at_first:
            reservoir.stand(flows.standing.get(name, 0.0))
        if wh[step]:
            given = reservoir.discharge(wh[step])
            columns |= {f"{name}<{origin}": both for origin, both in given.items() if both[0]}
            result_ug = sum(ug for _, ug in given.values())
            _strand(reservoir, given, result_ug)
    return columns


def _source_ug(flows: Flows, name: str, step: int) -> int:
    own = flows.carbon_ug.get(name)
    return flows.sources[name][step] * flows.factor_ug_per_wh[name] if own is None else own[step]


def _strand(reservoir: Reservoir, given: Mapping[str, tuple[int, int]], given_ug: int) -> None:
    """Carbon of an origin whose last Wh was all loss reaches nobody: the operator bears it."""
    delivered = sum(ug for wh, ug in given.values() if wh)
    reservoir.stranded_ug += given_ug - delivered


def _close(flows: Flows, step: int, columns: dict[str, tuple[int, int]], needs: dict[str, int], result: Trace) -> None:
    """Book the rounding gap of a step; a larger one is a fault."""
    gives, takes = sum(wh for wh, _ in columns.values()), sum(needs.values())
    if abs(gives - takes) > ROUNDING_WH * (len(flows.sources) + len(flows.sinks) + 2 * len(flows.charge)):
        raise NotClosed(time=flows.labels[step], sources_wh=gives, sinks_wh=takes)
    if gives < takes:
        gap = takes - gives
        columns[UNACCOUNTED] = (gap, gap * flows.gap_ug_per_wh)
        result.source_ug[-1] += gap * flows.gap_ug_per_wh
    elif gives > takes:
        needs[UNACCOUNTED] = gives - takes


def _charged(
    name: str, wh: Mapping[tuple[str, str], int], ug: Mapping[tuple[str, str], int]
) -> dict[str, tuple[int, int]]:
    """Return (Wh, ug) by origin of what a storage was charged with."""
    parts: dict[str, tuple[int, int]] = {}
    for (sink, label), part in wh.items():
        if sink == name:
            before = parts.get(origin_of(label), (0, 0))
            parts[origin_of(label)] = (before[0] + part, before[1] + ug[sink, label])
    return parts


def opening_reservoir(
    name: str,
    efficiencies: tuple[float, float],
    stored_wh: int,
    known: tuple[dict[str, int], dict[str, int]] | None,
    grid_ug_per_wh: int,
) -> Reservoir:
    """Return a storage as it opens: with the origins that are known, else as undeclared grid energy.

    Parameters
    ----------
    efficiencies : tuple of float
        Of charging and of discharging.
    stored_wh : int
        Stored energy.
    known : tuple of dict, or None
        Wh and ug by origin, from the state that the last schedule returned.
    grid_ug_per_wh : int
        Factor of undeclared energy.
    """
    charge, discharge = efficiencies
    if known is not None and any(known[0].values()):
        return Reservoir(name, charge, discharge, dict(known[0]), dict(known[1]))
    if not stored_wh:
        return Reservoir(name, charge, discharge)
    return Reservoir(name, charge, discharge, {OPENING: stored_wh}, {OPENING: stored_wh * grid_ug_per_wh})
