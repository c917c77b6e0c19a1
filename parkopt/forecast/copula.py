"""Scenarios of wind, PV and load from their quantile forecasts, by a Gaussian copula.

Each series keeps its own quantiles; what the copula adds is which hours and places err together.
The latent covariance is exponential in time and distance (Pinson et al. 2009, Wind Energy 12,
51, for time; the figures are those measured and tried in the project's reference)::

    wind   exp(-dt / 7 h) exp(-d / 250 km)
    PV     half exp(-dt / 3 h) exp(-d / 90 km), half a day's common sky exp(-days / 1.7) exp(-d / 400 km)
    load   exp(-dt / 6 h), each on its own

PV leans against wind by -0.15: its latent is -0.15 of the wind's at its place and the rest its
own. Every part is drawn as a root of a matrix of places times noise times a root of a matrix of
times (a Kronecker product), so the whole is positive semi-definite by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, MissingKey, TooShort
from parkopt.forecast.arrays import setting
from parkopt.forecast.quantiles import Quantiles
from parkopt.forecast.scenario_set import ScenarioSet
from parkopt.weather.sites import distances_km

Resource = Literal["wind", "pv", "load"]
WIND_TAU_H, WIND_KM = 7.0, 250.0
"""Latent errors of GEFCom2014 wind are correlated .83/.585/.373/.167 at 1/3/6/12 h."""
PV_TAU_H, PV_KM = 3.0, 90.0
PV_DAY_KM = 400.0
PV_DAY_SHARE = 0.5
"""Share of the variance that is common to a day [-] (judgement)."""
PV_DAY_TO_DAY = 0.55
"""Correlation of one day's sky with the next's [-], that of daily clearness."""
WIND_PV = -0.15
"""Latent correlation of wind and PV at one place and time [-]."""
LOAD_TAU_H = 6.0
"""Of a load's errors [h] (judgement)."""
_TAIL = 1e-6
"""Level at which the straight tails end."""


@dataclass(frozen=True)
class Block:
    """A series: its name, what it is and where it stands."""

    name: str
    resource: Resource
    latitude: float
    longitude: float


def ranks(
    draws: int, blocks: Sequence[Block], n_steps: int, step_h: float = 1.0, seed: int = 0, *, antithetic: bool = False
) -> dict[str, FloatArray]:
    """Return uniform ranks of each series, by name, shape (draws, n_steps), dependent as the copula says.

    Parameters
    ----------
    draws, n_steps : int
        1 or more.
    blocks : sequence of Block
        The series; names differ. Two of one resource at one place share their ranks.
    step_h : float
        Length of a step [h]; the first begins a local day.
    seed : int
        Of `numpy.random.RandomState`, whose stream does not change between versions.
    antithetic : bool
        Whether the second half mirrors the first (rank ``1 - r``), which makes means steadier.

    Raises
    ------
    OutOfRange, TooShort
        Where a count or the step makes no sense, or there is no series.
    """
    from scipy.special import ndtr

    latent = latent_draws(draws, blocks, n_steps, step_h, seed, antithetic=antithetic)
    return {name: np.asarray(ndtr(z), dtype=float) for name, z in latent.items()}


