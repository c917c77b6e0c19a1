"""The statement of an enterprise over whole local days: what it holds, checked to add up before it is shown.

All energies are whole Wh and all carbon whole ug of hours, as settled. Physical energy (who got which electrons) and
claims (who may say whose green energy it used) are two ledgers over the same consumption, never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from parkopt.clock import CHINA, fixed_zone
from parkopt.errors import Text
from parkopt.faults import GridMismatch, NotClosed

IntArray = NDArray[np.int64]
Group = Literal["direct", "on_site", "contract", "storage", "grid", "other"]
GROUPS: tuple[Group, ...] = ("direct", "on_site", "contract", "storage", "grid", "other")
"""Where energy comes from, in the order in which it is shown: a plant on a direct line, a plant in the park, a
contract over the public grid, a storage, the public grid, and what no meter accounts for."""
HOURS = 24
THROUGH = "<"
"""Between a storage and the source of its energy, in a label: ``ess<roof_pv``."""
MISSING = "-"
TOLD = "MC"
"""Letters of hours that a meter measured, at once or put right later."""
NOTHING = Text("", "")


@dataclass(frozen=True)
class Stored:
    """Energy that reached the enterprise through a storage: from where, charged when, used when.

    `charged` and `used` are starts of hours in UTC, ``2026-07-01T03:00:00Z``; `charged` is empty where nobody knows.
    """

    store: str
    origin: str
    charged: str
    used: str
    wh: int


@dataclass(frozen=True)
class Correction:
    """A later settlement of a day: its revision, what changed and why, and where the log says so.

    `consumption_wh` and `green_wh` are the changes of the day's sums, None where they are not told.
    """

    day: date
    revision: int
    reason: Text
    consumption_wh: int | None = None
    green_wh: int | None = None
    log_index: int | None = None


@dataclass(frozen=True)
class Proof:
    """What a reader needs to check the statement against the park's log, offline.

    Attributes
    ----------
    log_size : int
        Leaves under the signed head.
    root : str
        Its root hash, hexadecimal.
    vkey : str
        The verifier key line, ``name+key id+base64``.
    sha256 : str
        Of the evidence file, hexadecimal.
    file : str
        Name of that file.
    """

    log_size: int
    root: str
    vkey: str
    sha256: str
    file: str = "evidence.zip"


@dataclass(frozen=True)
class Line:
    """One line of a table by source: whole Wh, and ug where the ledger has them."""

    group: Group
    source: str
    through: str
    wh: int
    ug: int


@dataclass(frozen=True)
class StatementData:
    """All that a statement shows of one enterprise; arrays are int64 over the hours, shape (n,), n = 24 x days.

    Attributes
    ----------
    park, party : Text
        Their names.
    party_id : str
        Id of the enterprise in the park file.
    start : date
        First local day.
    labels : tuple of str
        Of the physical ledger: a source, or ``storage<source``.
    consumption_wh : ndarray
        What its meters counted.
    physical_wh, location_ug : ndarray
        Energy and location-based carbon by label, shape (labels, n); the labels of each hour sum to the consumption.
    green_wh : ndarray
        Green energy that it claimed; within the consumption.
    claims_wh : mapping
        By source (plant, contract, or storage), what of `green_wh` rests on it; the sources of each hour sum to it.
    market_ug : ndarray
        Market-based carbon.
    quality : str
        One letter an hour: M measured, C corrected, E estimated, ``-`` missing.
    proof : Proof
        The signed head and the evidence file.
    groups : mapping
        Of each source that is no storage, where it stands; ``other`` where it is not said.
    names : mapping
        Of sources and storages, shown in place of their ids.
    stored : tuple of Stored
        Contractual (FIFO) origin of the energy that came through storages.
    accounts : tuple of mapping
        Side by side, each with ``title``, ``value``, ``unit``, ``factor``, ``year``, ``region``, ``source``,
        ``confidence``, ``note``; title and note may be `Text`, ``{"en", "zh"}`` or one string for both.
    revisions : tuple of int
        Of each day; all 0 where empty.
    statuses : tuple of str
        Of each day: ``settled``, ``corrected``, ``preliminary``, ``missing``; ``settled`` where empty.
    corrections : tuple of Correction
        Of these days.
    synthetic : Text
        What of the data is made up; empty for real meters.

    Raises
    ------
    GridMismatch
        Where something has not the length of the hours or days.
    NotClosed
        Where the sources of an hour do not sum to its consumption, claims not to the green energy, or green energy
        is more than the consumption.
    """

    park: Text
    party: Text
    party_id: str
    start: date
    labels: tuple[str, ...]
    consumption_wh: IntArray
    physical_wh: IntArray
    location_ug: IntArray
    green_wh: IntArray
    claims_wh: Mapping[str, IntArray]
    market_ug: IntArray
    quality: str
    proof: Proof
    groups: Mapping[str, Group] = field(default_factory=dict)
    names: Mapping[str, Text] = field(default_factory=dict)
    stored: tuple[Stored, ...] = ()
    accounts: tuple[Mapping[str, Any], ...] = ()
    revisions: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    synthetic: Text = NOTHING
    zone: str = CHINA

    def __post_init__(self) -> None:
        n, days = len(self.consumption_wh), len(self.consumption_wh) // HOURS
        _require("consumption_wh", (n,), (max(days, 1) * HOURS,))
        for name in ("physical_wh", "location_ug"):
            _require(name, getattr(self, name).shape, (len(self.labels), n))
        series = {"green_wh": self.green_wh, "market_ug": self.market_ug, **self.claims_wh}
        for name, one in series.items():
            _require(name, one.shape, (n,))
        _require("quality", (len(self.quality),), (n,))
        object.__setattr__(self, "revisions", self.revisions or (0,) * days)
        object.__setattr__(self, "statuses", self.statuses or ("settled",) * days)
        _require("revisions", (len(self.revisions),), (days,))
        _require("statuses", (len(self.statuses),), (days,))
        self._close()

    def _close(self) -> None:
        claimed = sum(self.claims_wh.values(), np.zeros(self.n, dtype=np.int64))
        self._equal(self.physical_wh.sum(axis=0), self.consumption_wh)
        self._equal(claimed, self.green_wh)
        self._equal(np.minimum(self.green_wh, self.consumption_wh), self.green_wh)

    def _equal(self, sources: IntArray, sinks: IntArray) -> None:
        for step in np.flatnonzero(sources != sinks)[:1].tolist():
            raise NotClosed(time=self.label(step), sources_wh=int(sources[step]), sinks_wh=int(sinks[step]))

    @property
    def n(self) -> int:
        """Number of hours."""
        return len(self.consumption_wh)

    @property
    def days(self) -> list[date]:
        """The local days."""
        return [self.start + timedelta(days=at) for at in range(self.n // HOURS)]

    def label(self, step: int) -> str:
        """Return the local start of an hour, as in ``2026-07-15 18:00``."""
        return f"{self.days[step // HOURS]} {step % HOURS:02d}:00"

    def local(self, hour: str) -> datetime:
        """Return the local time of an hour in UTC, ``2026-07-01T03:00:00Z``."""
        utc = datetime.strptime(hour, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return utc.astimezone(fixed_zone(self.zone))

    @property
    def told(self) -> NDArray[np.bool_]:
        """Whether an hour was measured (at once, or put right later), shape (n,)."""
        return np.asarray([letter in TOLD for letter in self.quality])

    @property
    def share(self) -> NDArray[np.float64]:
        """Green share of each hour, 0 to 1; NaN where nothing was consumed or the hour is missing, shape (n,)."""
        some = (self.consumption_wh > 0) & (np.asarray(list(self.quality)) != MISSING)
        return np.where(some, self.green_wh / np.maximum(self.consumption_wh, 1), np.nan)

    def by_day(self, hourly: IntArray) -> list[int]:
        """Return the sums of each local day."""
        sums: list[int] = hourly.reshape(-1, HOURS).sum(axis=1).tolist()
        return sums

    def group(self, source: str) -> Group:
        """Return where a source stands."""
        return self.groups.get(source, "other")

    def physical(self) -> list[Line]:
        """Return the physical ledger by source, by group and then by energy; storages with the energy's origin."""
        lines = []
        for label, wh, ug in zip(self.labels, self.physical_wh.sum(axis=1), self.location_ug.sum(axis=1), strict=True):
            store, through, origin = label.partition(THROUGH)
            group: Group = "storage" if through else self.group(label)
            lines.append(Line(group, origin if through else label, store if through else "", int(wh), int(ug)))
        return _ordered([line for line in lines if line.wh or line.ug])

    def claimed(self) -> list[Line]:
        """Return the claims by source, in the order of `physical`."""
        return _ordered([Line(self.group(name), name, "", int(wh.sum()), 0) for name, wh in self.claims_wh.items()])


def _ordered(lines: list[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (GROUPS.index(line.group), -line.wh, line.source, line.through))


def _require(name: str, got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if got != expected:
        raise GridMismatch(name=name, got=str(got), expected=str(expected))
