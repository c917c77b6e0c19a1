"""Weather: one source a file, each giving the same canonical Dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from parkopt.faults import WrongOption
from parkopt.weather.csv import CsvMapping, CsvWeather
from parkopt.weather.embedded import Embedded
from parkopt.weather.epw import Epw
from parkopt.weather.source import Source, Weather, check_weather, grid_of

__all__ = [
    "CsvMapping",
    "CsvWeather",
    "Embedded",
    "Epw",
    "Source",
    "Weather",
    "check_weather",
    "grid_of",
    "weather_source",
]
ALLOWED = "embedded, or the path of an .epw or .csv file"


def weather_source(
    name_or_path: str,
    folder: Path | None = None,
    *,
    basis: Literal["forecast", "actual"] = "forecast",
    mapping: CsvMapping | None = None,
) -> Source:
    """Return the source that a park file names.

    Parameters
    ----------
    name_or_path : str
        ``"embedded"``, or the path of an ``.epw``, ``.csv`` or ``.csv.gz`` file.
    folder : Path, optional
        Folder that a relative path starts from.
    basis : str
        Of the embedded year: what was known the day before, or what came.
    mapping : CsvMapping, optional
        Meaning of the columns of a CSV file.

    Raises
    ------
    WrongOption
        For anything else.
    """
    if name_or_path == "embedded":
        return Embedded(basis)
    path = (folder or Path()) / name_or_path
    if path.suffix.lower() == ".epw":
        return Epw(path)
    if path.name.lower().endswith((".csv", ".csv.gz")):
        return CsvWeather(path, mapping or CsvMapping())
    raise WrongOption(option="weather.source", value=name_or_path, allowed=ALLOWED)
