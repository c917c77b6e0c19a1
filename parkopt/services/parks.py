"""Parks: what there is, what a park file says, a new one to start from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parkopt.errors import ParkoptError, raise_all
from parkopt.faults import AlreadyThere, CannotWrite, UnknownPark, WrongOption
from parkopt.models import technologies
from parkopt.models.base import Technology
from parkopt.park.discover import find_park, park_paths
from parkopt.park.loader import json_schema, load_park
from parkopt.park.schema import ParkFile
from parkopt.park.series import SeriesSpec, read_series

IDENTIFIER = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")


def list_parks() -> list[dict[str, Any]]:
    """Return id, names and place of each park; one that cannot be read says why."""
    return [_line(name, path) for name, path in park_paths().items()]


def _line(name: str, path: Path) -> dict[str, Any]:
    try:
        park = load_park(path, technologies()).park
    except ParkoptError as fault:
        return {"id": name, "error": fault.as_dict()}
    return {"id": park.id, "name": park.name.model_dump(), "location": park.location.model_dump(mode="json")}


def known_park(name: str) -> Path:
    """Return the file of a park by its id alone, never by a path (for requests from outside).

    Raises
    ------
    UnknownPark
        Where no park has this id.
    """
    paths = park_paths()
    if name not in paths:
        raise UnknownPark(park=name, known=", ".join(paths) or "-")
    return paths[name]


def describe_park(path: Path) -> dict[str, Any]:
    """Return the whole park as plain data, quantities as text with units."""
    file = load_park(path, technologies())
    return {**file.park.model_dump(mode="json"), "sha256": file.sha256}


def check_park(name: str) -> ParkFile:
    """Read a park file and every data file that it names; raise all faults that are found."""
    file = load_park(find_park(name), technologies())
    raise_all(_data_faults(file))
    return file


def _data_faults(file: ParkFile) -> Iterator[ParkoptError]:
    """Yield the faults of the data files: each named series is read whole."""
    for asset in file.park.assets.values():
        assert isinstance(asset, Technology)
        for spec, unit in _specs(asset):
            try:
                read_series(spec, file.folder, unit)
            except ParkoptError as fault:
                yield fault


def _specs(asset: Technology) -> Iterator[tuple[SeriesSpec, str]]:
    profile = getattr(asset, "profile", None)
    if profile is not None:
        yield profile, "MW"
    tariff = getattr(asset, "tariff", None)
    if tariff is not None and tariff.energy.series is not None:
        yield tariff.energy.series, "yuan/MWh"


def new_park(name: str, folder: Path, like: str = "sheyang") -> Path:
    """Write a new park folder to start from: a copy of a known park under another id.

    Raises
    ------
    WrongOption
        Where the id is not a short lower-case name.
    AlreadyThere, CannotWrite
        Where the folder exists, or cannot be made; nothing is overwritten.
    """
    if not IDENTIFIER.match(name):
        raise WrongOption(
            option="id", value=name, allowed="lower-case letters, digits, - and _, beginning with a letter"
        )
    target, source = folder / name, find_park(like)
    if target.exists():
        raise AlreadyThere(path=target)
    try:
        shutil.copytree(source.parent, target)
    except OSError as error:
        raise CannotWrite(path=target, reason=error.strerror or "not all files could be copied") from error
    file = target / "park.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^id: .*$", f"id: {name}", text, count=1), encoding="utf-8")
    return file


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a park file."""
    return json_schema(technologies())
