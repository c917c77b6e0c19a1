"""The tracing of a schedule: what was traced, the storages after it, and whether the carbon closes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from parkopt.carbon.network import LossPolicy, Network, Traced
from parkopt.carbon.reservoir import Reservoir
from parkopt.carbon.trace_network import open_carbon_ug, operator_ug, trace_network


@dataclass(frozen=True)
class Trace:
    """A traced schedule.

    Attributes
    ----------
    network : Network
        The flows.
    traced : Traced
        Where each source's energy and carbon went.
    reservoirs : mapping
        Storages after the last step.
    opening_ug : int
        Carbon in the storages before the first.
    """

    network: Network
    traced: Traced
    reservoirs: Mapping[str, Reservoir]
    opening_ug: int

    def open_carbon_ug(self) -> int:
        """Return carbon in minus carbon out minus what storages and the operator's account hold: 0, always."""
        return open_carbon_ug(self.traced, self.opening_ug, self.reservoirs)

    def sources_wh(self, step: int) -> dict[str, int]:
        """Return what reached the park in a step, by label."""
        given = self.traced.wh[:, :, step].sum(axis=0) + self.traced.other_wh[:, :, step].sum(axis=0)
        return {self.traced.labels[row]: int(given[row]) for row in np.flatnonzero(given)}

    def sinks_wh(self, step: int) -> dict[str, int]:
        """Return what left the buses in a step, by sink; consumers are not among these."""
        taken = self.traced.other_wh[:, :, step].sum(axis=1)
        return {self.traced.others[row]: int(taken[row]) for row in np.flatnonzero(taken)}


def trace(network: Network, reservoirs: Mapping[str, Reservoir], losses: LossPolicy) -> Trace:
    """Trace a network through storages of one method, which change in place; see `trace_network`."""
    methods = {one.method for one in reservoirs.values()}
    if len(methods) > 1:
        raise ValueError(f"storages of one park keep origins by one method, not by {sorted(methods)}")
    opening_ug = sum(one.total_ug for one in reservoirs.values()) + operator_ug(reservoirs)
    traced = trace_network(network, reservoirs, losses=losses, storage=next(iter(methods), "pool"))
    return Trace(network, traced, dict(reservoirs), opening_ug)
