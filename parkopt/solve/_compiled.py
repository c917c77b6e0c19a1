"""The arrays that HiGHS takes: straight from the hub, and once more through Pyomo's own compiler.

Both have columns and rows in the hub's order, so they can be compared number by number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from pyomo.common.gc_manager import PauseGC
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from parkopt.clock import FloatArray
from parkopt.models.build import Built
from parkopt.models.hub import Direction, Hub
from parkopt.models.pyomo_form import constraint_of

DIGITS = 9
"""Solved values are rounded to a thousandth of a watt: what is smaller is the solver's noise."""
UPPER, LOWER = 1, -1
"""`bound_type` of the compiler's rows in mixed form: +1 is ``<=``, -1 is ``>=``, 0 is ``=``."""


@dataclass(frozen=True)
class Compiled:
    """``min cost x`` with ``row_lower <= A x <= row_upper`` and bounds on x.

    ``matrix`` is a scipy CSC of shape (rows, columns) with sorted indices and no zeros.
    """

    cost: FloatArray
    carbon: FloatArray
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    directions: tuple[Direction, ...] = ()
    """Binaries that say which of two flows may run, for rounding."""


def compiled(built: Built) -> Compiled:
    """Return the arrays of a built model, from the hub's own vectors."""
    hub = built.hub
    bounds = [rows.relation.bounds for rows in hub.all_rows]
    return Compiled(
        cost=built.cost,
        carbon=built.carbon,
        matrix=_matrix(hub),
        row_lower=_joined([low for low, _ in bounds]),
        row_upper=_joined([high for _, high in bounds]),
        lower=_joined([made.lower for made in hub.columns]),
        upper=_joined([made.upper for made in hub.columns]),
        integer=np.repeat([made.integer for made in hub.columns], [len(made) for made in hub.columns]),
        directions=tuple(hub.directions),
    )


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0)


def _matrix(hub: Hub) -> Any:
    entries = [
        (places + rows.first, columns, values)
        for rows in hub.all_rows
        for places, columns, values in rows.relation.sum.entries
    ]
    places, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = sp.coo_array((values, (places, columns)), shape=(hub.n_rows, hub.n_columns)).tocsc()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def compiled_by_pyomo(built: Built) -> Compiled:
    """Return the arrays of the same model as Pyomo's standard-form compiler makes them.

    Raises
    ------
    pyomo.repn.util.InvalidConstraintError
        Where a technology wrote something that is not linear (a fault of its code).
    """
    hub = built.hub
    with PauseGC():  # writing many small objects would set off a sweep of the whole heap, 0.2 s long
        model = built.model
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    column = {id(data): place for place, data in enumerate(_columns(model, hub))}
    row = {id(data): place for place, data in enumerate(_rows(model, hub))}
    to_column = np.asarray([column[id(data)] for data in form.columns], dtype=np.int64)
    to_row = np.asarray([row[id(entry.constraint)] for entry in form.rows], dtype=np.int64)
    lower, upper = (np.asarray(limits) for limits in zip(*_bounds(model, hub), strict=True))
    row_lower, row_upper = _limits(form, to_row, hub.n_rows)
    return Compiled(
        cost=_placed(np.asarray(form.c.todense(), dtype=float).ravel(), to_column, hub.n_columns, 0.0),
        carbon=built.carbon,
        matrix=_moved(form.A, to_row, to_column, (hub.n_rows, hub.n_columns)),
        row_lower=row_lower,
        row_upper=row_upper,
        lower=lower,
        upper=upper,
        integer=np.asarray([data.is_integer() for data in _columns(model, hub)], dtype=bool),
    )


def _columns(model: Any, hub: Hub) -> list[Any]:
    return [model.unit[made.asset].component(made.name)[label] for made in hub.columns for label in made.labels]


def _rows(model: Any, hub: Hub) -> list[Any]:
    return [constraint_of(model, rows)[label] for rows in hub.all_rows for label in rows.labels]


def _bounds(model: Any, hub: Hub) -> list[tuple[float, float]]:
    return [
        (-np.inf if data.lb is None else data.lb, np.inf if data.ub is None else data.ub)
        for data in _columns(model, hub)
    ]


def _placed(values: FloatArray, place: NDArray[np.int64], n: int, missing: float) -> FloatArray:
    full = np.full(n, missing)
    full[place] = values
    return full


def _moved(matrix: Any, to_row: NDArray[np.int64], to_column: NDArray[np.int64], shape: tuple[int, int]) -> Any:
    entries = matrix.tocoo()
    moved = sp.coo_array((entries.data, (to_row[entries.row], to_column[entries.col])), shape=shape).tocsc()
    moved.eliminate_zeros()
    moved.sort_indices()
    return moved


def _limits(form: Any, to_row: NDArray[np.int64], n: int) -> tuple[FloatArray, FloatArray]:
    """Return the limits of the rows; one that Pyomo left out (no variable in it) is given as free."""
    sense = np.asarray([entry.bound_type for entry in form.rows])
    rhs = np.asarray(form.rhs, dtype=float)
    lower = _placed(np.where(sense == UPPER, -np.inf, rhs), to_row, n, -np.inf)
    return lower, _placed(np.where(sense == LOWER, np.inf, rhs), to_row, n, np.inf)


def values_of(form: Compiled, hub: Hub, x: FloatArray) -> dict[str, dict[str, FloatArray]]:
    """Return the solved values by asset and variable."""
    full = np.clip(np.round(x, DIGITS), form.lower, form.upper)
    return {
        asset: {name: full[made.first : made.first + len(made)] for name, made in own.items()}
        for asset, own in hub.variables.items()
    }
