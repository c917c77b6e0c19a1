"""Writing files for a user: never over what is there."""

from __future__ import annotations

from pathlib import Path

from parkopt.faults import CannotWrite


def require_free(path: Path) -> None:
    """Raise `CannotWrite` where something is there already: better before the work than after."""
    if path.exists():
        raise CannotWrite(path=path, reason="it already exists")


def write_files(files: dict[str, str], folder: Path) -> list[Path]:
    """Write files to a folder; none of them may be there already.

    Raises
    ------
    CannotWrite
        Where one is there, or the folder cannot be written; nothing is overwritten.
    """
    paths = {folder / name: text for name, text in files.items()}
    for path in paths:
        require_free(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotWrite(path=folder, reason=error.strerror or str(error)) from error
    return list(paths)
