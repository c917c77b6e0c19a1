"""The technologies, one a file: frozen config, `series`, `build`, `report`.

A new technology is one new file here, or a class that another package offers under the
entry point group ``parkopt.technologies``; nothing else changes.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

from parkopt.models.base import Technology

GROUP = "parkopt.technologies"


@cache
def technologies() -> dict[str, type[Technology]]:
    """Return the technology classes by kind."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    for entry in entry_points(group=GROUP):
        entry.load()
    found = {str(cls.model_fields["kind"].default): cls for cls in _leaves(Technology)}
    return dict(sorted(found.items()))  # not by who was imported first


def _leaves(cls: type[Technology]) -> list[type[Technology]]:
    below = cls.__subclasses__()
    return [leaf for sub in below for leaf in _leaves(sub)] if below else [cls]
