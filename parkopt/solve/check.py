"""Every solution, computed again by code that shares nothing with the model.

It knows the park file, the series and the reported powers, and nothing of Pyomo, columns
or duals. The bus is balanced here; what an asset promises is audited, and what it owes is
billed, by the asset's own `audit` and `owes`, which read reported variables alone. What
does not hold stops the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from parkopt.clock import FloatArray
from parkopt.faults import CheckFailed
from parkopt.models.base import GIVES, MAIN, POWER_MW, TAKES, Case, Finding, Role, Technology
from parkopt.models.build import Problem
from parkopt.models.policy import export_banned
from parkopt.park.schema import Park
from parkopt.solve.check_rules import breaches_mwh, ratio_energies, rule_bill, rule_findings
from parkopt.solve.reported import Bill, Reported, total_mw

__all__ = [
    "CheckReport",
    "breaches_mwh",
    "buses",
    "cases",
    "check",
    "independent_bill",
    "ratio_energies",
    "total_mw",
]

FEN_YUAN = 0.01
SHOWN = 5
"""Findings that a message names."""


@dataclass(frozen=True)
class CheckReport:
    """What was looked at and what did not hold."""

    looked_at: int
    findings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything held."""
        return not self.findings


def check(problem: Problem, reported: Reported, bill: Bill) -> CheckReport:
    """Check a solution and return the report of a passed check.

    Parameters
    ----------
    problem : Problem
        Park, series, state and rules.
    reported : mapping
        By asset, the reported variables, each of shape (n,).
    bill : mapping
        Yuan by line, shape (n,) or (1,).

    Raises
    ------
    CheckFailed
        Where anything does not hold; the schedule must not be used.
    """
    everything = list(_all(problem, reported, bill))
    findings = tuple(what for holds, what in everything if not holds)
    if findings:
        raise CheckFailed(findings="; ".join(findings[:SHOWN]))
    return CheckReport(len(everything), findings)


def _all(problem: Problem, reported: Reported, bill: Bill) -> Iterator[Finding]:
    yield from _finite(reported)
    yield from _balances(problem, reported)
    every = list(cases(problem, reported))
    for asset, case in every:
        yield from asset.audit(case)
    yield from rule_findings(problem, reported, bill)
    yield from _bill(bill, _owed(every) | rule_bill(problem, reported))


def cases(problem: Problem, reported: Reported) -> Iterator[tuple[Technology, Case]]:
    """Yield each asset with what its audit may look at."""
    banned = export_banned(problem.park.rules, problem.grid)
    for name, asset in problem.park.assets.items():
        assert isinstance(asset, Technology)
        state, series = problem.state.of(name), problem.series[name]
        within = _within_mw(problem, reported, name)
        total = partial(total_mw, problem, reported)
        others = (reported, total, problem.park.assets)
        yield asset, Case(name, reported[name], series, state, problem.grid, within, banned, *others)


def _within_mw(problem: Problem, reported: Reported, connection: str) -> FloatArray:
    """Return the import that contracts bring over one connection, shape (n,)."""
    connections, total = list(problem.park.of_kind("grid")), np.zeros(problem.grid.n)
    if connection not in connections:
        return total
    for name, asset in problem.park.assets.items():
        assert isinstance(asset, Technology)
        keys = [key for key, role in asset.flows().items() if role == Role.WITHIN_IMPORT]
        if keys and (asset.at_connection() or connections[0]) == connection:
            total += sum(reported[name][key] for key in keys)
    return total


def _finite(reported: Reported) -> Iterator[Finding]:
    for name, own in reported.items():
        for key, values in own.items():
            yield bool(np.isfinite(values).all()), f"{name}.{key} is not a number everywhere"


def _balances(problem: Problem, reported: Reported) -> Iterator[Finding]:
    for bus in buses(problem.park):
        net = total_mw(problem, reported, GIVES, bus) - total_mw(problem, reported, TAKES, bus)
        worst = float(np.max(np.abs(net)))
        yield worst <= POWER_MW, f"the bus {bus} misses its balance by {worst:.3g} MW"


def buses(park: Park) -> list[str]:
    """Return the buses of a park, `main` first."""
    assets = [asset for asset in park.assets.values() if isinstance(asset, Technology)]
    return list(dict.fromkeys([MAIN, *(asset.bus_of(key) for asset in assets for key in asset.flows())]))


def _bill(bill: Bill, due: Mapping[str, float]) -> Iterator[Finding]:
    for line in sorted({*due, *bill} - {"rule_breach"}):
        shown, owed = math.fsum(bill.get(line, np.zeros(1))), due.get(line, 0.0)
        near = FEN_YUAN + 1e-8 * abs(owed)
        yield abs(shown - owed) <= near, f"the bill's line {line} is {owed:.2f} yuan, not {shown:.2f}"


def independent_bill(problem: Problem, reported: Reported) -> dict[str, float]:
    """Return the bill by line in yuan, from the park file, the prices and the reported powers alone."""
    return _owed(cases(problem, reported)) | rule_bill(problem, reported)


def _owed(every: Iterable[tuple[Technology, Case]]) -> dict[str, float]:
    lines: dict[str, float] = {}
    for asset, case in every:
        for line, yuan in asset.owes(case):
            lines[line] = lines.get(line, 0.0) + yuan
    return lines
