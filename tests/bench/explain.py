"""Part `explain`: how long it takes to say why a day is infeasible, over random days."""

from __future__ import annotations

from statistics import median

from tests.bench.table import Asked, Table


def tables(asked: Asked) -> list[Table]:
    """Return the table of this part."""
    table = Table("Explaining random infeasible days", ["days", "median s", "most s", "offers of changes"], labels=0)
    try:
        from tests.solve.infeasible_days import days, explained
    except ImportError as error:
        table.notes = [f"left out: {error}"]
        return [table]
    count = 5 if asked.quick else 20
    found = [explained(problem) for _, problem in days(count)]
    seconds = [spent for _, spent in found]
    offers = sum(len(fault.offers) for fault, _ in found)
    table.rows.append([count, f"{median(seconds):.2f}", f"{max(seconds):.2f}", offers])
    return [table]
