"""Every module with tables, imported so that the engine makes all of them."""

from __future__ import annotations

from parkopt.store import certificate_tables, log_tables, meters, settled, tables

MODULES = (certificate_tables, tables, settled, log_tables, meters)
