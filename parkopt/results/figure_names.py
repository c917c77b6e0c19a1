"""What a figure's file may be called; apart from the figures, whose library takes a second to load."""

from __future__ import annotations

from pathlib import Path

from parkopt.errors import Where
from parkopt.faults import WrongOption

SUFFIXES = (".svg", ".png")


def require_figure(option: str, path: Path | None) -> None:
    """Raise `WrongOption` where a figure cannot be of this name: better before the work than after."""
    if path is not None and path.suffix not in SUFFIXES:
        raise WrongOption(Where(field=option), option=option, value=path.name, allowed=", ".join(SUFFIXES))
