"""Where parks are found: $PARKOPT_PARKS or else ./parks, then the parks that came with parkopt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from parkopt.faults import UnknownPark
from parkopt.settings import settings

PACKAGED = (Path(__file__).parents[1] / "_parks", Path(__file__).parents[2] / "parks")
"""In an installed wheel, and in a checkout."""


def park_folders() -> list[Path]:
    """Return the folders that hold parks, the first to be asked first."""
    own = settings().parks
    candidates = [own] if own else [Path("parks")]
    return [folder for folder in (*candidates, *PACKAGED) if folder.is_dir()]


def park_paths() -> dict[str, Path]:
    """Return the park files by park id; an earlier folder hides the same id in a later one."""
    found: dict[str, Path] = {}
    for name, path in _all_paths():
        found.setdefault(name, path)
    return found


def _all_paths() -> Iterator[tuple[str, Path]]:
    for folder in park_folders():
        for path in sorted(folder.glob("*/park.yaml")):
            yield path.parent.name, path


def find_park(name: str) -> Path:
    """Return the park file for an id, or for the path of a file or folder.

    Raises
    ------
    UnknownPark
        Where there is neither.
    """
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return path
    if (path / "park.yaml").is_file():
        return path / "park.yaml"
    paths = park_paths()
    if name not in paths:
        raise UnknownPark(park=name, known=", ".join(paths) or "-")
    return paths[name]
