"""Weather from a saved answer of Open-Meteo: forecast, archive (ERA5), historical forecast, ensemble."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.errors import Where
from parkopt.faults import MissingFile
from parkopt.park.base import Location
from parkopt.park.table import ClockSpec
from parkopt.weather.dated import GHI, complete, dated_series, lay_dated, naive
from parkopt.weather.offset import sun_of_series
from parkopt.weather.open_meteo_clock import place_of
from parkopt.weather.open_meteo_json import ENVELOPE, Answers, Block, parse_answers, read_block
from parkopt.weather.open_meteo_run import KEYS, TURNING, on_steps, read_run
from parkopt.weather.sites import distance_km
from parkopt.weather.source import Origin, canonical

ATTRIBUTION = "Weather data by Open-Meteo.com (CC BY 4.0)."
FAR_KM = 30.0
"""About one cell of the coarsest model that Open-Meteo serves (ERA5, 0.25 degrees)."""
FORECASTS = ("forecast", "ensemble")
"""Last part of the addresses of services that forecast (open-meteo.com/en/docs)."""
_MEMBER = re.compile(r"_member(\d+)$")
_HEAD = re.compile(r'"(generationtime_ms|hourly_units|minutely_15_units|utc_offset_seconds)"\s*:')
_ERROR = re.compile(r'^\s*\{\s*"(error"\s*:\s*true|reason"\s*:)')


def is_open_meteo(head: str) -> bool:
    """Return whether the first thousand characters of a file are those of an Open-Meteo answer (or of one kept)."""
    start = head.lstrip("\ufeff \t\r\n")
    if not start.startswith(("{", "[")):
        return False
    return ENVELOPE in start or _HEAD.search(start) is not None or _ERROR.match(start) is not None


@dataclass(frozen=True)
class OpenMeteoFile:
    """Weather from an Open-Meteo answer that was saved as JSON, with parkopt's envelope or without.

    Parameters
    ----------
    path : Path
        The file.
    basis : str, optional
        What an answer is taken for that does not say it: ``"actual"`` for the archive (the
        reanalysis ERA5), a forecast by default. The address in parkopt's envelope goes before it.
    """

    path: Path
    basis: Literal["forecast", "actual"] | None = None
    name: str = "open_meteo"

    def fetch(self, location: Location, grid: TimeGrid) -> xr.Dataset:
        """Return the weather of the answer's nearest place on `grid`; of an ensemble, its control run.

        Raises
        ------
        MissingFile, BrokenFile, TooShort, UnreadableTime, NaiveTime, TimeNotRising, ShiftingZone,
        UnevenSteps, MissingSteps, WrongStep, MissingColumn, MissingUnit, WrongUnit, EnergyNotPower,
        UnreadableValue, NegativeValue, ImplausibleValue, ShiftedClock, OutsideData, GridMismatch
        """
        return self._read().weather(location, grid)

    def members(self, location: Location, grid: TimeGrid) -> tuple[xr.Dataset, ...]:
        """Return the members of an ensemble, the control run first; of another answer, its one forecast.

        What an answer gives once for all members (pressure, say) is the control's; a member without
        any values is left out, and every Dataset says so.
        """
        return self._read().members(location, grid)

    def _read(self) -> Reading:
        where = Where(file=str(self.path))
        try:
            raw = self.path.read_bytes()
        except OSError as error:
            raise MissingFile(where, path=self.path) from error
        answers = parse_answers(raw, where)
        return Reading(answers, where, f"open_meteo/{self.path.name}", hashlib.sha256(raw).hexdigest(), self.basis)


@dataclass(frozen=True)
class Reading:
    """A parsed answer and where it came from."""

    answers: Answers
    where: Where
    source: str
    sha256: str
    basis: Literal["forecast", "actual"] | None = None

    def weather(self, location: Location, grid: TimeGrid, member: str = "") -> xr.Dataset:
        """Return one run on `grid`; `member` is the suffix of its keys, empty for the control."""
        place, here, far = self._nearest(location)
        block = read_block(place, _block_name(place, grid), self.where)
        return self._laid(block, here, grid, member, far)

    def members(self, location: Location, grid: TimeGrid) -> tuple[xr.Dataset, ...]:
        """Return all runs on `grid`, the control first."""
        place, here, far = self._nearest(location)
        block = read_block(place, _block_name(place, grid), self.where)
        found = sorted({match[0] for key in block.columns if (match := _MEMBER.search(key))})
        whole = [member for member in found if _has_light(block, member)]
        if len(whole) < len(found):
            far += (f"{len(found) - len(whole)} member(s) without values were left out.",)
        return tuple(self._laid(block, here, grid, member, far) for member in ["", *whole])

    def _nearest(self, location: Location) -> tuple[dict[str, Any], Location, tuple[str, ...]]:
        park = (location.latitude, location.longitude)
        places = [(distance_km(place_of(one, self.where), park), at, one) for at, one in enumerate(self.answers.places)]
        away, at, place = min(places, key=lambda one: one[:2])
        notes = [f"Place {at + 1} of the {len(places)} in the answer is nearest."] if len(places) > 1 else []
        if away > FAR_KM:
            notes.append(f"The answer's place is {away:.0f} km from the park.")
        moved = {"latitude": place["latitude"], "longitude": place["longitude"]}
        return place, location.model_copy(update=moved), tuple(notes)

    def _laid(self, block: Block, here: Location, grid: TimeGrid, member: str, far: tuple[str, ...]) -> xr.Dataset:
        run = read_run(block, member, here.altitude)
        starts, values, held = on_steps(run, here, grid)
        place, clock = (here.latitude, here.longitude), Where(self.where.file, field="utc_offset_seconds")
        offset_min, sun = sun_of_series(naive(starts), values, block.step / timedelta(minutes=1), place, clock)
        series = dated_series(starts, block.step, values, Path(self.where.file), self.sha256)
        laid, step_min = lay_dated(series, ClockSpec(), grid, here, offset_min)
        laid = {name: one % 360 if name in TURNING else one for name, one in laid.items()}
        laid, added = complete(laid, grid, here, step_min)
        basis, told = self._basis()
        issued_at = self.answers.issued_at if basis == "forecast" else ""
        origin = Origin(
            source=self.source + member, basis=basis, latitude=here.latitude, longitude=here.longitude,
            sha256=self.sha256, solar_offset_min=step_min, issued_at=issued_at,
            notes=(ATTRIBUTION, *told, *far, *block.notes, *run.notes, *held, *sun, *added),
        )  # fmt: skip
        return canonical(laid, grid, origin, self.where)

    def _basis(self) -> tuple[Literal["forecast", "actual"], tuple[str, ...]]:
        """Return what the numbers are; only the address tells it, the answer itself does not."""
        service = self.answers.url.split("?", maxsplit=1)[0].rstrip("/").rpartition("/")[2]
        if service == "archive":
            return "actual", ("Reanalysis (ERA5), not measured at the site.",)
        if service in FORECASTS:
            refused = "Its address is that of a forecast: it was not taken for what came."
            return "forecast", (refused,) if self.basis == "actual" else ()
        if self.basis == "actual":
            return "actual", ("The answer does not say what it is; it was taken for what came, as asked.",)
        if self.basis is None:
            return "forecast", ("The answer does not say what it is and was taken for a forecast.",)
        return "forecast", ()


def _block_name(place: dict[str, Any], grid: TimeGrid) -> Literal["hourly", "minutely_15"]:
    """Return the table to read: quarter hours for a grid of quarter hours, or where there is nothing else."""
    fine = place.get("minutely_15")
    has_light = isinstance(fine, dict) and "shortwave_radiation" in fine and "temperature_2m" in fine
    wanted = grid.step == timedelta(minutes=15) or "hourly" not in place
    return "minutely_15" if has_light and wanted else "hourly"


def _has_light(block: Block, member: str) -> bool:
    columns = [block.columns[key + member] for key in KEYS[GHI] if key + member in block.columns]
    return not columns or any(value is not None for column in columns for value in column)
