"""The checks that every forecast makes on the arrays it is given."""

from __future__ import annotations

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, ImplausibleValue, NaiveTime, NegativeValue, OutOfRange, UnreadableValue


def numbers(name: str, values: object, n: int | None = None, *, signed: bool = False) -> FloatArray:
    """Return `values` as a float array of one dimension, checked.

    Parameters
    ----------
    name : str
        What the values are, for the fault.
    values : array_like
        Shape ``(n,)``, or one number, which is spread over `n`.
    n : int, optional
        The length that is needed.
    signed : bool
        Whether values below 0 are allowed.

    Raises
    ------
    GridMismatch
        Where the shape is another.
    UnreadableValue, NegativeValue
        Where a value is not finite or below 0; the row (1 = first) is named.
    """
    data = np.asarray(values, dtype=float)
    if data.ndim == 0:
        data = np.full(1 if n is None else n, float(data))
    if data.ndim != 1 or (n is not None and data.size != n):
        raise GridMismatch(
            name=name, got=f"{data.shape} values", expected="one dimension" if n is None else f"{n} values"
        )
    _first(data, ~np.isfinite(data), UnreadableValue, name)
    if not signed:
        _first(data, data < 0, NegativeValue, name)
    return data


def _first(data: FloatArray, bad: np.ndarray, fault: type[UnreadableValue | NegativeValue], name: str) -> None:
    if bad.any():
        row = int(np.argmax(bad))
        raise fault(Where(row=row + 1), column=name, value=float(data[row]))


def within(name: str, data: FloatArray, low: float, high: float, unit: str) -> FloatArray:
    """Return `data`, or raise `ImplausibleValue` where it leaves ``low..high`` (a unit gone wrong)."""
    bad = (data < low) | (data > high)
    if bad.any():
        row = int(np.argmax(bad))
        raise ImplausibleValue(
            Where(row=row + 1), column=name, value=float(data[row]), limit=f"{low:g} to {high:g}", unit=unit
        )
    return data


def setting(value: float, low: float, high: float) -> float:
    """Return `value`, or raise `OutOfRange` unless ``low <= value <= high``; NaN is refused."""
    if not low <= value <= high:
        raise OutOfRange(value=value, low=low, high=high)
    return value


def aware(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return `index`, or raise `NaiveTime` where it has no zone."""
    if index.tz is None:
        raise NaiveTime(value=str(index[0]) if len(index) else "an empty index")
    return index
