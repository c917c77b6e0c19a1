"""What a meter says: one register of a device over one interval, in whole Wh, and what hours that makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import TimeGrid

IntArray = NDArray[np.int64]


class Register(StrEnum):
    """What a register of a meter counts, seen from the device."""

    GENERATION = "generation"
    """Of wind, PV, or a unit that burns fuel: energy to the bus."""
    CONSUMPTION = "consumption"
    """Of a load of any kind: energy from the bus."""
    IMPORT = "import"
    """At a grid connection: from the public grid."""
    EXPORT = "export"
    """At a grid connection: to the public grid."""
    CHARGE = "charge"
    """Of a storage: from the bus."""
    DISCHARGE = "discharge"
    """Of a storage: to the bus."""
    FORWARD_SENT = "forward_sent"
    """Of a line: into it at its first bus."""
    FORWARD_ARRIVED = "forward_arrived"
    """Of a line: out of it at its second bus."""
    BACK_SENT = "back_sent"
    """Of a line: into it at its second bus."""
    BACK_ARRIVED = "back_arrived"
    """Of a line: out of it at its first bus."""
    DELIVERED = "delivered"
    """Of a contract over the public grid: the plant's metered energy that is settled to the park, within the import."""


class Quality(StrEnum):
    """How a reading came to be."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    CORRECTED = "corrected"
    """Measured, and put right later by the meter's operator."""


@dataclass(frozen=True)
class Channel:
    """One register that a park's settlement needs, and where it stands in the park."""

    device: str
    """Name of the asset."""
    register: Register
    bus: str
    party: str
    """Who consumes (enterprise, or the asset itself where it has none); empty for all but consumption."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Energy of one register over one interval; `start` and `end` are in UTC."""

    device: str
    register: Register
    start: datetime
    end: datetime
    wh: int
    quality: Quality = Quality.MEASURED
    revision: int = 0
    """0 for the first reading of an interval; a correction has a higher one."""


Key = tuple[str, Register]


@dataclass(frozen=True)
class Metered:
    """The current readings of a park on whole hours, complete: nothing is missing.

    Attributes
    ----------
    park : str
        Id of the park.
    grid : TimeGrid
        Hours (step 60 min), whole local days.
    wh : mapping
        By (device, register), Wh of each hour, shape (n,), int64.
    measured : mapping
        By (device, register), whether the whole hour was measured or corrected (not estimated), shape (n,), bool.
    revision : mapping
        By (device, register), highest revision among the readings of each hour, shape (n,), int64.
    """

    park: str
    grid: TimeGrid
    wh: Mapping[Key, IntArray]
    measured: Mapping[Key, NDArray[np.bool_]]
    revision: Mapping[Key, IntArray]
