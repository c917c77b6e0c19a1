"""Every module with tables, imported so that the engine makes all of them."""

from __future__ import annotations

from parkopt.store import tables

MODULES = (tables,)
