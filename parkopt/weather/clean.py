"""What is repaired in weather, and what is refused: gaps, and only gaps, and never silently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from parkopt.clock import FloatArray
from parkopt.errors import NOWHERE, Where, raise_all
from parkopt.faults import MissingSteps
from parkopt.weather.resample import DIRECTION, to_degrees, to_vectors

MAX_GAP = timedelta(hours=3)
"""Longer gaps are not filled (parkopt reference, weather 3.2)."""


def fill_gaps(
    values: Mapping[str, FloatArray],
    step: timedelta,
    where: Where = NOWHERE,
    *,
    header_lines: int | None = 1,
    around: bool = False,
) -> tuple[dict[str, FloatArray], tuple[str, ...]]:
    """Return the variables with their NaN on straight lines, and a note for each that had any.

    Directions are filled as vectors: between 350 and 10 degrees lies north.

    Parameters
    ----------
    values : mapping
        Canonical name to values (n,), NaN where one is missing.
    step : timedelta
        Length of a step.
    where : Where
        The file.
    header_lines : int or None
        Lines of the file before its first row; None where rows are not lines, as in JSON.
    around : bool
        Whether the end of the values meets their start, as in a typical year; elsewhere a gap at
        an end takes the nearest value.

    Raises
    ------
    MissingSteps
        For each variable with a gap of more than 3 h: column, first row and length.
    """
    filled: dict[str, FloatArray] = {}
    notes: list[str] = []
    faults: list[MissingSteps] = []
    for name, data in values.items():
        gone = ~np.isfinite(data)
        start, length = longest_gap(gone, around=around)
        if length * step > MAX_GAP or gone.all():
            line = where.line if header_lines is None else start + 1 + header_lines
            place = Where(where.file, line, name, start + 1)
            hours = length * step / timedelta(hours=1)
            faults.append(MissingSteps(place, count=int(gone.sum()), first=f"row {start + 1}, {hours:g} h long"))
            continue
        on_lines = _turning if name.startswith(DIRECTION) else _on_lines
        filled[name] = on_lines(data, gone, around=around) if gone.any() else np.asarray(data, dtype=float)
        if gone.any():
            what = "hour(s)" if step == timedelta(hours=1) else "step(s)"
            notes.append(f"{int(gone.sum())} missing {what} of {name} were interpolated.")
    raise_all(faults)
    return filled, tuple(notes)


def _on_lines(data: FloatArray, gone: np.ndarray, *, around: bool) -> FloatArray:
    at = np.arange(len(data))
    period = len(data) if around else None
    return np.asarray(np.interp(at, at[~gone], data[~gone], period=period), dtype=float)


def _turning(data: FloatArray, gone: np.ndarray, *, around: bool) -> FloatArray:
    vectors = to_vectors(np.where(gone, 0.0, data))
    filled = to_degrees(
        _on_lines(vectors.real, gone, around=around) + 1j * _on_lines(vectors.imag, gone, around=around)
    )
    return np.where(gone, filled, data)


def longest_gap(gone: np.ndarray, *, around: bool = False) -> tuple[int, int]:
    """Return first row and length of the longest run of True; `around` joins the end to the start."""
    if gone.all():
        return 0, len(gone)
    if not gone.any():
        return 0, 0
    turn = int(np.argmin(gone)) if around else 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.roll(gone, -turn).astype(int), [0]])))
    starts, ends = edges[::2], edges[1::2]
    longest = int(np.argmax(ends - starts))
    return int((starts[longest] + turn) % len(gone)), int(ends[longest] - starts[longest])
