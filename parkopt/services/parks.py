"""Parks: what there is, what a park file says, a new one to start from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from parkopt.carbon.factor_series import read_factor_series
from parkopt.carbon.factors import factor, factors, with_own
from parkopt.carbon.opening import name_faults
from parkopt.clock import TimeGrid, fixed_zone
from parkopt.errors import Language, ParkoptError, Where, raise_all
from parkopt.faults import AlreadyThere, CannotWrite, MissingFile, OutsideData, UnknownPark, WrongOption
from parkopt.models import technologies
from parkopt.models.base import Technology
from parkopt.park.discover import find_park, park_paths
from parkopt.park.loader import json_schema, load_park
from parkopt.park.schema import ParkFile
from parkopt.park.series import SeriesSpec, read_series
from parkopt.weather import Source
from parkopt.weather.chosen import park_weather, past_weather
from parkopt.weather.open_meteo_live import OpenMeteo

SOURCES = """# Sources of {name}

Started from a copy of `{like}`: every figure is still that park's. For each figure that you change, write here what it
is, where it comes from and how well it is known (measured, reported, derived, assumed, synthetic).

| asset | figure | source | basis |
|---|---|---|---|
"""
IDENTIFIER = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")


def list_parks(lang: Language = "en") -> list[dict[str, Any]]:
    """Return id, names and place of each park; one that cannot be read says why."""
    return [_line(name, path, lang) for name, path in park_paths().items()]


def _line(name: str, path: Path, lang: Language) -> dict[str, Any]:
    try:
        park = load_park(path, technologies()).park
    except ParkoptError as fault:
        told = fault.as_dict(lang)
        return {"id": name, "error": {key: told[key] for key in ("code", "message", "remedy")}}
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
    """Yield the faults of what the file names: each series is read whole, weather, factors and names are looked up."""
    yield from name_faults(file.park)
    yield from _factor_faults(file)
    yield from _weather_faults(file)
    for asset in file.park.assets.values():
        assert isinstance(asset, Technology)
        for spec, unit in _specs(asset):
            try:
                read_series(spec, file.folder, unit)
            except ParkoptError as fault:
                yield fault


def _factor_faults(file: ParkFile) -> Iterator[ParkoptError]:
    """Yield the faults of the factors that are named: the park's own tables, and ids that are in none."""
    how, known = file.park.accounting, factors()
    try:
        known = with_own(file.folder / how.factors if how.factors else None)
    except ParkoptError as fault:
        yield _named_by(fault, file, "accounting.factors")
    named = {"carbon.grid_factor": file.park.carbon.grid_factor, "accounting.residual_factor": how.residual_factor}
    for field, name in named.items():
        try:
            factor(name, Where(str(file.path), field=field), known)
        except ParkoptError as fault:
            yield fault
    try:
        if how.factor_series:
            read_factor_series(file.folder / how.factor_series)
    except ParkoptError as fault:
        yield _named_by(fault, file, "accounting.factor_series")


def _named_by(fault: ParkoptError, file: ParkFile, field: str) -> ParkoptError:
    """Return a fault; of a file that is missing, with the field that names it."""
    if not isinstance(fault, MissingFile) or fault.where.field:
        return fault
    return MissingFile(Where(str(file.path), field=field), **fault.facts)


def _weather_faults(file: ParkFile) -> Iterator[ParkoptError]:
    """Yield the faults of the weather that the file names, now and past; each file is read, no service is asked."""
    for field, find in (("weather.source", park_weather), ("weather.history", past_weather)):
        try:
            _look_at(find(file), file)
        except ParkoptError as fault:
            yield _named_by(fault, file, field)


def _look_at(source: Source | None, file: ParkFile) -> None:
    if isinstance(source, OpenMeteo):
        source.require_on()
    elif source is not None:
        grid = TimeGrid.day(date(2026, 1, 15), fixed_zone(file.park.zone))
        # that a file is of other days is known only once all else in it is in order, and is no fault of the park
        with suppress(OutsideData):
            source.fetch(file.park.location, grid)


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
    (target / "SOURCES.md").write_text(SOURCES.format(name=name, like=like), encoding="utf-8")
    file = target / "park.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"(?m)^id: .*$", f"id: {name}", text, count=1), encoding="utf-8")
    return file


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a park file."""
    return json_schema(technologies())
