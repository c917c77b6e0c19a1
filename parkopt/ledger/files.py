"""Writing a file so that a crash leaves the old one or the new one, never a part."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from secrets import token_hex


def write_atomic(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``; the bytes are on disk before the name points to them.

    Raises
    ------
    OSError
        If it cannot be written; ``path`` is then as it was.
    """
    temporary = write_temporary(path, data, 0o644)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_new(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Create ``path`` whole, with its rights set from the first byte on.

    Raises
    ------
    FileExistsError
        If it is there already (also if another process was faster); it is left as it is.
    OSError
        If it cannot be written.
    """
    temporary = write_temporary(path, data, mode)
    try:
        os.link(temporary, path)  # unlike a rename, a link never replaces what is there
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_temporary(path: Path, data: bytes, mode: int) -> Path:
    """Write ``data`` to a new file beside ``path`` and return its path."""
    temporary = path.with_name(f".{path.name}.{token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk, where its file system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot
            raise
    finally:
        os.close(handle)
