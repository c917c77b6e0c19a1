"""parkopt: schedules, carbon factors and green-power evidence for zero-carbon parks.

The names below are the public surface; every other module may change. They are imported
when they are first used, so that `import parkopt` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

PUBLIC = {
    "DAY_AHEAD": "parkopt.workflow",
    "DayRequest": "parkopt.intake",
    "Context": "parkopt.workflow",
    "run": "parkopt.workflow",
    "plan_day": "parkopt.services.day",
    "green_share": "parkopt.services.shares",
    "load_park": "parkopt.park.loader",
    "find_park": "parkopt.park.discover",
    "technologies": "parkopt.models",
    "Objective": "parkopt.models",
    "Limits": "parkopt.solve",
    "TimeGrid": "parkopt.clock",
    "ParkState": "parkopt.park.state",
    "Settings": "parkopt.settings",
    "ParkoptError": "parkopt.errors",
    "summary": "parkopt.results.summary",
    "read_netcdf": "parkopt.results.files",
    "verify_path": "parkopt.ledger",
    "create_app": "parkopt.api.app",
}
__all__ = list(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'parkopt' has no attribute {name!r}")
    return getattr(import_module(PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(PUBLIC)
