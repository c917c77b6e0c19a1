"""Hours of a wind farm's record that its power curve must not learn: stopped, iced, held down, or after a storm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import FloatArray
from parkopt.errors import Text

Mask = NDArray[np.bool_]
BIN_M_PER_S = 0.5
"""Width of a bin (IEC 61400-12-1:2017)."""
SPREADS, LEAST_FALL = 4.0, 0.15
"""An outlier lies below its bin's median by 4 spreads (1.4826 MAD) and by 15 % of the capacity."""
STOPPED = 0.01
"""Share of the capacity below which a turbine stands."""
ICING_DEGC = 1.0
STORM_M_PER_S = 18.0
"""No turbine stops for a storm below this; see `parkopt.forecast.wind.SHORTEST_M_PER_S`."""
LEAST_STANDING = 3
"""Steps that must stand above the highest wind with power before this is taken for a storm stop."""
CUT_OUT_M_PER_S = 25.0
"""Storm stop where the record shows none: that of most curves of windpowerlib's library."""


def storm_stop(wind: FloatArray, share: FloatArray) -> tuple[float, tuple[Text, ...]]:
    """Return the storm stop: the last whole m/s that still gives power, where stopped ones follow it."""
    edges = np.arange(STORM_M_PER_S, max(40.0, float(wind.max(initial=0.0)) + 2))
    medians = [float(np.median(share[here])) if (here := (wind > e) & (wind <= e + 1)).any() else np.nan for e in edges]
    running = np.flatnonzero(np.array(medians) >= STOPPED)
    stop = float(edges[running[-1] + 1 if running.size else 0])
    if ((wind > stop) & (share < STOPPED)).sum() >= LEAST_STANDING:
        return stop, (Text(f"The record shows a storm stop at {stop:g} m/s.", f"记录中的切出风速为 {stop:g} m/s。"),)
    seen = float(np.ceil(wind.max(initial=0.0)))
    stop = max(CUT_OUT_M_PER_S, seen)
    told = Text(f"No storm stop in the record; {stop:g} m/s assumed.", f"记录中未见切出；按 {stop:g} m/s 计。")
    return stop, (told,)


def outliers(v: FloatArray, share: FloatArray, temp: FloatArray, storm: Mask) -> dict[str, Mask]:
    """Return the steps far below what the same wind gives at other times, by what they look like."""
    low = np.zeros(v.size, dtype=bool)
    standing_storm = (v > STORM_M_PER_S) & (share < STOPPED) & ~storm
    for _ in range(2):  # what the first pass drops moves the medians of the second
        usable = ~(low | storm | standing_storm)
        low = _far_below(v, share, usable) & ~(storm | standing_storm)
    cold, stands = temp <= ICING_DEGC, share < STOPPED
    return {
        "stopped": low & stands & ~cold,
        "icing": low & cold,
        "curtailed": low & ~stands & ~cold,
        "storm": standing_storm,
    }


def _far_below(v: FloatArray, share: FloatArray, usable: Mask) -> Mask:
    bins = (v / BIN_M_PER_S).astype(np.int64)
    low = np.zeros(v.size, dtype=bool)
    for one in np.unique(bins[usable]):
        here = bins == one
        median = np.median(share[here & usable])
        spread = 1.4826 * np.median(np.abs(share[here & usable] - median))
        low[here] = share[here] < median - max(SPREADS * spread, LEAST_FALL)
    return low
