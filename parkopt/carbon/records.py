"""Traceability records of a schedule: what is written into the log, in whole numbers only.

One record for the schedule, one for each hour (or step) of the park, one for each step of
each enterprise. They rest on a schedule, so each says ``basis: forecast``; only meters make
settled records.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from parkopt.carbon.account import LOSSES, Account
from parkopt.carbon.network import Network
from parkopt.carbon.opening import CONSUMERS
from parkopt.clock import TimeGrid

Record = dict[str, Any]


def records_of(account: Account, flows: Network, grid: TimeGrid, run: str, hashes: dict[str, str]) -> list[Record]:
    """Return the records of one schedule.

    Parameters
    ----------
    account : Account
        The traced schedule.
    flows : Flows
        The flows that were traced.
    grid : TimeGrid
        Its grid.
    run : str
        Id of this run; a later run of the same day is another one, never an edit.
    hashes : dict
        SHA-256 of the park file, the weather, the state, each file read, the request and the results.
    """
    common = {
        "park": str(account.schedule.attrs["park"]),
        "run": run,
        "date": grid.label(0)[:10],
        "basis": "forecast",
    }
    attrs = account.schedule.attrs
    head = {
        "type": "schedule",
        **common,
        "hashes": hashes,
        "status": str(attrs["status"]),
        "steps": grid.n,
        "enterprises": account.schedule.sizes["enterprise"],
        "synthetic": str(attrs.get("synthetic_en", "")),
        "weather": {"source": str(attrs["weather_source"]), "basis": str(attrs["weather_basis"])},
    }
    starts = [stamp.strftime("%Y-%m-%dT%H:%M:%SZ") for stamp in grid.index]
    ends = [*starts[1:], pd.Timestamp(grid.end).strftime("%Y-%m-%dT%H:%M:%SZ")]
    spans = [{"start": start, "end": end} for start, end in zip(starts, ends, strict=True)]
    park = [_park_hour(account, flows, step, {**common, **span}) for step, span in enumerate(spans)]
    return [head, *park, *_enterprise_hours(account.schedule, common, spans)]


METHOD = {"tracing": "proportional", "storage": "pool", "losses": "to-discharge", "lines": LOSSES, "version": "2"}
"""Version 1 took all buses as one and line losses as a consumer."""


def _park_hour(account: Account, flows: Network, step: int, head: dict[str, str]) -> Record:
    """Return the park's record of a step: all that reached the bus and all that left it.

    The enterprises are one sink: each gets this record with its own, and none sees another's.
    """
    schedule = account.schedule
    carbon, wh = (int(schedule[key].to_numpy()[step]) for key in ("park_carbon_ug", "park_consumption_wh"))
    return {
        "type": "park-hour",
        **head,
        "sources_wh": account.trace.sources_wh(step),
        "sinks_wh": ({CONSUMERS: wh} if wh else {}) | account.trace.sinks_wh(step),
        "consumption_wh": wh,
        "carbon_ug": str(carbon),
        "park_factor_ug_per_wh": str(carbon // wh) if wh else "0",
        "factor": {"id": str(schedule.attrs["grid_factor_id"]), "ug_per_wh": int(flows.gap_ug_per_wh)},
        "method": METHOD,
    }


def _enterprise_hours(schedule: xr.Dataset, common: dict[str, str], spans: list[dict[str, str]]) -> list[Record]:
    shares, labels = schedule["share_wh"].to_numpy(), schedule["source"].to_numpy().tolist()
    totals = {key: schedule[key].to_numpy() for key in ("consumption_wh", "green_wh", "carbon_ug")}
    found = []
    for row, enterprise in enumerate(schedule["enterprise"].to_numpy().tolist()):
        for step, span in enumerate(spans):
            by_source = {labels[i]: int(shares[row, i, step]) for i in np.flatnonzero(shares[row, :, step])}
            found.append(
                {
                    "type": "enterprise-hour",
                    **common,
                    "enterprise": enterprise,
                    **span,
                    "consumption_wh": int(totals["consumption_wh"][row, step]),
                    "by_source_wh": by_source,
                    "green_wh": int(totals["green_wh"][row, step]),
                    "carbon_ug": str(int(totals["carbon_ug"][row, step])),
                    "factor": str(schedule.attrs["grid_factor_id"]),
                    "method": METHOD,
                }
            )
    return found
