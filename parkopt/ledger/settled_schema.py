"""What each settled record must look like when it is read back: names, types, lengths."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import StepError
from parkopt.metering.reading import Register

Good = Callable[[Any], bool]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MONTH = re.compile(r"\d{4}-\d\d")
_UG = re.compile(r"0|[1-9][0-9]{0,18}")
_SHA = re.compile(r"[0-9a-f]{64}")
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:00:00Z")
_QUALITY = re.compile(r"[MEC]{24}")
_HOURS = 24
_CLAIM = 7


def whole(value: Any) -> bool:
    """Say whether it is a whole number, not negative."""
    return type(value) is int and value >= 0


def text(value: Any) -> bool:
    """Say whether it is text, not empty."""
    return isinstance(value, str) and value != ""


def _any_text(value: Any) -> bool:
    return isinstance(value, str)


def _like(pattern: re.Pattern[str]) -> Good:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _one_of(*names: str) -> Good:
    return lambda value: isinstance(value, str) and value in names


def _list_of(good: Good, length: int | None = None) -> Good:
    return lambda value: isinstance(value, list) and length in (None, len(value)) and all(map(good, value))


def _map_of(good: Good) -> Good:
    return lambda value: isinstance(value, dict) and all(map(good, value.values()))


def _fields(shape: Mapping[str, Good]) -> Good:
    return lambda value: isinstance(value, dict) and all(k in value and good(value[k]) for k, good in shape.items())


def _pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == len(("wh", "ug")) and whole(value[0]) and ug(value[1])


def _range(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(("first", "last"))
        and all(map(whole, value))
        and (value[0] <= value[1])
    )


def _claim(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != _CLAIM:
        return False
    hour, source, origin, *ranges = value
    return (
        whole(hour) and hour < _HOURS and text(source) and (origin is None or _like(_UTC)(origin))
        and _range(ranges[:2]) and _range(ranges[2:])
    )  # fmt: skip


ug = _like(_UG)
_day, _parts = _like(_DAY), _map_of(_pair)
_lot = {"store": text, "charged": _like(_UTC), "origin": text, "ac_wh": whole, "internal_wh": whole, "left_wh": whole}
_charged = _like(re.compile(rf"|{_UTC.pattern}"))
_take = {"store": text, "charged": _charged, "origin": text, "hour": whole, "internal_wh": whole, "ac_wh": whole}
_aged = {"charged": _any_text, "origin": text, "whole_wh": whole, "whole_ug": ug, "left_wh": whole}
_content = {
    "order": _list_of(text), "origin_wh": _map_of(whole), "origin_ug": _map_of(ug), "aged": _list_of(_fields(_aged)),
    "lots": _list_of(_fields(_lot)),
}  # fmt: skip
_device = {"device": text, "kind": text, "bus": text, "green": lambda v: isinstance(v, bool), "ug_per_wh": whole}
_registers = _one_of(*(one.value for one in Register))
_channel = {"device": text, "register": _registers, "bus": text, "party": _any_text}
_park_hour = {
    "sources": _parts, "others": _map_of(_parts), "consumers_wh": _map_of(_map_of(whole)), "consumption_wh": whole,
    "carbon_ug": ug, "factor_ug_per_wh": ug, "unaccounted_wh": lambda v: type(v) is int,
}  # fmt: skip
_own_hour = {
    "consumption_wh": whole, "by_source": _parts, "carbon_ug": ug, "green_wh": whole, "claims": _map_of(whole),
    "claimed_wh": whole, "market_ug": ug,
}  # fmt: skip
_two_factors = _fields({"grid": text, "residual": text})
SHAPES: dict[str, dict[str, Good]] = {
    "method": {
        "version": whole, "loss_policy": _one_of("account", "downstream"), "storage_gc": _one_of("fifo"),
        "storage_carbon": _one_of("pool", "pool_operator", "fifo", "lifo"),
        "attribution": _one_of("entitlement_688", "contract_first", "pro_rata"),
        "rounding": text, "order": text, "year": whole, "parkopt_version": text,
    },
    "factor": {"id": text, "ug_per_wh": whole, "kind": text, "source": text, "version": whole},
    "devices": {
        "devices": _list_of(_fields(_device)), "channels": _list_of(_fields(_channel)), "parties": _list_of(text),
    },
    "entitlement": {"party": text, "shares": _map_of(whole)},
    "reading": {
        "day": _day, "device": text, "register": _registers, "party": _any_text, "revision": whole,
        "wh": _list_of(whole, _HOURS), "quality": _like(_QUALITY), "file_sha256": _list_of(_like(_SHA)),
    },
    "opening": {"day": _day, "revision": whole, "stores": _map_of(_fields(_content))},
    "park-day": {
        "day": _day, "revision": whole, "method": whole, "factors": _two_factors,
        "hours": _list_of(_fields(_park_hour), _HOURS),
    },
    "enterprise-day": {
        "day": _day, "revision": whole, "party": text, "status": _one_of("settled", "corrected"),
        "hours": _list_of(_fields(_own_hour), _HOURS),
    },
    "issue": {
        "day": _day, "device": text, "revision": whole, "hours": _list_of(lambda v: v is None or _range(v), _HOURS),
    },
    "storage": {
        "day": _day, "store": text, "revision": whole, "takes": _list_of(_fields(_take)),
        "lots": _list_of(_fields({**_lot, "ranges": _list_of(_range)})),
    },
    "claims": {"day": _day, "party": text, "revision": whole, "claims": _list_of(_claim)},
    "action": {
        "day": _day, "id": lambda v: text(v) or whole(v), "action": text, "device": text, "range_start": whole,
        "range_end": whole, "from_status": text, "to_status": text,
    },
    "close": {"month": _like(_MONTH), "settlements": _list_of(lambda _: True), "totals": _map_of(lambda _: True)},
    "key": {"old_vkey": text, "new_vkey": text, "reason": text, "size": whole, "statement": text},
    "bundle": {"sha256": _like(_SHA), "party": text, "start": _day, "end": _day},
}  # fmt: skip


def check_record(index: int, record: Record) -> None:
    """Raise `StepError` unless the record has the fields of its type, each of its kind."""
    kind = record.get("type")
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise StepError(f"no record type {kind!r}", f"没有记录类型 {kind!r}", index)
    for name, good in {"park": text, **shape}.items():
        if name not in record or not good(record[name]):
            raise StepError(f"{kind}: {name} is missing or wrong", f"{kind}：{name} 缺失或有误", index)
    hours = record.get("hours")
    if kind == "devices":
        _check_names(index, record)
    if kind == "devices" and not all(whole(one.get("capacity_wh", 0)) for one in record["devices"]):
        raise StepError("devices: capacity_wh is wrong", "devices：capacity_wh 有误", index)
    if kind == "factor" and "day" in record and not (_day(record["day"]) and _list_of(whole, _HOURS)(hours)):
        raise StepError("factor: its day needs 24 hours", "factor：按日的因子应有 24 个小时值", index)


def _check_names(index: int, record: Record) -> None:
    """Raise `StepError` where a device or register stands twice, or a register is of no device."""
    devices = [one["device"] for one in record["devices"]]
    registers = [(one["device"], one["register"]) for one in record["channels"]]
    if len(set(devices)) < len(devices) or len(set(registers)) < len(registers):
        raise StepError("devices: a device or register stands twice", "devices：设备或计量项重复", index)
    if not {device for device, _ in registers} <= set(devices):
        raise StepError("devices: a register is of no device", "devices：有计量项不属于任何设备", index)
