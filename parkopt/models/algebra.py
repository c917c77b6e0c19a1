"""The words in which a technology writes its equations: variables, sums over steps, relations.

A variable stands for one column a step; arithmetic with numbers and arrays of the same length
gives sums, and a comparison gives one row a step. So a level is written as it is read::

    soc - keep * soc.before(opening) - gain * charge + draw * discharge == 0.0

Nothing is solved or simplified here; the arrays go to the solver, or to Pyomo, as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray

IntArray = NDArray[np.int64]
Number = float | int | FloatArray
Sense = Literal["<=", ">=", "=="]
Entries = tuple[IntArray, IntArray, FloatArray]
"""Row, column and coefficient of some terms."""


class Sum:
    """One linear expression a row: terms in columns, and a constant.

    Attributes
    ----------
    n : int
        Number of rows.
    entries : tuple of (rows, columns, coefficients)
        Terms, in any order; the same place twice adds up.
    constant : ndarray, shape (n,)
        What is added in each row.
    """

    __slots__ = ("constant", "entries", "n")
    __array_ufunc__ = None  # numpy leaves `array * sum` to us
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, n: int, entries: tuple[Entries, ...], constant: FloatArray) -> None:
        self.n, self.entries, self.constant = n, entries, constant

    def __add__(self, other: Sum | Vars | Number) -> Sum:
        if isinstance(other, Vars):
            other = other.sum
        if not isinstance(other, Sum):
            return Sum(self.n, self.entries, self.constant + other)
        if other.n != self.n:
            raise ValueError(f"sums of {self.n} and {other.n} rows do not add up")
        return Sum(self.n, self.entries + other.entries, self.constant + other.constant)

    def __mul__(self, factor: Number) -> Sum:
        if isinstance(factor, float | int):
            alike = tuple((rows, columns, values * factor) for rows, columns, values in self.entries)
            return Sum(self.n, alike, self.constant * factor)
        by_row = np.broadcast_to(np.asarray(factor, dtype=float), (self.n,))
        scaled = tuple((rows, columns, values * by_row[rows]) for rows, columns, values in self.entries)
        return Sum(self.n, scaled, self.constant * by_row)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Sum:
        return self * -1.0

    def __sub__(self, other: Sum | Vars | Number) -> Sum:
        return self + (other * -1.0 if isinstance(other, Sum | Vars) else -np.asarray(other, dtype=float))

    def __rsub__(self, other: Number) -> Sum:
        return -self + other

    def __le__(self, other: Sum | Vars | Number) -> Relation:
        return Relation(self - other, "<=")

    def __ge__(self, other: Sum | Vars | Number) -> Relation:
        return Relation(self - other, ">=")

    def __eq__(self, other: Sum | Vars | Number) -> Relation:  # type: ignore[override]
        return Relation(self - other, "==")

    def at(self, steps: Sequence[int] | IntArray) -> Sum:
        """Return the rows `steps`, in that order; one may be asked for more than once."""
        wanted = np.asarray(steps, dtype=np.int64)
        kept = tuple(_taken(entries, wanted) for entries in self.entries)
        return Sum(len(wanted), kept, self.constant[wanted])

    def by(self, group: Sequence[int] | IntArray, count: int) -> Sum:
        """Return one row a group: the sum of the rows whose `group` it is (negative: in none), shape (count,)."""
        of = np.asarray(group, dtype=np.int64)
        kept = []
        for rows, columns, values in self.entries:
            inside = of[rows] >= 0
            kept.append((of[rows[inside]], columns[inside], values[inside]))
        constant = np.zeros(count)
        np.add.at(constant, of[of >= 0], self.constant[of >= 0])
        return Sum(count, tuple(kept), constant)

    def total(self) -> Sum:
        """Return the sum over all rows, as one row."""
        return self.by(np.zeros(self.n, dtype=np.int64), 1)

    def spread(self, n: int) -> Sum:
        """Return a single row repeated over `n` rows."""
        assert self.n == 1
        rows = np.arange(n)
        entries = tuple(
            (np.repeat(rows, len(columns)), np.tile(columns, n), np.tile(values, n))
            for _, columns, values in self.entries
        )
        return Sum(n, entries, np.repeat(self.constant, n))


def _taken(entries: Entries, wanted: IntArray) -> Entries:
    """Return the entries of the wanted rows, renumbered; a row may be wanted more than once."""
    rows, columns, values = entries
    order = np.argsort(rows, kind="stable")
    first, last = np.searchsorted(rows[order], wanted, "left"), np.searchsorted(rows[order], wanted, "right")
    lengths = last - first
    offset = np.repeat(first - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    chosen = order[offset + np.arange(int(lengths.sum()))] if len(wanted) else order[:0]
    return np.repeat(np.arange(len(wanted)), lengths), columns[chosen], values[chosen]


class Vars:
    """The columns of one variable: one a step (or one a month, one in all).

    Attributes
    ----------
    asset, name : str
        Whose it is and what it is called.
    first : int
        Its first column.
    lower, upper : ndarray, shape (n,)
        Bounds.
    integer : bool
        Whether it takes whole numbers only.
    labels : sequence
        Index of each column, as an LP file shows it.
    """

    __slots__ = ("asset", "first", "integer", "labels", "lower", "name", "upper")
    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(
        self,
        asset: str,
        name: str,
        first: int,
        lower: FloatArray,
        upper: FloatArray,
        labels: Sequence[Any],
        *,
        integer: bool = False,
    ) -> None:
        self.asset, self.name, self.first = asset, name, first
        self.lower, self.upper, self.labels, self.integer = lower, upper, labels, integer

    def __len__(self) -> int:
        return len(self.lower)

    def __getitem__(self, index: int) -> int:
        """Return the column of one step, for `linear`."""
        if not -len(self.lower) <= index < len(self.lower):
            raise IndexError(f"{self.asset}.{self.name} has {len(self.lower)} columns, not {index}")
        return self.first + index % len(self.lower)

    def items(self) -> Iterator[tuple[Any, int]]:
        """Yield (label, column)."""
        yield from zip(self.labels, range(self.first, self.first + len(self.lower)), strict=True)

    @property
    def columns(self) -> IntArray:
        """All columns."""
        return np.arange(self.first, self.first + len(self.lower))

    @property
    def sum(self) -> Sum:
        """The variable as a sum of one term a row."""
        n = len(self.lower)
        return Sum(n, ((np.arange(n), self.columns, np.ones(n)),), np.zeros(n))

    def before(self, opening: float) -> Sum:
        """Return the variable one step earlier; at the first step it is the number `opening`."""
        n, constant = len(self.lower), np.zeros(len(self.lower))
        constant[0] = opening
        return Sum(n, ((np.arange(1, n), self.columns[:-1], np.ones(n - 1)),), constant)

    def earlier(self, steps: int, openings: FloatArray) -> Sum:
        """Return the variable `steps` earlier; `openings` holds what it was before the first step, oldest first."""
        n = len(self.lower)
        kept, constant = max(n - steps, 0), np.zeros(n)
        constant[: min(steps, n)] = openings[: min(steps, n)]
        return Sum(n, ((np.arange(n - kept, n), self.columns[:kept], np.ones(kept)),), constant)

    def spread(self, n: int) -> Sum:
        """Return a single column repeated over `n` rows."""
        return self.sum.spread(n)

    def at(self, steps: Sequence[int] | IntArray) -> Sum:
        """Return the rows `steps`, in that order."""
        return self.sum.at(steps)

    def by(self, group: Sequence[int] | IntArray, count: int) -> Sum:
        """Return one row a group, the sum of its steps."""
        return self.sum.by(group, count)

    def total(self) -> Sum:
        """Return the sum over all steps, as one row."""
        return self.sum.total()

    def __add__(self, other: Sum | Vars | Number) -> Sum:
        return self.sum + other

    def __sub__(self, other: Sum | Vars | Number) -> Sum:
        return self.sum - other

    def __rsub__(self, other: Number) -> Sum:
        return -self.sum + other

    def __mul__(self, factor: Number) -> Sum:
        return self.sum * factor

    def __neg__(self) -> Sum:
        return self.sum * -1.0

    __radd__ = __add__
    __rmul__ = __mul__

    def __le__(self, other: Sum | Vars | Number) -> Relation:
        return self.sum <= other

    def __ge__(self, other: Sum | Vars | Number) -> Relation:
        return self.sum >= other

    def __eq__(self, other: object) -> Any:
        """Return the rows ``self == other`` for a number, an array or a sum; identity for a variable itself."""
        if other is self:
            return True
        if isinstance(other, Sum | Vars | float | int | np.ndarray):
            return self.sum == other
        return NotImplemented


@dataclass(frozen=True, eq=False)
class Relation:
    """One row a step: ``sum <sense> 0``."""

    sum: Sum
    sense: Sense

    def __bool__(self) -> bool:
        raise TypeError("a relation between variables is neither true nor false before it is solved")

    @property
    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit of the terms, the constant brought to the other side."""
        rhs, free = 0.0 - self.sum.constant, np.full(self.sum.n, np.inf)
        return (rhs if self.sense != "<=" else -free, rhs if self.sense != ">=" else free)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one relation in the model.

    Attributes
    ----------
    asset, name : str
        Whose they are and what they are called.
    first : int
        Its first row.
    labels : sequence
        Step (or month, or day) of each row.
    relation : Relation
        What they say.
    """

    asset: str
    name: str
    first: int
    labels: Sequence[Any]
    relation: Relation

    def __len__(self) -> int:
        return self.relation.sum.n

    def items(self) -> Iterator[tuple[Any, int]]:
        """Yield (label, row)."""
        yield from zip(self.labels, range(self.first, self.first + len(self)), strict=True)


def linear(pairs: Iterable[tuple[float, int]], constant: float = 0.0) -> Sum:
    """Return ``sum(coefficient * column) + constant`` as one row: for rows that no vector writes well."""
    columns, values = [], []
    for value, column in pairs:
        values.append(value)
        columns.append(column)
    entries = (np.zeros(len(columns), dtype=np.int64), np.asarray(columns, dtype=np.int64), np.asarray(values, float))
    return Sum(1, (entries,), np.full(1, float(constant)))


def stacked(relations: Sequence[Relation]) -> Relation:
    """Return single-row relations of one sense as the rows of one."""
    senses = {relation.sense for relation in relations}
    if len(senses) > 1:
        raise ValueError("rows of one name must all have the same sense")
    entries = tuple(
        (rows + index, columns, values)
        for index, relation in enumerate(relations)
        for rows, columns, values in relation.sum.entries
    )
    constants = [relation.sum.constant for relation in relations]
    whole = Sum(len(relations), entries, np.concatenate(constants) if constants else np.zeros(0))
    return Relation(whole, next(iter(senses), "<="))
