"""The columns and rows of a hub as a Pyomo model: the reference form, and what LP files show.

The technologies are written once, as arrays. Pyomo's own compiler turns this model into
matrices again, and those must equal the arrays (`parkopt.solve.planner`): two ways to the
same numbers, so that neither can be wrong alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from parkopt.clock import FloatArray
from parkopt.models.algebra import Rows, Vars
from parkopt.models.hub import BUSES, Hub
from parkopt.park.asset import MAIN


def pyomo_model(name: str, hub: Hub, cost: FloatArray) -> Any:
    """Return the model: block ``unit`` by asset, ``balance`` of the buses, objective ``cost``."""
    model = pyo.ConcreteModel(name=name)
    model.unit = pyo.Block([block for block in hub.blocks if block != BUSES])
    column: list[Any] = []
    for made in hub.columns:
        column += _variable(model.unit[made.asset], made)
    for rows in hub.all_rows:
        home = model if rows.asset == BUSES else model.unit[rows.asset]
        home.add_component(_name(rows), _constraint(rows, column))
    priced = np.flatnonzero(cost)
    model.cost = pyo.Objective(
        expr=LinearExpression(
            constant=0.0, linear_coefs=cost[priced].tolist(), linear_vars=[column[index] for index in priced]
        )
    )
    return model


def constraint_of(model: Any, rows: Rows) -> Any:
    """Return the constraint of some rows in a model that `pyomo_model` made."""
    return (model if rows.asset == BUSES else model.unit[rows.asset]).component(_name(rows))


def _name(rows: Rows) -> str:
    if rows.asset != BUSES:
        return rows.name
    return "balance" if rows.name == MAIN else f"balance_{rows.name}"


def _variable(block: Any, made: Vars) -> list[Any]:
    domain = pyo.Integers if made.integer else pyo.Reals
    if made.integer and not made.lower.any() and np.all(made.upper == 1.0):
        domain = pyo.Binary
    variable = pyo.Var(list(made.labels), domain=domain)
    block.add_component(made.name, variable)
    columns = [variable[label] for label in made.labels]
    for data, low, high in zip(columns, made.lower.tolist(), made.upper.tolist(), strict=True):
        data.setlb(None if low == -np.inf else low)
        data.setub(None if high == np.inf else high)
    return columns


def _constraint(rows: Rows, column: list[Any]) -> Any:
    lines: list[tuple[list[float], list[Any]]] = [([], []) for _ in range(len(rows))]
    for places, columns, values in rows.relation.sum.entries:
        for place, index, value in zip(places.tolist(), columns.tolist(), values.tolist(), strict=True):
            lines[place][0].append(value)
            lines[place][1].append(column[index])
    lower, upper = (bound.tolist() for bound in rows.relation.bounds)

    def rule(_: Any, place: int) -> Any:
        values, variables = lines[place]
        expression = LinearExpression(constant=0.0, linear_coefs=values, linear_vars=variables)
        if lower[place] == upper[place]:
            return expression == upper[place]
        return expression <= upper[place] if upper[place] < np.inf else expression >= lower[place]

    position = {label: place for place, label in enumerate(rows.labels)}
    return pyo.Constraint(list(rows.labels), rule=lambda block, *label: rule(block, position[_label(label)]))


def _label(label: tuple[Any, ...]) -> Any:
    return label[0] if len(label) == 1 else label
