"""How a park may be run through a day: a strategy decides from what it knows, then the day is settled on what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from parkopt.clock import FloatArray
from parkopt.faults import NoSolution
from parkopt.models.build import Problem
from parkopt.models.hub import Series
from parkopt.scenarios.controller import rule_based
from parkopt.solve import Limits, Solution, solve
from parkopt.solve.follow import Plan, follow, plan_of
from parkopt.solve.stochastic import Risk, hedge

Name = Literal["perfect", "physical", "expected", "quantile", "scenarios", "hourly", "guarded", "persistence", "rule"]
NAMES: tuple[Name, ...] = ("perfect", "expected", "quantile", "scenarios", "hourly", "guarded", "persistence", "rule")
"""The strategies that a replay compares by default; `physical` beside them where forecasts are corrected."""
MEANINGS: dict[Name, tuple[str, str]] = {
    "perfect": ("day-ahead schedule that knows what comes", "已知实际的日前计划"),
    "physical": ("day-ahead schedule on the physical chain", "物理链预测的日前计划"),
    "expected": ("day-ahead schedule on the median forecast", "中位数预测的日前计划"),
    "quantile": ("day-ahead schedule on a cautious quantile", "保守分位数的日前计划"),
    "scenarios": ("day-ahead schedule over scenarios", "多场景日前计划"),
    "hourly": ("median forecast, planned anew each step", "中位数预测，逐时段滚动计划"),
    "guarded": ("cautious quantile, planned anew each step", "保守分位数，逐时段滚动计划"),
    "persistence": ("day-ahead schedule on yesterday's values", "以昨日实况为预测的日前计划"),
    "rule": ("rule-based controller, no forecast", "规则控制，无预测"),
}


@dataclass(frozen=True)
class Uncertain:
    """A series that nobody knows beforehand, and how long a surprise in it lasts."""

    key: str
    """Such as ``available_mw``."""
    tau_h: float
    """Time after which a surprise has faded to 1/e [h]."""
    most_mw: float
    """More is impossible [MW]."""


@dataclass(frozen=True)
class Knows:
    """What may be known about a day, all on one grid; series by asset."""

    actual: Mapping[str, Series]
    """What came."""
    physical: Mapping[str, Series]
    """The physical chain on the weather forecast."""
    expected: Mapping[str, Series]
    """Medians of the forecast."""
    cautious: Mapping[str, Series]
    """A quantile on the careful side: less wind and sun, more load."""
    yesterday: Mapping[str, Series]
    """The values of the day before."""
    futures: tuple[Mapping[str, Series], ...]
    """Scenarios."""
    weights: FloatArray
    """Their probabilities."""
    uncertain: Mapping[str, Uncertain] = field(default_factory=dict)
    """The series that the others differ in, by asset."""


def run_day(name: Name, problem: Problem, knows: Knows, limits: Limits, risk: Risk | None = None) -> Solution:
    """Return a day as it went under a strategy.

    Parameters
    ----------
    name : str
        The strategy.
    problem : Problem
        The day with the state that it opens with; its series are replaced.
    knows : Knows
        What may be known; each strategy uses its own part of it, and the actual only to be settled.
    limits : Limits
        Of each solve.
    risk : Risk, optional
        How much bad futures count, for `scenarios`.
    """
    came = replace(problem, series=knows.actual)
    if name == "perfect":
        return solve(came, limits)
    if name in ("hourly", "guarded"):
        return _each_step(problem, knows, limits, cautious=name == "guarded")
    return follow(came, _plan(name, problem, knows, limits, risk), limits)


def _plan(name: Name, problem: Problem, knows: Knows, limits: Limits, risk: Risk | None) -> Plan:
    if name == "rule":
        return rule_based(replace(problem, series=knows.actual))
    if name == "scenarios":
        problems = [replace(problem, series=future) for future in knows.futures]
        try:
            return hedge(problems, knows.weights, limits, risk).plan
        except NoSolution:  # no one plan serves all futures: the middle one then
            return plan_of(solve(replace(problem, series=knows.expected), limits))
    known: dict[str, Mapping[str, Series]] = {
        "physical": knows.physical,
        "expected": knows.expected,
        "quantile": knows.cautious,
        "persistence": knows.yesterday,
    }
    return plan_of(solve(replace(problem, series=known[name]), limits))


def _each_step(problem: Problem, knows: Knows, limits: Limits, *, cautious: bool) -> Solution:
    """Plan anew in each step: what came up to it, the mended forecast after it, and what was done before it kept."""
    done: dict[str, dict[str, FloatArray]] = {}
    for step in range(problem.grid.n):
        seen = seen_at(knows, step, problem.grid.hours, cautious=cautious)
        ahead = follow(replace(problem, series=seen), done, limits)
        done = {
            name: {key: np.append(done.get(name, {}).get(key, ()), mw[step]) for key, mw in own.items()}
            for name, own in plan_of(ahead).items()
        }
    return follow(replace(problem, series=knows.actual), done, limits)


def seen_at(knows: Knows, step: int, hours: float, *, cautious: bool) -> dict[str, dict[str, FloatArray]]:
    """Return the series as a controller sees them in a step: what came up to it, and its forecast from there on.

    The surprise of the step fades as ``exp(-t / tau)`` (the latent errors of wind do so with 7 h,
    weather reference 5); what is left to be cautious about grows as ``sqrt(1 - exp(-2 t / tau))``,
    as for a first-order autoregressive error. A step in which nothing can come stays at 0.
    """
    series = {
        name: {key: np.append(mw[: step + 1], knows.expected[name][key][step + 1 :]) for key, mw in own.items()}
        for name, own in knows.actual.items()
    }
    for name, one in knows.uncertain.items():
        came, middle, low = (part[name][one.key] for part in (knows.actual, knows.expected, knows.cautious))
        fading = np.exp(-np.arange(1, len(came) - step) * hours / one.tau_h)
        after = slice(step + 1, None)
        ahead = middle[after] + fading * (came[step] - middle[step])
        if cautious:
            ahead = ahead + np.sqrt(1 - fading**2) * (low - middle)[after]
        nothing = (middle[after] == 0) & (low[after] == 0)
        series[name][one.key] = np.append(came[: step + 1], np.where(nothing, 0.0, np.clip(ahead, 0.0, one.most_mw)))
    return series
