"""What makes a case impossible to attribute: all faults of it together, before anything is given to anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from parkopt.carbon.attribute_stores import PPM
from parkopt.carbon.contractual import Contractual, IntArray, Lot
from parkopt.errors import ParkoptError, Text, raise_all
from parkopt.faults import (
    AttributionShape,
    ContradictoryCase,
    EnergyBelowZero,
    LotNotEarlier,
    OverEntitled,
    UnknownInLedger,
)

TWICE = Text(
    "it names more than one of the devices, contracts and storages", "该名称同时用于设备、合同和储能中的两个以上"
)
SHARED = Text("it is shared and has entitlements", "既为共享设备又有权益")
EFFICIENCY = Text(
    "an efficiency is not in (0, 1], or the standing loss not in [0, 1)", "效率不在 (0, 1] 内，或静置损失不在 [0, 1) 内"
)
FULLER = Text("a lot has more left than was stored, or less than nothing", "某批次的剩余量大于存入量或小于 0")


def check(case: Contractual, lots: Sequence[Lot]) -> None:
    """Raise all faults of a case and of the lots that it opens with.

    Raises
    ------
    AttributionShape, EnergyBelowZero, OverEntitled, UnknownInLedger, LotNotEarlier, ContradictoryCase, Faults
        Naming the device, the party, the hour.
    """
    raise_all([*_energies(case), *_entitled(case), *_named(case), *_batteries(case), *_lots(case, lots)])


def _series(case: Contractual) -> Iterator[tuple[str, IntArray]]:
    for own in (case.generation, case.delivered, case.consumption):
        yield from own.items()
    yield from (("import", case.imports), ("export", case.exports))
    for name, battery in case.batteries.items():
        yield from ((f"{name}.charge", battery.charge), (f"{name}.discharge", battery.discharge))


def _energies(case: Contractual) -> Iterator[ParkoptError]:
    n = len(case.hours)
    for name, wh in _series(case):
        if wh.shape != (n,):
            yield AttributionShape(name=name, got=len(wh) if wh.ndim == 1 else str(wh.shape), expected=n)
            continue
        for t in np.flatnonzero(wh < 0)[:1]:
            yield EnergyBelowZero(name=name, wh=int(wh[t]), time=case.hours[t])


def _entitled(case: Contractual) -> Iterator[ParkoptError]:
    sources = {**case.generation, **case.delivered}
    for source, parts in case.entitlements.items():
        yield from _unknown([source], Text("source with entitlements", "有权益的电源"), sources)
        yield from _unknown(parts, Text("party with an entitlement", "有权益的企业"), case.consumption)
        if min(parts.values(), default=0) < 0 or sum(parts.values()) > PPM:
            yield OverEntitled(source=source, ppm=sum(parts.values()))
        if source in case.shared and any(parts.values()):
            yield ContradictoryCase(name=source, reason=SHARED)
    yield from _unknown(sorted(case.shared), Text("shared device", "共享设备"), case.generation)


def _unknown(names: Iterable[str], role: Text, known: Mapping[str, object]) -> Iterator[ParkoptError]:
    for name in names:
        if name not in known:
            yield UnknownInLedger(name=name, role=role, known=", ".join(known))


def _named(case: Contractual) -> Iterator[ParkoptError]:
    counts = Counter([*case.generation, *case.delivered, *case.batteries])
    for name, count in counts.items():
        if count > 1:
            yield ContradictoryCase(name=name, reason=TWICE)


def _batteries(case: Contractual) -> Iterator[ParkoptError]:
    for name, one in case.batteries.items():
        whole = all(0.5 / PPM <= share <= 1 for share in (one.charge_efficiency, one.discharge_efficiency))
        if not whole or not 0 <= one.standing < 1:
            yield ContradictoryCase(name=name, reason=EFFICIENCY)


def _lots(case: Contractual, lots: Sequence[Lot]) -> Iterator[ParkoptError]:
    yield from _unknown(sorted({lot.store for lot in lots}), Text("storage with lots", "有批次的储能"), case.batteries)
    for lot in lots:
        if case.hours and lot.charged >= case.hours[0]:
            yield LotNotEarlier(store=lot.store, charged=lot.charged, first=case.hours[0])
        if not 0 <= lot.left_wh <= lot.internal_wh:
            yield ContradictoryCase(name=lot.store, reason=FULLER)
