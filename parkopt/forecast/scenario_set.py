"""Futures of several series together, each with its probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Where
from parkopt.faults import GridMismatch, OutOfRange, TooShort, UnreadableValue, WrongOption
from parkopt.forecast.reduce import METHODS, Method, distances, reduced_to

SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ScenarioSet:
    """Scenarios: the same draw of every series belongs together.

    Parameters
    ----------
    weights : FloatArray
        Probabilities, shape ``(k,)``; 0 or more, sum 1.
    values : mapping
        By series, shape ``(k, n)``; power in MW (or any one unit a series).

    Raises
    ------
    TooShort
        Without a scenario or a series.
    OutOfRange
        Where a weight is below 0 or they do not sum up to 1.
    GridMismatch, UnreadableValue
        Where shapes differ or a value is not finite.
    """

    weights: FloatArray
    values: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        self._check_weights()
        shape: tuple[int, ...] | None = None
        for name, rows in self.values.items():
            shape = shape or (len(self.weights), rows.shape[-1] if rows.ndim else 0)
            if rows.shape != shape:
                raise GridMismatch(name=name, got=f"{rows.shape}", expected=f"{shape}")
            if not np.isfinite(rows).all():
                raise UnreadableValue(Where(field=name), column=name, value=float(rows[~np.isfinite(rows)][0]))
        kept = {name: _frozen(rows) for name, rows in self.values.items()}
        object.__setattr__(self, "values", MappingProxyType(kept))
        object.__setattr__(self, "weights", _frozen(self.weights))

    def _check_weights(self) -> None:
        if self.weights.ndim != 1 or not self.weights.size or not self.values:
            raise TooShort(Where(field="scenarios"), count=min(self.weights.size, len(self.values)), needed=1)
        low, total = float(self.weights.min()), float(self.weights.sum())
        if not low >= 0:
            raise OutOfRange(Where(field="weights"), value=low, low=0.0, high=1.0)
        if not abs(total - 1) <= SUM_TOLERANCE:
            raise OutOfRange(Where(field="sum of weights"), value=total, low=1.0, high=1.0)

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def steps(self) -> int:
        """Number of steps of each series."""
        return int(next(iter(self.values.values())).shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the series."""
        return tuple(self.values)

    def expected(self, name: str) -> FloatArray:
        """Return the mean of a series by weight, shape (n,)."""
        return np.asarray(self.weights @ self.values[name], dtype=float)

    def sum(self, signs: Mapping[str, float]) -> FloatArray:
        """Return series added with their signs, shape (k, n): ``{"load": 1, "wind": -1}`` is a net load."""
        for name in signs:
            if name not in self.values:
                raise WrongOption(option="series", value=name, allowed=", ".join(self.names))
        return np.asarray(sum(sign * self.values[name] for name, sign in signs.items()), dtype=float)

    def taken(self, rows: Sequence[int] | NDArray[np.int64], weights: FloatArray) -> ScenarioSet:
        """Return some of the scenarios with other weights."""
        return ScenarioSet(weights, {name: own[np.asarray(rows)] for name, own in self.values.items()})

    def points(self, signs: Mapping[str, float] | None = None) -> FloatArray:
        """Return scenarios as points whose distance counts, shape (k, features).

        With `signs` the net of the series step by step, since a plan that sees only the net
        cares for nothing else; otherwise all series side by side, each over its own spread (the
        root of the mean variance of its steps), so that a large farm does not drown a small one.
        """
        if signs is not None:
            return self.sum(signs)
        return np.concatenate([own / self._spread(own) for own in self.values.values()], axis=1)

    def _spread(self, own: FloatArray) -> float:
        away = own - self.weights @ own
        return float(np.sqrt((self.weights @ np.square(away)).mean())) or 1.0

    def extreme(self, signs: Mapping[str, float] | None = None) -> int:
        """Return the hardest scenario: most net load by `signs`, else least energy of all series together."""
        possible = self.weights > 0
        hard = self.sum(dict.fromkeys(self.names, -1.0) if signs is None else signs).sum(axis=1)
        return int(np.argmax(np.where(possible, hard, -np.inf)))

    def reduced(
        self,
        k: int,
        signs: Mapping[str, float] | None = None,
        method: Method = "forward",
        *,
        keep_extreme: bool = True,
    ) -> ScenarioSet:
        """Return `k` scenarios that stand for all, with the probabilities of those they stand for.

        Parameters
        ----------
        k : int
            How many to keep; all of them where there are no more.
        signs : mapping, optional
            The net that matters, as of `sum`: ``{"load": 1, "wind": -1, "pv": -1}``. Without
            it the distance is over all series, each scaled by its spread.
        method : {"forward", "medoids"}
            Fast forward selection or k-medoids.
        keep_extreme : bool
            Whether the hardest scenario (`extreme`) is always among them, however little it weighs.

        Raises
        ------
        OutOfRange, WrongOption
            Where `k` is below 1, or a series or the method is not known.
        """
        if method not in METHODS:
            raise WrongOption(option="method", value=method, allowed=", ".join(METHODS))
        keep = (self.extreme(signs),) if keep_extreme else ()
        rows, weights = reduced_to(distances(self.points(signs)), self.weights, k, method, keep)
        return self.taken(rows, weights)


def _frozen(array: FloatArray) -> FloatArray:
    own = np.array(array, dtype=float)
    own.flags.writeable = False
    return own
