"""A measured profile as the forecast: how far its days lie from what their own 4 weeks before said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, tzinfo

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.forecast.load_features import DAY, Calendar, LoadPast
from parkopt.forecast.load_mix import Known, rows_of
from parkopt.forecast.load_spread import fit_spread
from parkopt.forecast.quantiles import LEVELS, Quantiles

PROFILE_DAYS = 42
"""Days of a profile from which its own errors are its spread: 2 weeks of errors after 4 weeks of means [days]."""
GAP = timedelta(hours=15)
"""From the issue to the midnight of the day: 09:00 on the day before."""


def profile_quantiles(
    profile: pd.Series[float], shape_mw: FloatArray, zone: tzinfo | None, calendar: Calendar, scale: float = 1.0
) -> Quantiles | None:
    """Return a measured profile as the forecast, with the spread of the profile around its own 4-week means.

    Parameters
    ----------
    profile : pandas.Series
        Mean power [MW] at the starts of regular steps, with a zone.
    shape_mw : FloatArray
        What the profile gives for the wanted steps, shape ``(n,)`` [MW]: the median.
    zone : tzinfo
        The plant's fixed zone.
    calendar : {"cn", "none"}
        Whose holidays count.
    scale : float
        By what the shape was scaled [-].

    Returns
    -------
    Quantiles or None
        At `LEVELS`; None with less than six weeks of profile.

    Raises
    ------
    NaiveTime, GridMismatch
        Where the profile has no zone or no one regular step.
    """
    past = LoadPast(profile)
    if len(past.mw) * past.step < PROFILE_DAYS * DAY:
        return None
    rows = rows_of(past, None, zone, GAP, Known(calendar=calendar))
    means_mw = rows.x["mean_4w"].to_numpy()[rows.usable]
    held = replace(rows, mw=rows.mw * scale).held(rows.usable, _flat(means_mw * scale))
    end_s = int((past.index[-1] + past.step).timestamp())
    return fit_spread(held, end_s, int(GAP.total_seconds())).around(_flat(shape_mw))


def _flat(mw: FloatArray) -> FloatArray:
    return np.repeat(np.asarray(mw)[:, None], len(LEVELS), axis=1)
