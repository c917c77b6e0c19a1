"""An enterprise's statement of settled days as one printable page, with the evidence that proves it beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from parkopt.carbon.metered import HOURS_UTC
from parkopt.clock import TimeGrid, fixed_zone
from parkopt.errors import Language, Text
from parkopt.faults import AlreadyThere, CannotWrite
from parkopt.ledger.checkpoint import open_checkpoint
from parkopt.ledger.files import write_atomic
from parkopt.models.base import Role, Technology
from parkopt.park.schema import Park
from parkopt.results.statement import Correction, Group, Proof, StatementData, Stored
from parkopt.results.statement_accounts import account_rows
from parkopt.results.statement_page import statement_page
from parkopt.services.accounts import statements_of
from parkopt.services.bundles import bundle, require_party
from parkopt.services.keys import settled_log
from parkopt.services.settled_span import Span, kind_of, span
from parkopt.settings import Settings
from parkopt.store.engine import reading
from parkopt.store.logbook import Logbook
from parkopt.store.registry_queries import claims_of

GROUP: Mapping[str, Group] = {"direct": "direct", "onsite": "on_site", "contract": "contract", "storage": "storage"}


def statement(
    park: str, party: str, first: date, last: date, config: Settings, lang: Language
) -> tuple[str, str, bytes]:
    """Return the page of a statement, and name and bytes of the evidence that it names.

    Raises
    ------
    UnknownPark, NotFound
        Where there is no such park or party, or a day is not settled.
    """
    require_party(park, party)
    found = span(park, party, first, last, config)
    name, data, vkey = bundle(park, party, first, last, config)
    return statement_page(_data(found, first, last, _proof(config, park, vkey, name, data), config), lang), name, data


def _proof(config: Settings, park: str, vkey: str, name: str, data: bytes) -> Proof:
    with reading(config.store_url) as session:
        size, note = settled_log(config, Logbook(session, park)).head()
    return Proof(size, open_checkpoint(note, vkey).root.hex(), vkey, sha256(data).hexdigest(), name)


def _data(found: Span, first: date, last: date, proof: Proof, config: Settings) -> StatementData:
    park = found.park
    enterprise = park.enterprises.get(found.party)
    name = enterprise.name if enterprise else None
    labels = tuple(found.physical)
    revisions = tuple(int(found.own[day][found.party]["revision"]) for day in found.days)
    synthetic = park.synthetic
    return StatementData(
        park=Text(park.name.en, park.name.zh),
        party=Text(name.en, name.zh) if name else Text(found.party, found.party),
        party_id=found.party,
        start=first,
        labels=labels,
        consumption_wh=found.sum_of("consumption_wh"),
        physical_wh=_rows([found.physical[label].wh for label in labels], found.n),
        location_ug=_rows([found.physical[label].ug for label in labels], found.n),
        green_wh=found.sum_of("claimed_wh"),
        claims_wh={one.source: one.wh for one in found.claims},
        market_ug=found.sum_of("market_ug"),
        quality=found.quality(),
        proof=proof,
        groups=_groups(park),
        stored=_stored(found, first, last, config),
        accounts=account_rows(statements_of(found, first, last, config)),
        revisions=revisions,
        statuses=tuple("corrected" if revision else "settled" for revision in revisions),
        corrections=tuple(_correction(*one) for one in found.revisions),
        synthetic=Text(synthetic.en, synthetic.zh) if synthetic else Text("", ""),
        zone=park.zone,
    )


def _rows(rows: list[np.ndarray[Any, np.dtype[np.int64]]], n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.stack(rows) if rows else np.zeros((0, n), np.int64)


def _groups(park: Park) -> dict[str, Group]:
    """Return where each source of the park stands."""
    found: dict[str, Group] = {}
    for name, asset in park.assets.items():
        roles = frozenset(asset.flows().values()) if isinstance(asset, Technology) else frozenset()
        if Role.GRID in roles:
            found[name] = "grid"
        elif roles & {Role.LOCAL, Role.WITHIN_IMPORT, Role.STORED, Role.FUEL}:
            found[name] = GROUP[kind_of(park, name)]
    return found


def _stored(found: Span, first: date, last: date, config: Settings) -> tuple[Stored, ...]:
    grid = TimeGrid.day(first, fixed_zone(found.park.zone), days=(last - first).days + 1)
    start, end = (moment.strftime(HOURS_UTC) for moment in (grid.start, grid.end))
    with reading(config.store_url) as session:
        claims = claims_of(session, found.park.id, found.party, start, end)
    return tuple(
        Stored(one.device, one.origin_device, one.origin_t0, one.t0, one.quantity) for one in claims if one.is_storage
    )


def _correction(index: int, day: str, revision: int) -> Correction:
    reason = Text("meter data were corrected", "计量数据更正")
    return Correction(date.fromisoformat(day), revision, reason, log_index=index)


def write_statement(
    park: str, party: str, first: date, last: date, config: Settings, lang: Language, out: Path | None = None
) -> Path:
    """Write a statement and its evidence to files that are not there yet; return the page's."""
    if out is not None and out.exists():
        raise AlreadyThere(path=out)
    page, name, data = statement(park, party, first, last, config, lang)
    path = out or config.home / "statements" / f"{name.removesuffix('.zip').removeprefix('evidence-')}.{lang}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path.parent / name, data)
        write_atomic(path, page.encode())
    except OSError as problem:
        raise CannotWrite(path=path, reason=problem.strerror or str(problem)) from problem
    return path
