"""Which source a name or a path stands for: files are told apart by what is in them, not by what they are called."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import Literal

from parkopt.errors import Text, Where
from parkopt.faults import BrokenFile, UnknownFormat, WrongOption
from parkopt.weather.csv import CsvMapping, CsvWeather
from parkopt.weather.embedded import Embedded
from parkopt.weather.epw import Epw
from parkopt.weather.source import Source

Basis = Literal["forecast", "actual"]
ALLOWED = "embedded, open_meteo, or the path of an EPW, PVGIS, Open-Meteo, ERA5, GRIB or CSV file or ERA5 folder"
ENDINGS = (".epw", ".csv", ".csv.gz", ".json", ".nc", ".nc4", ".zip", ".grib", ".grib2", ".grb", ".grb2")
HEAD_BYTES = 4000
GZIP = b"\x1f\x8b"


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
        ``"embedded"``, ``"open_meteo"`` (live, where the settings name a service), or the path of a
        file; of ERA5 also that of a folder, or several files joined by commas.
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
    BrokenFile
        For a file that is empty, a web page, damaged as gzip, or packed and no CSV.
    """
    if name_or_path == "embedded":
        return Embedded(basis)
    if name_or_path == "open_meteo":
        return _live(basis)
    path = _path_of(name_or_path, folder or Path())
    if name_or_path and os.path.isdir(path):  # unlike Path.is_dir, a name that is too long raises nothing
        return _gridded(path, "netcdf")
    head, packed = _head(path)
    if head is None and not path.name.lower().endswith(ENDINGS):
        raise WrongOption(option="weather.source", value=name_or_path, allowed=ALLOWED)
    source = _of_file(path, head, mapping or CsvMapping(), basis)
    if packed and not isinstance(source, CsvWeather):
        en, zh = "it is packed (gzip), which only CSV tables may be; unpack it", "仅 CSV 表格可为 gzip 压缩；请先解压"
        raise BrokenFile(Where(file=str(path)), format="weather", reason=Text(en, zh))
    return source


def _path_of(name: str, folder: Path) -> Path:
    """Return the path that a name means; each of several joined by commas starts from the folder."""
    whole = folder / name
    if "," not in name or os.path.exists(whole):
        return whole
    return Path(",".join(str(folder / part.strip()) for part in name.split(",") if part.strip()))


def _live(basis: Basis) -> Source:
    from parkopt.settings import settings
    from parkopt.weather.open_meteo_live import OpenMeteo, live_config

    return OpenMeteo(live_config(settings()), basis)


def _head(path: Path) -> tuple[bytes | None, bool]:
    """Return the first bytes of a file, None where there is none to read, and whether they had to be unpacked."""
    try:
        with path.open("rb") as file:
            raw = file.read(HEAD_BYTES)
    except OSError:
        return None, False
    if not raw.startswith(GZIP):
        return raw, False
    try:
        with gzip.open(path) as packed:
            return packed.read(HEAD_BYTES), True
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenFile(Where(file=str(path)), format="gzip", reason=str(error) or type(error).__name__) from error


def _of_file(path: Path, head: bytes | None, mapping: CsvMapping, basis: Basis) -> Source:
    """Return the source of a file; one that is absent (`head` is None) is left to the source that its name says."""
    from parkopt.weather.era5_file import is_era5
    from parkopt.weather.open_meteo import OpenMeteoFile, is_open_meteo
    from parkopt.weather.pvgis_text import is_pvgis

    name, text = path.name.lower(), (head or b"").decode("utf-8", errors="replace")
    binary = is_era5(head or b"")
    if binary is not None or name.endswith((".nc", ".nc4", ".zip", ".grib", ".grib2", ".grb", ".grb2")):
        return _gridded(path, binary or ("grib" if ".gr" in name else "netcdf"))
    if head is not None:
        _require_data(path, text)
    if name.endswith(".epw") or text.startswith("LOCATION,"):
        return Epw(path)
    if is_pvgis(text) is not None:
        from parkopt.weather.pvgis import Pvgis

        return Pvgis(path)
    if is_open_meteo(text) or (head is None and name.endswith(".json")):
        return OpenMeteoFile(path, "actual" if basis == "actual" else None)
    if name.endswith((".csv", ".csv.gz")):
        return CsvWeather(path, mapping)
    reason = Text("neither PVGIS nor Open-Meteo", "既非 PVGIS 也非 Open-Meteo")
    raise UnknownFormat(Where(file=str(path)), reason=reason)


def _require_data(path: Path, text: str) -> None:
    """Raise `BrokenFile` for what holds no weather at all, whatever its name."""
    start = text.lstrip("\ufeff \t\r\n\0")
    if start and not start.startswith("<"):
        return
    reason = Text("it holds a web page or XML", "内容为网页或 XML") if start else Text("it is empty", "文件为空")
    raise BrokenFile(Where(file=str(path)), format=path.suffix.lstrip(".").upper() or "weather", reason=reason)


def _gridded(path: Path, kind: str) -> Source:
    if kind == "grib":
        from parkopt.weather.grib import Grib

        return Grib(path)
    from parkopt.weather.era5 import Era5

    return Era5(path)
