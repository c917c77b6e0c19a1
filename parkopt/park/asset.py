"""What all assets of a park have in common; each technology adds its own fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from parkopt.park.base import Basis, Part

MAIN = "main"
"""The power bus where an asset stands that names none."""


class Asset(Part):
    """An asset of the park file. Subclasses live in `parkopt.models.tech`, one a file."""

    kind: str
    """Which technology it is."""
    basis: Basis = Basis.ASSUMED
    """How well its figures are known: measured, reported, derived, assumed or synthetic."""
    source: str = ""
    """Where its figures come from."""

    includes: ClassVar[dict[str, type[Part]]] = {}
    """Fields that may name a YAML file of their own instead of holding the mapping."""
    title: ClassVar[dict[str, str]] = {}
    """The technology's name in both languages."""

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Yield (field, collection, name) for each name that must exist elsewhere in the park."""
        yield from ()

    def carriers(self) -> Mapping[str, str]:
        """Return what each bus that it stands at carries: power, heat or hydrogen."""
        return {}

    def files(self) -> Iterator[tuple[str, str]]:
        """Yield (field, path) for each data file, relative to the park file's folder."""
        yield from ()
