"""Synthetic meters from a planned schedule, and meter files: what a park can start with, each labelled as such."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.clock import FloatArray, fixed_zone
from parkopt.errors import Language
from parkopt.metering.channels import channels, keyed_channels
from parkopt.metering.reading import Channel, IntArray, Reading, Register
from parkopt.metering.words import REGISTERS_ZH
from parkopt.park.schema import Park
from parkopt.schedule import of_asset

HEADER = ("device", "register", "start", "minutes", "value", "unit", "quality", "revision", "comment")
HEADER_ZH = ("设备", "寄存器", "开始时间", "分钟", "电量", "单位", "质量", "修订", "备注")
GROUPS: Mapping[str, frozenset[Register]] = {
    "generation": frozenset({Register.GENERATION}),
    "grid": frozenset({Register.IMPORT, Register.EXPORT, Register.DELIVERED}),
    "storage": frozenset({Register.CHARGE, Register.DISCHARGE}),
    "consumption": frozenset({Register.CONSUMPTION}),
    "lines": frozenset({Register.FORWARD_SENT, Register.FORWARD_ARRIVED, Register.BACK_SENT, Register.BACK_ARRIVED}),
}
SYNTHETIC = "synthetic: made by parkopt from a planned schedule, no meter (合成数据，非实测)"
WH_PER_MWH = 1e6
SMALL_WH = 1000
"""What counts less in a step is left without noise: a meter at rest shows nothing."""


def sample_readings(schedule: xr.Dataset, park: Park, *, noise: int = 50, seed: int = 0) -> list[Reading]:
    """Return what meters could show if a schedule came true.

    Parameters
    ----------
    schedule : xarray.Dataset
        From `parkopt.schedule.to_schedule`; steps of 15, 30 or 60 min.
    park : Park
        Its park.
    noise : int
        Largest error of a reading in Wh, either way, uniform; nothing is added to a register at rest.
    seed : int
        With date and device it decides the errors: the same plan gives the same readings.
    """
    hours = int(schedule.attrs["step_min"]) / 60
    starts = [start.to_pydatetime() for start in pd.DatetimeIndex(schedule["time"].to_numpy()).tz_localize(UTC)]
    ends = [start + timedelta(hours=hours) for start in starts]
    planned = {}
    for channel, key in keyed_channels(park):
        mwh = of_asset(schedule, key, channel.device) * hours
        planned[channel] = _noisy(mwh, noise, f"{seed} {channel.device} {key} {starts[0]}")
    made: list[Reading] = []
    for channel, wh in _within_import(planned).items():
        triples = zip(starts, ends, wh.tolist(), strict=True)
        made += [Reading(channel.device, channel.register, start, end, value) for start, end, value in triples]
    return made


def _within_import(planned: Mapping[Channel, IntArray]) -> dict[Channel, IntArray]:
    """Return the same, with what contracts deliver over the grid no more than the import, whatever the errors."""
    imports = [wh for channel, wh in planned.items() if channel.register == Register.IMPORT]
    left = np.sum(imports, axis=0, dtype=np.int64)
    kept = {}
    for channel, wh in planned.items():
        kept[channel] = wh
        if channel.register == Register.DELIVERED:
            kept[channel] = np.minimum(wh, left)
            left = left - kept[channel]
    return kept


def _noisy(mwh: FloatArray, noise: int, seed: str) -> IntArray:
    wh = np.round(np.maximum(np.nan_to_num(mwh), 0.0) * WH_PER_MWH).astype(np.int64)
    wh[wh < SMALL_WH] = 0
    random = np.random.default_rng(int.from_bytes(sha256(seed.encode()).digest()[:8]))
    errors = random.integers(-noise, noise, len(wh), endpoint=True)
    return np.where(wh > 0, np.maximum(wh + errors, 0), 0)


def to_csv(readings: Iterable[Reading], park: Park, *, comment: str = "") -> str:
    """Return readings as a meter file: local times, kWh with three decimals, exact to the Wh."""
    zone = fixed_zone(park.zone)
    shown: dict[datetime, str] = {}
    lines = []
    for one in readings:
        start = shown.setdefault(one.start, one.start.astimezone(zone).isoformat(timespec="minutes"))
        minutes = (one.end - one.start) // timedelta(minutes=1)
        lines.append((one.device, one.register, start, minutes, kwh(one.wh), "kWh", one.quality, one.revision, comment))
    return _written(HEADER, lines)


def kwh(wh: int) -> str:
    """Return whole Wh as kWh, exact."""
    return f"{wh // 1000}.{wh % 1000:03d}"


def _written(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


def sample_files(readings: Iterable[Reading], park: Park) -> dict[str, str]:
    """Return synthetic meter files by name, one for each group of devices that the park has; each row is labelled."""
    groups: dict[str, list[Reading]] = {name: [] for name in GROUPS}
    of_register = {register: name for name, registers in GROUPS.items() for register in registers}
    for one in readings:
        groups[of_register[one.register]].append(one)
    return {f"{name}.csv": to_csv(own, park, comment=SYNTHETIC) for name, own in groups.items() if own}


def template(park: Park, lang: Language = "en") -> str:
    """Return an empty meter file: one row for each register that the park's settlement needs, without values."""
    words = REGISTERS_ZH if lang == "zh" else {register: str(register) for register in Register}
    header = HEADER_ZH if lang == "zh" else HEADER
    return _written(header, [(one.device, words[one.register], "", 60, "", "kWh", "", 0, "") for one in channels(park)])
