"""Scores of a file's quantiles and scenarios, as far as its levels and days bear them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.forecast.quantiles import Quantiles
from parkopt.forecast.scores_joint import energy_score, variogram_score
from parkopt.forecast.scores_quantile import coverage, crps_ensemble, crps_quantiles, interval_score, pinball, width
from parkopt.services.forecast_file import ForecastFile

SHARES = (0.5, 0.8, 0.9)
"""Central intervals that are told."""
LEAST_LEVELS = 9
"""Fewer levels than these make no CRPS: most of the integral would be guessed."""
SAME = 1e-6
"""Rounding of levels [-]."""
BoolArray = NDArray[np.bool_]


def of_quantiles(file: ForecastFile, here: BoolArray) -> dict[str, Any]:
    """Return the scores of quantiles over the steps `here` (n,); CRPS is None where the levels make none."""
    q, real = Quantiles(file.levels, file.quantiles[here]), file.measured[here]
    inside = [share for share in SHARES if has_interval(file.levels, share)]
    return {
        "levels": len(file.levels),
        "pinball_mw": pinball(q, real),
        "crps_mw": crps_quantiles(q, real) if even_levels(file.levels) else None,
        "coverage": {f"{share:.0%}": coverage(q, real, share) for share in inside},
        "width_mw": {f"{share:.0%}": width(q, share) for share in inside},
        "interval_score_mw": {f"{share:.0%}": interval_score(q, real, share) for share in inside},
    }


def has_interval(levels: FloatArray, share: float) -> bool:
    """Return whether both ends of a central interval lie within the levels."""
    return levels.size > 0 and bool(levels[0] <= (1 - share) / 2 + 1e-9 and levels[-1] >= (1 + share) / 2 - 1e-9)


def on_levels(levels: FloatArray, share: float) -> bool:
    """Return whether both ends of a central interval are levels."""
    return all(bool(np.isclose(levels, end, atol=SAME).any()) for end in ((1 - share) / 2, (1 + share) / 2))


def even_levels(levels: FloatArray) -> bool:
    """Return whether the mean over levels stands for the integral over them."""
    gaps = np.diff(levels)
    if len(levels) < LEAST_LEVELS or np.ptp(gaps) > SAME:
        return False
    return bool(max(levels[0], 1 - levels[-1]) <= gaps[0] + SAME)


def of_scenarios(file: ForecastFile, here: BoolArray, *, whole_days: bool) -> dict[str, Any]:
    """Return the CRPS of a step over `here` (n,) and, of whole days, the means of energy and variogram score."""
    found: dict[str, Any] = {"members": len(file.members)}
    found["crps_mw"] = float(crps_ensemble(file.members[:, here], file.measured[here]).mean())
    if whole_days:  # a night is part of a day's vector
        pairs = [(file.members[:, rows], file.measured[rows]) for rows in _whole_days(file, here)]
        found["days"] = len(pairs)
        for name, of in (("energy_score_mw", energy_score), ("variogram_score", variogram_score)):
            found[name] = float(np.mean([of(*pair) for pair in pairs])) if pairs else None
    return found


def _whole_days(file: ForecastFile, here: BoolArray) -> list[NDArray[np.int64]]:
    day = np.asarray(file.local.tz_localize(None).normalize())
    per_day = timedelta(days=1) // file.step
    groups = [np.flatnonzero(here & (day == one)) for one in np.unique(day)]
    return [rows for rows in groups if rows.size == per_day]
