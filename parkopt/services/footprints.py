"""A product's electricity footprint from settled hours: energy by hour and process in, carbon by source out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

import numpy as np

from parkopt.carbon.accounts import Evidence, Production, battery_passport, cbam, footprint
from parkopt.clock import TimeGrid, fixed_zone
from parkopt.errors import Language, Text, Where, raise_all
from parkopt.faults import BadRequest, GridMismatch
from parkopt.park.table import ClockSpec, read_numbers, read_table, read_times
from parkopt.services.accounts import case_of, to_date
from parkopt.services.bundles import require_party
from parkopt.services.settled_span import IntArray, span
from parkopt.settings import Settings

Form = Literal["battery", "cbam"]
FORMS = {"battery": battery_passport, "cbam": cbam}
START, WH_PER_KWH = "start", 1000


@dataclass(frozen=True)
class Made:
    """What was made in the period.

    Attributes
    ----------
    product, unit, installation : str
        Name of the product, what a quantity counts, where it was made.
    quantity : Decimal
        How much of it.
    evidence : sequence of Evidence
        Documents behind the figures.
    """

    product: str
    quantity: Decimal
    unit: str
    installation: str
    evidence: Sequence[Evidence] = ()


def quantity_of(text: str) -> Decimal:
    """Return a quantity that is above 0, or raise `BadRequest`."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise BadRequest(Where(field="quantity"), reason=Text("a number above 0 is needed", "须为大于 0 的数"))
    return value


def processes_of(path: Path, grid: TimeGrid) -> dict[str, IntArray]:
    """Return the Wh of each process and hour from a CSV file.

    Its columns are ``start`` (with offset) and one for each process, in kWh; the file covers
    the hours of the period.

    Raises
    ------
    MissingFile, BrokenFile, UnreadableTime, UnreadableValue, NegativeValue, Faults
        Naming the row.
    GridMismatch
        Where its hours are not those of the period.
    """
    table = read_table(path)
    times = read_times(table, ClockSpec(time=START))
    if times.step != grid.step or times.index[0] != grid.index[0] or len(times.index) != grid.n:
        got = f"{len(times.index)} x {times.step} from {times.index[0].isoformat()}"
        raise GridMismatch(table.where(1, START), name=path.name, got=got, expected=str(grid))
    found, faults = {}, []
    for name in (column for column in table.cells.columns if column != START):
        kwh, own = read_numbers(table, name, allow_negative=False)
        faults += own
        found[str(name)] = np.rint(np.nan_to_num(kwh) * WH_PER_KWH).astype(np.int64)
    raise_all(faults)
    return found


def footprint_of(
    subject: tuple[str, str],
    days: tuple[date, date],
    made: Made,
    use: Path | Mapping[str, Sequence[int]],
    config: Settings,
    form: Form = "battery",
    lang: Language = "en",
) -> dict[str, Any]:
    """Return the electricity part of a product's footprint as a form; energies by direct line, contract, grid apart.

    Parameters
    ----------
    subject : tuple of str
        Park and party.
    days : tuple of date
        First and last local day.
    use : Path or mapping
        A file (see `processes_of`), or by process its Wh of each hour.
    form : str
        ``battery`` (Regulation 2023/1542) or ``cbam`` (2023/956): our own mapping, no official schema.

    Raises
    ------
    NotFound
        Where a day is not settled, or there is no such party.
    AccountInput
        Where the processes use more than the party did, or have another number of hours.
    """
    (park, party), (first, last) = subject, days
    require_party(park, party)
    found = span(park, party, first, last, config)
    grid = TimeGrid.day(first, fixed_zone(found.park.zone), days=(last - first).days + 1)
    processes = (
        processes_of(use, grid)
        if isinstance(use, Path)
        else {name: np.asarray(wh, np.int64) for name, wh in use.items()}
    )
    production = Production(made.product, made.unit, made.quantity, made.installation, processes, tuple(made.evidence))
    case = case_of(found, first, last, to_date(found, first, config))
    return FORMS[form](footprint(case, production), lang)
