"""What every part of a park file shares: frozen, no unknown keys, documented fields."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from parkopt.units import Metre


class Part(BaseModel):
    """A frozen part of a park file; unknown keys are faults, docstrings are descriptions."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, revalidate_instances="never"
    )


class Basis(StrEnum):
    """How well a figure is known; carried from the park file into every result."""

    MEASURED = "measured"
    REPORTED = "reported"
    DERIVED = "derived"
    ASSUMED = "assumed"
    SYNTHETIC = "synthetic"


class Location(Part):
    """Where the park is."""

    latitude: float = Field(ge=-90, le=90)
    """Degrees north."""
    longitude: float = Field(ge=-180, le=180)
    """Degrees east."""
    altitude: Metre = 3.0
    """Metres above sea level."""
