"""Which source a name or a path stands for: files are told apart by what is in them, not by what they are called."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Literal

from parkopt.errors import Text, Where
from parkopt.faults import UnknownFormat, WrongOption
from parkopt.weather.csv import CsvMapping, CsvWeather
from parkopt.weather.embedded import Embedded
from parkopt.weather.epw import Epw
from parkopt.weather.source import Source

Basis = Literal["forecast", "actual"]
ALLOWED = "embedded, open_meteo, or the path of an EPW, PVGIS, Open-Meteo, ERA5, GRIB or CSV file"
ENDINGS = (".epw", ".csv", ".csv.gz", ".json", ".nc", ".nc4", ".zip", ".grib", ".grib2", ".grb", ".grb2")
HEAD_BYTES = 4000


def weather_source(
    name_or_path: str,
    folder: Path | None = None,
    *,
    basis: Basis = "forecast",
    mapping: CsvMapping | None = None,
) -> Source:
    """Return the source that a park file names.

    Parameters
    ----------
    name_or_path : str
        ``"embedded"``, ``"open_meteo"`` (live, where the settings name a service), or the path of a file.
    folder : Path, optional
        Folder that a relative path starts from.
    basis : str
        Of the embedded year and of the live service: what was known the day before, or what came.
    mapping : CsvMapping, optional
        Meaning of the columns of a CSV file.

    Raises
    ------
    WrongOption
        For a name that is neither a source nor a file of a known ending.
    UnknownFormat
        For a file that holds none of the formats.
    """
    if name_or_path == "embedded":
        return Embedded(basis)
    if name_or_path == "open_meteo":
        return _live(basis)
    path = (folder or Path()) / name_or_path
    head = _head(path)
    if head is None and not path.name.lower().endswith(ENDINGS):
        raise WrongOption(option="weather.source", value=name_or_path, allowed=ALLOWED)
    return _of_file(path, head or b"", mapping or CsvMapping(), basis)


def _live(basis: Basis) -> Source:
    from parkopt.settings import settings
    from parkopt.weather.open_meteo_live import OpenMeteo, live_config

    return OpenMeteo(live_config(settings()), basis)


def _head(path: Path) -> bytes | None:
    """Return the first bytes of a file, unpacked; None where there is none to read."""
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD_BYTES)
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                raw = packed.read(HEAD_BYTES)
    except (OSError, EOFError):
        return None
    return raw


def _of_file(path: Path, head: bytes, mapping: CsvMapping, basis: Basis) -> Source:
    """Return the source of a file; what is absent or damaged at its head is left to the source that its name says."""
    from parkopt.weather.era5_file import is_era5
    from parkopt.weather.open_meteo import OpenMeteoFile, is_open_meteo
    from parkopt.weather.pvgis_text import is_pvgis

    name, text = path.name.lower(), head.decode("utf-8", errors="replace")
    binary = is_era5(head)
    if binary is not None or name.endswith((".nc", ".nc4", ".zip", ".grib", ".grib2", ".grb", ".grb2")):
        return _gridded(path, binary or ("grib" if ".gr" in name else "netcdf"))
    if name.endswith(".epw") or text.startswith("LOCATION,"):
        return Epw(path)
    if is_pvgis(text) is not None:
        from parkopt.weather.pvgis import Pvgis

        return Pvgis(path)
    if is_open_meteo(text):
        return OpenMeteoFile(path, "actual" if basis == "actual" else None)
    if name.endswith((".csv", ".csv.gz")):
        return CsvWeather(path, mapping)
    reason = Text("neither PVGIS nor Open-Meteo", "既非 PVGIS 也非 Open-Meteo") if head else Text("empty", "空文件")
    raise UnknownFormat(Where(file=str(path)), reason=reason)


def _gridded(path: Path, kind: str) -> Source:
    if kind == "grib":
        from parkopt.weather.grib import Grib

        return Grib(path)
    from parkopt.weather.era5 import Era5

    return Era5(path)
