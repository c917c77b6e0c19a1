"""Settled green shares of an enterprise by the hour, and the park's hourly carbon factors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from parkopt.services.party_hours import PartyHours, steps_of, unpacked
from parkopt.settings import Settings
from parkopt.store.party_days import PartyDay, days_of_park, party_days

DAY = timedelta(days=1)


def settled_steps(enterprise: str, start: datetime, end: datetime, config: Settings) -> list[dict[str, Any]]:
    """Return the settled hours of an enterprise from `start` to `end`, in order; only those that are settled."""
    days = party_days(config.store_url, enterprise, start - DAY, end)
    return steps_of(unpacked(enterprise, days), start, end) if days else []


def park_factors(park: str, first: date, last: date, config: Settings) -> dict[str, Any]:
    """Return the park's hourly factors over settled local days.

    For each hour the sum of carbon over the parties and that of their consumption are given,
    so that factor x denominator is the numerator exactly (invariant I10).
    """
    found = days_of_park(config.store_url, park, first.isoformat(), last.isoformat())
    by_day: dict[str, list[PartyDay]] = {}
    for one in found:
        by_day.setdefault(one.day, []).append(one)
    hours = [row for day in sorted(by_day) for row in _hours(by_day[day])]
    return {"park": park, "start": first.isoformat(), "end": last.isoformat(), "basis": "settled", "hours": hours}


def _hours(days: Sequence[PartyDay]) -> list[dict[str, Any]]:
    parties: list[PartyHours] = [unpacked(one.party, [one]) for one in days]
    sums: dict[str, list[int]] = {
        name: np.stack([one.columns[name] for one in parties]).sum(axis=0).tolist()
        for name in ("consumption_wh", "claimed_wh", "carbon_ug", "market_ug")
    }
    measured: list[int] = np.stack([one.columns["measured"] for one in parties]).min(axis=0).tolist()
    return [
        {
            "start": parties[0].starts[t].isoformat(),
            "consumption_wh": sums["consumption_wh"][t],
            "claimed_wh": sums["claimed_wh"][t],
            "location": _factor(sums["carbon_ug"][t], sums["consumption_wh"][t]),
            "market": _factor(sums["market_ug"][t], sums["consumption_wh"][t]),
            "quality": "measured" if measured[t] else "estimated",
        }
        for t in range(len(measured))
    ]


def _factor(ug: int, wh: int) -> dict[str, Any]:
    return {"kg_per_mwh": round(ug / wh / 1000, 3) if wh else 0.0, "numerator_ug": str(ug), "denominator_wh": wh}
