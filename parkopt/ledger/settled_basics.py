"""Settled records of what a day rests on: method, factors, devices, entitlements, readings, openings; and closes.

The rules for all records are in `settled_records`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from parkopt.carbon.contractual import Lot
from parkopt.carbon.factors import Factor
from parkopt.carbon.network import LossPolicy, StorageMethod
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.reservoir_lots import FifoLots
from parkopt.ledger.canonical import Record
from parkopt.metering.reading import Channel, IntArray, Metered, Register

HOURS = 24


@dataclass(frozen=True)
class DeviceFacts:
    """What the checks need to know of a device.

    Efficiencies and the hourly self-discharge are those of the model: the record keeps each
    as the shortest text that gives the same number back, so that the tracing can be repeated exactly.
    """

    device: str
    kind: str
    bus: str
    party: str = ""
    energy_source: str = ""
    technology: str = ""
    power_w: int = 0
    operational_date: str = ""
    location: str = ""
    green: bool = False
    """Whether certificates are issued for its energy."""
    ug_per_wh: int = 0
    """Own carbon of what it generates."""
    charge_efficiency: float | None = None
    discharge_efficiency: float | None = None
    standing: float | None = None
    """Share of the content that an hour loses; these three of storages alone."""
    capacity_wh: int | None = None
    """Most that a storage's lots can hold, where the attribution had a limit."""


def method_record(
    park: str,
    version: int,
    *,
    losses: LossPolicy,
    storage: StorageMethod,
    attribution: str,
    year: int,
    parkopt_version: str,
) -> Record:
    """Return ``method``: the arguments, and storage_gc, rounding, order, which are always the same.

    A park-day names the version; it is fixed for a reporting year.
    """
    return {
        "type": "method", "park": park, "version": version, "loss_policy": losses, "storage_carbon": storage,
        "storage_gc": "fifo", "attribution": attribution, "rounding": "largest_remainder", "order": "park_file",
        "year": year, "parkopt_version": parkopt_version,
    }  # fmt: skip


def factor_record(
    park: str, factor: Factor, version: int = 1, *, day: str = "", hours: Sequence[int] | None = None
) -> Record:
    """Return ``factor``: id, ug_per_wh, kind, scope, region, year, published, source, confidence, version.

    A factor that varies by the hour has a record for each ``day``, with its 24 ``hours`` in ug/Wh.
    """
    varying = {} if hours is None else {"day": day, "hours": [int(value) for value in hours]}
    return {"type": "factor", "park": park, **factor.as_dict(), "version": version, **varying}


def devices_record(
    park: str, facts: Iterable[DeviceFacts], channels: Iterable[Channel], parties: Sequence[str]
) -> Record:
    """Return ``devices``: devices (list of `DeviceFacts`), channels (device, register, bus, party), parties, in order.

    Orders are part of it: they decide which of two equal remainders gets the last Wh.
    """
    return {
        "type": "devices",
        "park": park,
        "devices": [_device(one) for one in facts],
        "channels": [
            {"device": c.device, "register": c.register.value, "bus": c.bus, "party": c.party} for c in channels
        ],
        "parties": list(parties),
    }


def _device(one: DeviceFacts) -> Record:
    return {k: repr(float(v)) if isinstance(v, float) else v for k, v in asdict(one).items() if v is not None}


def entitlement_record(park: str, party: str, shares: Mapping[str, int]) -> Record:
    """Return ``entitlement``: party, shares (parts per million by device or contract)."""
    return {"type": "entitlement", "park": park, "party": party, "shares": dict(shares)}


def reading_record(
    metered: Metered,
    key: tuple[str, Register],
    day: int,
    *,
    party: str = "",
    revision: int = 0,
    files: Sequence[str] = (),
) -> Record:
    """Return ``reading`` of one register and day: device, register, party, revision, wh (24), quality, file_sha256.

    ``party`` is who consumes, empty for all registers but consumption. ``quality`` has a
    letter for each hour: M measured, E estimated, C measured and corrected later.

    Parameters
    ----------
    metered : Metered
        Whole local days.
    key : tuple
        Device and register.
    day : int
        Which day of it, from 0.
    revision : int
        Of the day's settlement.
    files : sequence of str
        SHA-256 (hex) of the files that the readings came in.
    """
    at = slice(day * HOURS, (day + 1) * HOURS)
    good, late = metered.measured[key][at], metered.revision[key][at] > 0
    letters = np.where(good, np.where(late, "C", "M"), "E")
    return {
        "type": "reading", "park": metered.park, "day": metered.grid.label(day * HOURS)[:10], "device": key[0],
        "register": key[1].value,
        "party": party,
        "revision": revision, "wh": _ints(metered.wh[key][at]),
        "quality": "".join(letters.tolist()), "file_sha256": sorted(files),
    }  # fmt: skip


def opening_record(
    park: str, day: str, reservoirs: Mapping[str, Reservoir], lots: Iterable[Lot], *, revision: int = 0
) -> Record:
    """Return ``opening``: revision, stores {store: {order, origin_wh, origin_ug, aged, lots}} as the day starts.

    The physical content by origin (and by age where it is kept), and the lots of certificates
    (FIFO, oldest first). ``order`` names the origins as the tracing had them: it decides which of
    two equal remainders gets the last Wh.
    """
    held = list(lots)
    stores = {
        name: {
            "order": list(one.wh),
            "origin_wh": dict(one.wh),
            "origin_ug": {origin: str(ug) for origin, ug in one.ug.items()},
            "aged": one.lots_as_dicts() if isinstance(one, FifoLots) else [],
            "lots": [asdict(lot) for lot in held if lot.store == name],
        }
        for name, one in reservoirs.items()
    }
    return {"type": "opening", "park": park, "day": day, "revision": revision, "stores": stores}


def action_record(park: str, day: str, fields: Mapping[str, Any]) -> Record:
    """Return ``action``: id, action (its type), device, range_start, range_end, from_status, to_status and who.

    ``day`` is that of the certificates' hour, not of the action. Other fields (quantity,
    from_account, to_account, beneficiary, actor, requested_at, completed_at, bundle) are kept as
    they are. A division into bundles changes the status of no certificate and needs no record.
    """
    own = {("action" if name == "type" else name): value for name, value in fields.items()}
    return {**own, "type": "action", "park": park, "day": day}


def close_record(park: str, month: str, settlements: Sequence[Any], totals: Mapping[str, Any]) -> Record:
    """Return ``close``: month (2026-07), settlements (list), totals."""
    return {"type": "close", "park": park, "month": month, "settlements": list(settlements), "totals": dict(totals)}


def bundle_record(park: str, sha256: str, party: str, start: str, end: str) -> Record:
    """Return ``bundle``: sha256 of an evidence zip that was handed out, party (or auditor), start, end (dates)."""
    return {"type": "bundle", "park": park, "sha256": sha256, "party": party, "start": start, "end": end}


def _ints(values: IntArray) -> list[int]:
    return [int(value) for value in values.tolist()]
