"""What a settled day and a month come to: totals, and alarms in both languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from parkopt.carbon.metered import capacity_wh
from parkopt.carbon.opening import storages
from parkopt.errors import ParkoptError
from parkopt.faults import StoreOverfull
from parkopt.ledger.canonical import Record
from parkopt.metering.hours import alarms
from parkopt.settling import AttributedDay
from parkopt.store.settled import SettledDay

OVERFULL = 0.02
"""Share of its capacity by which a storage may hold more before that is an alarm."""


def told_of(result: AttributedDay, parties: Sequence[Record], records: int) -> dict[str, Any]:
    """Return a day's totals and alarms."""
    asked, traced = result.asked, result.physical.traced
    hours = [hour for record in parties for hour in record["hours"]]
    consumption, carbon = int(traced.wh.sum()), sum(traced.ug.sum(axis=(0, 1)).tolist())
    found = [*alarms(asked.metered, result.physical.measured.channels), *_overfull(result)]
    return {
        "park": asked.park.id,
        "day": asked.day.isoformat(),
        "revision": asked.revision,
        "consumption_wh": consumption,
        "claimed_wh": sum(hour["claimed_wh"] for hour in hours),
        "physical_green_wh": sum(hour["green_wh"] for hour in hours),
        "carbon_ug": str(carbon),
        "market_ug": str(sum(int(hour["market_ug"]) for hour in hours)),
        "factor_kg_per_mwh": round(carbon / consumption / 1000, 3) if consumption else 0.0,
        "unaccounted_wh": _unaccounted(result),
        "records": records,
        "repeated": False,
        "alarms": [{"en": one.message("en"), "zh": one.message("zh")} for one in found],
    }


def _overfull(result: AttributedDay) -> Iterator[ParkoptError]:
    """Yield an alarm for each storage that holds more than it can, by its meters and the park file's efficiencies."""
    for name, asset in storages(result.asked.park).items():
        held, capacity = sum(result.physical.contents[name].wh.values()), capacity_wh(asset)
        if held > capacity * (1 + OVERFULL):
            yield StoreOverfull(store=name, held_wh=held, capacity_wh=capacity)


def _unaccounted(result: AttributedDay) -> int:
    """Return the Wh of the day that no meter accounts for, whichever way."""
    traced = result.physical.traced
    rows = [row for row, name in enumerate(traced.others) if name == "unaccounted"]
    columns = [column for column, name in enumerate(traced.labels) if name == "unaccounted"]
    return int(traced.other_wh[rows].sum() + traced.wh[:, columns].sum() + traced.other_wh[:, columns].sum())


def totals_of(days: Sequence[SettledDay]) -> dict[str, Any]:
    """Return the sums of settled days; carbon as decimal text."""
    names = ("consumption_wh", "claimed_wh", "physical_green_wh", "unaccounted_wh")
    sums: dict[str, Any] = {name: sum(one.told[name] for one in days) for name in names}
    return {**sums, **{name: str(sum(int(one.told[name]) for one in days)) for name in ("carbon_ug", "market_ug")}}