def latent_draws(
    draws: int, blocks: Sequence[Block], n_steps: int, step_h: float = 1.0, seed: int = 0, *, antithetic: bool = False
) -> dict[str, FloatArray]:
    """Return standard normal series of each block, shape (draws, n_steps); see `ranks`."""
    for count in (draws, n_steps):
        setting(count, 1, np.inf)
    setting(step_h, 1e-3, 24)
    if not blocks or len({b.name for b in blocks}) != len(blocks):
        raise TooShort(
            Where(field="series of different names"), count=len({b.name for b in blocks}), needed=len(blocks) or 1
        )
    half = -(-draws // 2) if antithetic else draws
    found = _drawn(half, blocks, n_steps, step_h, np.random.RandomState(seed))
    return {n: np.concatenate([z, -z])[:draws] if antithetic else z for n, z in found.items()}


def _drawn(
    draws: int, blocks: Sequence[Block], n: int, step_h: float, random: np.random.RandomState
) -> dict[str, FloatArray]:
    wind, pv, load = ([b for b in blocks if b.resource == kind] for kind in ("wind", "pv", "load"))
    found: dict[str, FloatArray] = {}
    places = [*wind, *pv]
    if places:
        air = _field(draws, _space(places, WIND_KM), _time(n, step_h, WIND_TAU_H), random)
        found |= {b.name: air[:, at] for at, b in enumerate(wind)}
    if pv:
        fast = _field(draws, _space(pv, PV_KM), _time(n, step_h, PV_TAU_H), random)
        slow = _field(draws, _space(pv, PV_DAY_KM), _days(n, step_h), random)
        sky = np.sqrt(1 - PV_DAY_SHARE) * fast + np.sqrt(PV_DAY_SHARE) * slow
        sky = WIND_PV * air[:, len(wind) :] + np.sqrt(1 - WIND_PV**2) * sky
        found |= {b.name: sky[:, at] for at, b in enumerate(pv)}
    if load:
        works = _field(draws, np.eye(len(load)), _time(n, step_h, LOAD_TAU_H), random)
        found |= {b.name: works[:, at] for at, b in enumerate(load)}
    return {b.name: found[b.name] for b in blocks}


def covariance(blocks: Sequence[Block], n_steps: int, step_h: float = 1.0) -> FloatArray:
    """Return the latent covariance of all series and steps, series by series: shape (s n, s n).

    What `latent_draws` has in the mean of many draws; for tests and for looking at it.
    """
    apart = _distance_km(blocks)
    kind = np.array([b.resource for b in blocks])
    on_wind = np.where(kind == "wind", 1.0, np.where(kind == "pv", WIND_PV, 0.0))
    pv = (kind == "pv").astype(float)
    load = np.diag((kind == "load").astype(float))
    parts = [
        (np.outer(on_wind, on_wind) * np.exp(-apart / WIND_KM), _time(n_steps, step_h, WIND_TAU_H)),
        (_own(pv, 1 - PV_DAY_SHARE) * np.exp(-apart / PV_KM), _time(n_steps, step_h, PV_TAU_H)),
        (_own(pv, PV_DAY_SHARE) * np.exp(-apart / PV_DAY_KM), _days(n_steps, step_h)),
        (load, _time(n_steps, step_h, LOAD_TAU_H)),
    ]
    return np.asarray(sum(np.kron(space, time) for space, time in parts), dtype=float)


def _own(pv: FloatArray, share: float) -> FloatArray:
    """Return the part of PV's variance that is its own, as a matrix over the series."""
    return np.asarray(share * (1 - WIND_PV**2) * np.outer(pv, pv), dtype=float)


def _field(draws: int, space: FloatArray, time: FloatArray, random: np.random.RandomState) -> FloatArray:
    """Return normal fields of a separable covariance, shape (draws, places, steps)."""
    noise = random.standard_normal((draws, len(space), len(time)))
    return np.asarray(_root(space) @ noise @ _root(time), dtype=float)


def _root(matrix: FloatArray) -> FloatArray:
    """Return the symmetric root; places may coincide, for which a Cholesky factor does not exist."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, dtype=float)


def _time(n: int, step_h: float, tau_h: float) -> FloatArray:
    at = np.arange(n) * step_h
    return np.asarray(np.exp(-np.abs(at[:, None] - at) / tau_h), dtype=float)


def _days(n: int, step_h: float) -> FloatArray:
    """Return one value a day: 1 within it, less from day to day."""
    day = np.floor(np.arange(n) * step_h / 24 + 1e-9)
    return np.asarray(PV_DAY_TO_DAY ** np.abs(day[:, None] - day), dtype=float)


def _space(blocks: Sequence[Block], scale_km: float) -> FloatArray:
    return np.asarray(np.exp(-_distance_km(blocks) / scale_km), dtype=float)


def _distance_km(blocks: Sequence[Block]) -> FloatArray:
    """Return the distances of all series, shape (s, s)."""
    return distances_km([(b.latitude, b.longitude) for b in blocks])


def with_tails(forecast: Quantiles, low: float, high: float) -> Quantiles:
    """Return the forecast with straight tails beyond its outer levels, kept within `low` and `high`.

    The slope of the outermost two levels goes on to level 0 and 1: with levels 0.05 and 0.10
    the tail reaches as far below the first as that is below the second. Shorter than a real
    tail may be, never beyond what is physically possible.

    Parameters
    ----------
    low, high : float
        Least and highest value that can be, such as 0 and the capacity.
    """
    levels, values = forecast.levels, forecast.values
    if len(levels) < 2 or levels[0] <= _TAIL or levels[-1] >= 1 - _TAIL:  # noqa: PLR2004
        return forecast.within(low, high)
    slopes = [(values[:, [b]] - values[:, [a]]) / (levels[b] - levels[a]) for a, b in ((0, 1), (-2, -1))]
    first, last = values[:, [0]] - slopes[0] * levels[0], values[:, [-1]] + slopes[1] * (1 - levels[-1])
    whole = np.concatenate([first, values, last], axis=1)
    return Quantiles(np.concatenate([[_TAIL], levels, [1 - _TAIL]]), np.clip(whole, low, high))


def draw_scenarios(
    quantiles: Mapping[str, Quantiles],
    blocks: Sequence[Block],
    draws: int,
    seed: int = 0,
    step_h: float = 1.0,
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> ScenarioSet:
    """Return equally likely scenarios of all series together.

    Parameters
    ----------
    quantiles : mapping
        Forecast of each block by name, all of the same steps [MW].
    blocks : sequence of Block
        The series.
    draws, seed, step_h
        As of `ranks`.
    limits : mapping, optional
        Least and highest value by name [MW]; 0 and no limit where not given. Tails: `with_tails`.

    Raises
    ------
    MissingKey, GridMismatch
        Where a block has no quantiles, or they have not the same steps.
    """
    for block in blocks:
        if block.name not in quantiles:
            raise MissingKey(Where(field="quantiles"), key=block.name, example="the quantile forecast of that series")
    n = len(quantiles[blocks[0].name]) if blocks else 1
    for block in blocks:
        if len(quantiles[block.name]) != n:
            got = f"{len(quantiles[block.name])} steps"
            raise GridMismatch(name=block.name, got=got, expected=f"{n} steps")
    found = ranks(draws, blocks, n, step_h, seed)
    ends = {b.name: (limits or {}).get(b.name, (0.0, np.inf)) for b in blocks}
    values = {name: with_tails(quantiles[name], *ends[name]).drawn(r) for name, r in found.items()}
    return ScenarioSet(np.full(draws, 1 / draws), values)
