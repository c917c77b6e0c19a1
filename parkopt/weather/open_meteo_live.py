"""Weather asked of an Open-Meteo service, off unless the settings name one; answers are kept (`cache`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote, quote_plus, urlencode

import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.errors import ParkoptError, Text, Where
from parkopt.faults import NoWeather, WrongOption
from parkopt.park.base import Location
from parkopt.settings import Settings
from parkopt.weather.cache import Kept, Kind, in_envelope, keep, newest_first
from parkopt.weather.open_meteo import Reading
from parkopt.weather.open_meteo_http import NoAnswerError, get_text
from parkopt.weather.open_meteo_json import parse_answers

PUBLIC_URL = "https://api.open-meteo.com/v1/forecast"
PUBLIC_ARCHIVE_URL = "https://archive-api.open-meteo.com/v1/archive"
COMMON = (
    "shortwave_radiation", "direct_normal_irradiance", "diffuse_radiation", "temperature_2m", "surface_pressure",
    "relative_humidity_2m", "cloud_cover", "precipitation", "snow_depth", "wind_speed_10m", "wind_direction_10m",
)  # fmt: skip
ASKED: dict[Kind, tuple[str, ...]] = {
    "forecast": (*COMMON, "wind_speed_80m", "wind_speed_120m", "wind_speed_180m"),
    "archive": (*COMMON, "wind_speed_100m", "wind_direction_100m"),
}
"""Variables that are asked for; each service has its own heights of the wind."""
AHEAD_DAYS = 7
"""Days ahead that every forecast is asked for, so that it can stand in when the service is down."""


@dataclass(frozen=True)
class LiveConfig:
    """What the source needs to know of the settings."""

    url: str
    archive_url: str
    key: str = field(repr=False)
    home: Path
    cache_hours: float
    timeout_s: float


def live_config(settings: Settings) -> LiveConfig:
    """Return the part of the settings that concerns the weather service.

    Raises
    ------
    WrongOption
        Where an address is not plain http or https, or carries a query (the key has its own setting).
    """
    for option in ("open_meteo_url", "open_meteo_archive_url"):
        url = getattr(settings, option)
        if url and not re.fullmatch(r"https?://[^\s?#@]+", url):
            # a query or a user name may hold a secret, and is not repeated
            shown = re.sub(r"//[^/@]*@", "//...@", re.sub(r"[?#].*", "?...", url))
            allowed = f"an address such as {PUBLIC_URL}, without user, key or query; or empty"
            raise WrongOption(option=f"PARKOPT_{option.upper()}", value=shown, allowed=allowed)
    key = settings.open_meteo_key.get_secret_value() if settings.open_meteo_key else ""
    return LiveConfig(
        settings.open_meteo_url, settings.open_meteo_archive_url, key, settings.home,
        settings.weather_cache_hours, settings.weather_timeout_s,
    )  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class OpenMeteo:
    """Weather from the service that the settings name.

    A kept forecast younger than ``config.cache_hours`` that covers the grid is used without a
    request; an archive's answer is used at any age. Where the service fails, the newest kept
    forecast that covers the grid stands in, with a note that says its age and why.

    Parameters
    ----------
    config : LiveConfig
        Addresses, key, folder and limits.
    basis : str
        ``"forecast"``, or ``"actual"`` for the archive (the reanalysis ERA5).
    now : callable
        Gives the time, for tests.
    """

    config: LiveConfig
    basis: Literal["forecast", "actual"] = "forecast"
    now: Callable[[], datetime] = _now
    name: str = "open_meteo"

    @property
    def kind(self) -> Kind:
        """Return which of the two services is asked."""
        return "archive" if self.basis == "actual" else "forecast"

    @property
    def url(self) -> str:
        """Return the address of that service."""
        return self.config.archive_url if self.kind == "archive" else self.config.url

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the weather of `location` on `grid`.

        Raises
        ------
        WrongOption
            Where no service is switched on.
        NoWeather
            Where it gave nothing that can be used, and nothing kept covers the grid.
        """
        self.require_on()
        fresh = self._kept(location, grid, timedelta(hours=self.config.cache_hours))
        if fresh is not None:
            return fresh[1]
        try:
            return self._asked(location, grid)
        except NoAnswerError as problem:
            reason = problem.reason
        last = self._kept(location, grid, None)
        if last is None:
            raise NoWeather(url=self.url, reason=reason)
        kept, dataset = last
        hours = (self.now() - kept.fetched_at) / timedelta(hours=1)
        told = f"The weather service gave no new {self.kind} ({reason.en}): that of {kept.fetched_at:%Y-%m-%dT%H:%MZ}"
        return dataset.assign_attrs(notes=f"{dataset.attrs['notes']} {told}, {hours:.1f} h old, was used.")

    def require_on(self) -> None:
        """Raise `WrongOption`, with what switches the service on, where none is set."""
        if self.url:
            return
        option, url = "OPEN_METEO_ARCHIVE_URL", PUBLIC_ARCHIVE_URL
        if self.kind == "forecast":
            option, url = "OPEN_METEO_URL", PUBLIC_URL
        raise WrongOption(option=f"PARKOPT_{option}", value="", allowed=f"{url} switches the weather service on")

    def _kept(self, location: Location, grid: TimeGrid, age: timedelta | None) -> tuple[Kept, xr.Dataset] | None:
        """Return the newest kept answer that covers `grid` and is young enough, and its weather."""
        for kept in newest_first(self.config.home, location, self.kind):
            old = self.now() - kept.fetched_at
            # a forecast from the future of this clock is not known to be young
            if age is not None and self.kind == "forecast" and not timedelta(0) <= old <= age:
                continue
            try:
                return kept, self._weather(kept, location, grid)
            except ParkoptError:
                continue
        return None

    def _weather(self, kept: Kept, location: Location, grid: TimeGrid) -> xr.Dataset:
        where = Where(file=str(kept.path))
        reading = Reading(parse_answers(kept.raw, where), where, f"open_meteo/{self.kind}", kept.sha256, self.basis)
        dataset = reading.weather(location, grid)
        if self.kind == "archive" or grid.start >= kept.fetched_at:
            return dataset
        told = "Steps before the issue come from the service's latest model runs and were not forecast a day ahead."
        return dataset.assign_attrs(notes=f"{dataset.attrs['notes']} {told}")

    def _asked(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the weather of a new answer, which is kept if it is good."""
        query, at = self._query(location, grid), self.now()
        secret = {"apikey": self.config.key} if self.config.key else {}
        shown = f"{self.url}?{urlencode(query)}"
        try:
            answer = get_text(f"{self.url}?{urlencode(query | secret)}", self.config.timeout_s)
        except NoAnswerError as problem:
            raise NoAnswerError(
                Text(self._without_key(problem.reason.en), self._without_key(problem.reason.zh))
            ) from None
        kept = in_envelope(self.config.home, location, self.kind, at, shown, self._without_key(answer))
        try:
            dataset = self._weather(kept, location, grid)
        except ParkoptError as fault:
            raise NoAnswerError(_reason(fault)) from fault
        try:
            keep(kept)
        except OSError as error:
            told = f"The answer could not be kept in {kept.path.parent}: {error.strerror or 'unknown reason'}."
            return dataset.assign_attrs(notes=f"{dataset.attrs['notes']} {told}")
        return dataset

    def _query(self, location: Location, grid: TimeGrid) -> dict[str, str]:
        """Return the query: the days of the grid, in UTC; of a forecast, the week ahead too."""
        first, last, today = grid.start.date(), grid.end.date(), self.now().astimezone(UTC).date()
        if self.kind == "forecast":
            first, last = min(first, today), max(last, today + timedelta(days=AHEAD_DAYS))
        return {
            "latitude": f"{location.latitude:.4f}", "longitude": f"{location.longitude:.4f}",
            "elevation": f"{location.altitude:g}", "hourly": ",".join(ASKED[self.kind]), "wind_speed_unit": "ms",
            "timezone": "GMT", "timeformat": "unixtime", "start_date": str(first), "end_date": str(last),
        }  # fmt: skip

    def _without_key(self, text: str) -> str:
        """Return a text without the key, in whatever spelling an address or JSON gives it."""
        key = self.config.key
        if not key:
            return text
        plain = (key, quote(key), quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1])
        for shown in sorted({*plain, *(one.replace("/", "\\/") for one in plain)}, key=len, reverse=True):
            text = text.replace(shown, "***")
        return text


def _reason(fault: ParkoptError) -> Text:
    """Return the sentences of a fault as part of another one."""
    inner = getattr(fault, "faults", (fault,))
    return Text(
        "; ".join(one.message("en").rstrip(".") for one in inner),
        "；".join(one.message("zh").rstrip("。") for one in inner),
    )
