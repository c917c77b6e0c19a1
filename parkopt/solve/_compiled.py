"""From a Pyomo model to the arrays that HiGHS takes, by Pyomo's own standard-form compiler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.common.gc_manager import PauseGC
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from parkopt.clock import FloatArray
from parkopt.models.base import Hub

DIGITS = 9
"""Solved values are rounded to a thousandth of a watt: what is smaller is the solver's noise."""
UPPER, LOWER = 1, -1
"""`bound_type` of the compiler's rows in mixed form: +1 is ``<=``, -1 is ``>=``, 0 is ``=``."""


@dataclass(frozen=True)
class Compiled:
    """``min cost x + offset`` with ``row_lower <= A x <= row_upper`` and bounds on x.

    ``matrix`` is a scipy CSC of shape (rows, columns); ``column`` gives the column of a
    Pyomo variable by ``id``, and ``row`` the rows of a constraint by ``id``.
    """

    cost: FloatArray
    offset: float
    carbon: FloatArray
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    column: dict[int, int]
    row: dict[int, int]


def compile_model(model: Any, hub: Hub) -> Compiled:
    """Return the arrays of a built model.

    Raises
    ------
    pyomo.repn.util.InvalidConstraintError
        Where a technology wrote something that is not linear (a fault of its code).
    """
    with PauseGC():
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    sense = np.asarray([entry.bound_type for entry in form.rows])
    rhs = np.asarray(form.rhs, dtype=float)
    columns = form.columns
    column = {id(variable): index for index, variable in enumerate(columns)}
    return Compiled(
        cost=np.asarray(form.c.todense(), dtype=float).ravel(),
        offset=float(form.c_offset[0]),
        carbon=_carbon(hub, column),
        matrix=form.A,
        row_lower=np.where(sense == UPPER, -np.inf, rhs),
        row_upper=np.where(sense == LOWER, np.inf, rhs),
        lower=np.asarray([_bound(variable.lb, -np.inf) for variable in columns]),
        upper=np.asarray([_bound(variable.ub, np.inf) for variable in columns]),
        integer=np.asarray([variable.is_integer() for variable in columns], dtype=bool),
        column=column,
        row={id(entry.constraint): index for index, entry in enumerate(form.rows)},
    )


def _bound(value: float | None, missing: float) -> float:
    return missing if value is None else value


def _carbon(hub: Hub, column: dict[int, int]) -> FloatArray:
    carbon = np.zeros(len(column))
    for mw, kg_per_mwh in hub.emissions:
        for variable in mw.values():
            if id(variable) in column:
                carbon[column[id(variable)]] += kg_per_mwh * hub.grid.hours
    return carbon


def values_of(compiled: Compiled, hub: Hub, x: FloatArray) -> dict[str, dict[str, FloatArray]]:
    """Return the solved values by asset and variable; one that no row or price touches sits at 0."""
    full = np.append(np.clip(np.round(x, DIGITS), compiled.lower, compiled.upper), 0.0)
    absent = len(x)
    return {
        asset: {
            name: full[[compiled.column.get(id(data), absent) for data in variable.values()]]
            for name, variable in own.items()
        }
        for asset, own in hub.variables.items()
    }
