"""Scores of green supply: hourly matching, CFE, volumetric, and the self-use ratios of 650 and 688.

With load L, clean energy that contracts and certificates deliver C (net of what went into
storages), and the grid's own clean share gamma, in any one unit of energy by hour::

    M = min(L, C)            matched
    R = L - M                served by the grid's mix
    hourly matching          sum M / sum L
    CFE score                sum (M + R gamma) / sum L
    volumetric               sum C / sum L           ("100 % a year"; no hour need match)

All are weighted by load. The mean of hourly percentages is not a score: it counts an hour of
little load as much as one of much. Excess (C - M) never counts, and nobody's excess counts for
another: a park's matched energy is the sum of its parties'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.int64] | NDArray[np.float64]
FloatArray = NDArray[np.float64]
Counting = Literal["net", "gross"]
Status = Literal["met", "missed", "nothing yet"]


@dataclass(frozen=True)
class Scores:
    """Scores over some hours; None where nothing was consumed (or no grid share is known)."""

    hourly_matching: float | None
    cfe: float | None
    volumetric: float | None

    def as_dict(self) -> dict[str, float | None]:
        """Return the scores as plain data."""
        return asdict(self)


def matched(load: Array, clean: Array) -> Array:
    """Return what clean energy serves load in its own hour, ``min(L, C)``."""
    return np.minimum(load, clean)


def share(part: Array | float, whole: Array | float) -> float | None:
    """Return ``sum part / sum whole``, None where the whole is nothing."""
    total = float(np.sum(whole))
    return float(np.sum(part)) / total if total > 0 else None


def scores(load: Array, clean: Array, gamma: Array | float | None = None) -> Scores:
    """Return the scores of one party.

    Parameters
    ----------
    load, clean : ndarray
        Energies of each hour, shape (n,), one unit for both.
    gamma : ndarray or float, optional
        Clean share of the grid, 0 to 1; without it no CFE score is given.
    """
    served = matched(load, clean)
    cfe = None if gamma is None else share(served + (load - served) * np.asarray(gamma), load)
    return Scores(share(served, load), cfe, share(clean, load))


def park_scores(
    loads: Mapping[str, Array], cleans: Mapping[str, Array], gamma: Array | float | None = None
) -> tuple[dict[str, Scores], Scores]:
    """Return the scores of each party and of the park.

    Parameters
    ----------
    loads, cleans : mapping
        By party, energies of each hour, shape (n,); a party without clean energy may be left out of `cleans`.
    gamma : ndarray or float, optional
        Clean share of the grid.
    """
    clean = {party: cleans.get(party, np.zeros_like(load)) for party, load in loads.items()}
    own = {party: scores(load, clean[party], gamma) for party, load in loads.items()}
    load = np.concatenate([np.zeros(0), *loads.values()])
    served = np.concatenate([np.zeros(0), *(matched(loads[party], wh) for party, wh in clean.items())])
    grid = None if gamma is None else np.concatenate([np.zeros(0), *(one * 0.0 + gamma for one in loads.values())])
    whole = scores(load, served, grid)
    volume = share(np.concatenate([np.zeros(0), *clean.values()]), load)
    return own, Scores(whole.hourly_matching, whole.cfe, volume)


def to_date(part: Array, whole: Array) -> FloatArray:
    """Return the score up to and including each hour, shape (n,); NaN until something was consumed.

    Parameters
    ----------
    part, whole : ndarray
        What counts and of what, such as ``matched(load, clean)`` and ``load``, shape (n,).
    """
    done, base = np.cumsum(part, dtype=float), np.cumsum(whole, dtype=float)
    so_far: FloatArray = np.divide(done, base, out=np.full(len(done), np.nan), where=base > 0)
    return so_far


@dataclass(frozen=True)
class DirectUse:
    """Energies of a direct-connection project over some time, one unit for all (650/2025, 688/2026).

    Attributes
    ----------
    available : float
        Own renewable energy before curtailment.
    generation : float
        Own renewable energy at the generator meters.
    export : float
        To the public grid.
    demand : float
        Consumption, storage charging apart.
    charged, released : float
        Own renewable energy that went into storages and came out of them.
    """

    available: float
    generation: float
    export: float
    demand: float
    charged: float = 0.0
    released: float = 0.0

    def self_use(self, counting: Counting = "net") -> float:
        """Return own energy used in the park.

        ``net``: generation less charging plus release less export (688, section 11, storage loss
        taken off); ``gross``: generation less export.
        """
        stored = self.released - self.charged if counting == "net" else 0.0
        return self.generation + stored - self.export


@dataclass(frozen=True)
class Limit:
    """A ratio to date beside its threshold."""

    ratio: float | None
    limit: float
    status: Status


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of the ratios; provinces may set others."""

    self_use_of_available: float = 0.60
    self_use_of_demand: float = 0.30
    export_of_available: float = 0.20


DEFAULT = Thresholds()


def direct_ratios(use: DirectUse, limits: Thresholds = DEFAULT, counting: Counting = "net") -> dict[str, Limit]:
    """Return the three ratios of 650 and 688 with their status.

    Parameters
    ----------
    use : DirectUse
        Sums of the year to date.
    limits : Thresholds
        Self-use at least 60 % of available and 30 % of demand (35 % by 2030), export at most 20 % of available.
    counting : str
        How storage counts, see `DirectUse.self_use`; report both where they differ.
    """
    own = use.self_use(counting)
    return {
        "self_use_of_available": _at_least(share(own, use.available), limits.self_use_of_available),
        "self_use_of_demand": _at_least(share(own, use.demand), limits.self_use_of_demand),
        "export_of_available": _at_most(share(use.export, use.available), limits.export_of_available),
    }


def _at_least(ratio: float | None, limit: float) -> Limit:
    return Limit(ratio, limit, "nothing yet" if ratio is None else "met" if ratio >= limit else "missed")


def _at_most(ratio: float | None, limit: float) -> Limit:
    return Limit(ratio, limit, "nothing yet" if ratio is None else "met" if ratio <= limit else "missed")
