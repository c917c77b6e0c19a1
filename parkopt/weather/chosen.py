"""The weather that a park asks for: its source, and what looks odd in what the source gives."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import xarray as xr

from parkopt.clock import TimeGrid
from parkopt.errors import Where
from parkopt.faults import GridMismatch, MissingFile, OutsideData
from parkopt.park.base import Location
from parkopt.park.loader import load_part
from parkopt.park.schema import ParkFile
from parkopt.weather.csv import CsvMapping
from parkopt.weather.plausible import annual_notes, plausibility_notes
from parkopt.weather.registry import Basis, weather_source
from parkopt.weather.source import Source

YEAR_DAYS = 365
A_YEAR = date(2026, 1, 1)
"""Any year does: a typical year is the same in each."""


def park_weather(
    file: ParkFile, named: str = "", *, basis: Basis = "forecast", mapping: CsvMapping | None = None
) -> Source:
    """Return the source that was named, or else the park file's, whose `map` describes only its own source.

    Parameters
    ----------
    file : ParkFile
        The park; its paths start from the park's folder.
    named : str
        A source or a path, which starts from the working folder; empty for the park's.
    basis : str
        Of sources that have both: what was known the day before, or what came.
    mapping : CsvMapping, optional
        Meaning of the columns; it goes before the park's `map`.

    Raises
    ------
    ParkoptError
        The faults of `weather_source`, and of the YAML file that `map` names.
    """
    if named:
        return weather_source(named, Path(), basis=basis, mapping=mapping)
    chosen = file.park.weather
    return weather_source(chosen.source, file.folder, basis=basis, mapping=mapping or mapping_of(file, "map"))


def past_weather(file: ParkFile) -> Source | None:
    """Return the source of the park's past forecasts; None where it names none."""
    chosen = file.park.weather
    if chosen.history is None:
        return None
    return weather_source(chosen.history, file.folder, mapping=mapping_of(file, "history_map"))


def mapping_of(file: ParkFile, field: Literal["map", "history_map"]) -> CsvMapping | None:
    """Return the mapping of a YAML file that a park file names, or raise all its faults."""
    name: str | None = getattr(file.park.weather, field)
    if name is None:
        return None
    try:
        mapping: CsvMapping = load_part(file.folder / name, CsvMapping)
    except MissingFile as fault:
        raise MissingFile(Where(str(file.path), field=f"weather.{field}"), **fault.facts) from fault
    return mapping


def fetch_weather(source: Source, location: Location, grid: TimeGrid) -> xr.Dataset:
    """Return the weather of a source, with a note on everything in it that looks odd.

    The embedded year is known to be in order. Of a typical year, the sums of the whole year are
    looked at too, whatever the grid.

    Raises
    ------
    ParkoptError
        The faults of the source.
    """
    dataset = source.fetch(location, grid)
    if source.name == "embedded":
        return dataset
    latitude = float(dataset.attrs["latitude"])
    odd = plausibility_notes(dataset, latitude)
    if dataset.attrs["basis"] == "typical_year" and grid.n * grid.step < timedelta(days=YEAR_DAYS):
        # a table may call a few dated days a typical year: its year is not there to be looked at
        with suppress(OutsideData, GridMismatch):
            year = source.fetch(location, TimeGrid.day(A_YEAR, grid.zone, 60, YEAR_DAYS))
            odd += annual_notes(year, latitude)
    told = (str(dataset.attrs["notes"]), *odd)
    return dataset.assign_attrs(notes=" ".join(note for note in told if note))
