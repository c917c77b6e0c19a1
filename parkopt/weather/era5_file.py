"""Files of ERA5 and its kin: NetCDF of either kind, a ZIP of both step types, GRIB.

What a file is, its first bytes say; CDS names a ZIP ``.nc``. Only the cells around the site
are kept.
"""

from __future__ import annotations

import hashlib
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import xarray as xr

from parkopt.errors import ParkoptError, Where
from parkopt.faults import BrokenFile, MissingColumn, MissingFile
from parkopt.weather.era5_cells import Pick, sea_cell
from parkopt.weather.era5_dataset import Found, Land, land_of, named, take
from parkopt.weather.era5_grib import grib_land, take_grib

MAGIC = {
    b"PK\x03\x04": "zip", b"\x89HDF": "netcdf", b"CDF\x01": "netcdf", b"CDF\x02": "netcdf", b"CDF\x05": "netcdf",
    b"GRIB": "grib",
}  # fmt: skip
"""First bytes of a file, and what it is."""
MAX_UNZIPPED = 8 << 30
"""More bytes than a ZIP of weather unpacks to."""


def is_era5(first_bytes: bytes) -> str | None:
    """Return "netcdf", "zip" or "grib" by the first bytes of a file, None for anything else."""
    return MAGIC.get(first_bytes[:4])


def read_file(path: Path, place: tuple[float, float], pick: Pick) -> Found:
    """Return the fields of a file at a place.

    Parameters
    ----------
    path : Path
        NetCDF, ZIP of NetCDF, or GRIB, whatever its name.
    place : tuple of float
        Degrees north and east.
    pick : {"bilinear", "nearest", "sea"}
        How values are taken from the grid.

    Raises
    ------
    MissingFile, BrokenFile, NotAGridPoint, MissingColumn, NeedsExtra
    """
    where = Where(file=str(path))
    try:
        with path.open("rb") as stream:
            head, sha256 = stream.read(80), ""
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MissingFile(where, path=path) from error
    kind = is_era5(head)
    if kind is None:
        raise BrokenFile(where, format="NetCDF, ZIP or GRIB", reason=f"it begins with {_words(head)}")
    try:
        # a damaged file raises whatever its library happens to meet
        return _read(path, kind, Found(sha256), place, pick)
    except ParkoptError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BrokenFile(where, format={"grib": "GRIB", "zip": "ZIP"}.get(kind, "NetCDF"), reason=reason) from error


def _read(path: Path, kind: str, found: Found, place: tuple[float, float], pick: Pick) -> Found:
    where = Where(file=str(path))
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("ignore")
        parts = list(_parts(path, kind, stack))
        datasets = [named(_netcdf(part, stack)) for part, is_grib in parts if not is_grib]
        gribs = [part for part, is_grib in parts if is_grib]
        if pick == "sea":
            lands = [*(land_of(one, where) for one in datasets), *(grib_land(one, where) for one in gribs)]
            place = _sea([one for one in lands if one is not None], place, where, found)
        for dataset in datasets:
            take(dataset, found, place, where, pick)
        for part in gribs:
            take_grib(part, found, place, where, pick)
    return found


def _parts(path: Path, kind: str, stack: ExitStack) -> Iterator[tuple[Path, bool]]:
    """Give the files to read, those of a ZIP unpacked, each with whether it is GRIB."""
    if kind != "zip":
        yield path, kind == "grib"
        return
    folder = stack.enter_context(TemporaryDirectory(prefix="parkopt-"))
    with zipfile.ZipFile(path) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        if sum(one.file_size for one in members) > MAX_UNZIPPED:
            raise BrokenFile(Where(file=str(path)), format="ZIP", reason="it unpacks to more than 8 GiB")
        for number, member in enumerate(members):
            inside = Path(folder) / f"{number}.part"
            # written under a number: a name inside an archive is not trusted with a path
            with archive.open(member) as source, inside.open("wb") as target:
                shutil.copyfileobj(source, target)
            with inside.open("rb") as stream:
                inner = is_era5(stream.read(4))
            if inner in ("netcdf", "grib"):
                yield inside, inner == "grib"


def _netcdf(path: Path, stack: ExitStack) -> xr.Dataset:
    """Open HDF5 lazily; the classic format, which CDS no longer serves, is read whole."""
    stream = stack.enter_context(path.open("rb"))
    is_hdf5 = stream.read(4) == b"\x89HDF"
    stream.seek(0)
    if is_hdf5:
        _require_readable(path)
        return stack.enter_context(xr.open_dataset(path, engine="h5netcdf"))
    # as a stream: scipy leaves a file of its own open, and mapped, where its header is damaged
    return stack.enter_context(xr.open_dataset(stream, engine="scipy"))


def _require_readable(path: Path) -> None:
    """Read what h5netcdf reads first: where it cannot, it leaves a half-made file that complains when it is freed."""
    import h5py  # type: ignore[import-untyped,unused-ignore]

    with h5py.File(path) as file:
        file.attrs.get("_nc3_strict")


def _sea(lands: list[Land], place: tuple[float, float], where: Where, found: Found) -> tuple[float, float]:
    if not lands:
        known = ", ".join(one.name for one in found.fields) or "no lsm"
        raise MissingColumn(Where(where.file, field="lsm"), column="lsm", known=known)
    cell, note = sea_cell(*lands[0], place, where)
    found.note(note)
    return cell


def _words(head: bytes) -> str:
    return repr(head.decode("utf-8", "replace")[:60].strip()) if head else "nothing: it is empty"
