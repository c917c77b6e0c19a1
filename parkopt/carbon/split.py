"""Exact splitting of whole numbers in proportion: sums hold to the last Wh and microgram."""

from __future__ import annotations

from collections.abc import Sequence


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over `weights` by largest remainder; ties go to the earlier weight.

    Parameters
    ----------
    total : int
        What is split, at least 0.
    weights : sequence of int
        Not negative. Where `total` is at most their sum no share exceeds its weight, so the
        weights can be needs or stocks that must not be overdrawn.

    Returns
    -------
    list of int
        Shares that sum to `total` exactly.

    Raises
    ------
    ValueError
        Where something is to be split over nothing.
    """
    whole = sum(weights)
    if whole == 0:
        if total:
            raise ValueError(f"{total} cannot be split over nothing")
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    if left:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for i in by_remainder[:left]:
            shares[i] += 1
    return shares


def fill(gives: Sequence[int], needs: Sequence[int]) -> list[list[int]]:
    """Return how much of each source goes to each sink, in proportion, with exact sums.

    Sources are split one after another over what the sinks still need, so that every row
    sums to its source, every column to its sink, and nothing is negative.

    Parameters
    ----------
    gives, needs : sequence of int
        Energies of the sources and of the sinks; their sums are equal.

    Returns
    -------
    list of list of int
        One row a source, one column a sink.
    """
    if sum(gives) != sum(needs):
        raise ValueError(f"sources give {sum(gives)}, sinks take {sum(needs)}")
    remaining = list(needs)
    rows = []
    for give in gives:
        row = split(give, remaining)
        remaining = [need - part for need, part in zip(remaining, row, strict=True)]
        rows.append(row)
    return rows
