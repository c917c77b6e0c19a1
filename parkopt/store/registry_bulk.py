"""Rows of a settled day, many at a time: the steps of the one table as few statements over ranges of ids.

The same steps as single actions take, under the same triggers: bundles are born active, split ones
become `bundle_split`, parts are cancelled and claimed. Ids are laid out so that all rows of one
step are neighbours, and a step is one UPDATE over a range of ids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Table, insert, literal, select, update
from sqlalchemy.orm import Session

from parkopt.errors import Text
from parkopt.faults import ClaimTooLarge, WrongQuantity
from parkopt.store import states
from parkopt.store.certificate_tables import ACTION, BUNDLE, CLAIM, LOT
from parkopt.store.registry import next_bundle_id
from parkopt.store.registry_day import KINDS, Assigned, DayOfCertificates, Part, Piece
from parkopt.store.registry_storage import KeptLot, next_lot_id

Row = dict[str, object]


@dataclass
class Batch:
    """A day being written: new claims continue the free ranges of each party's hour."""

    session: Session
    park: str
    day: DayOfCertificates
    free: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    assigned: list[Assigned] = field(default_factory=list)


def put_rows(batch: Batch, table: Table, rows: Sequence[Row]) -> None:
    """Insert many rows of the same keys at once; keys that are no columns are left out.

    The statement is made once and the rows go to the driver as they are: a day has ten thousands of them.
    """
    if not rows:
        return
    connection = batch.session.connection()
    names = [name for name in rows[0] if name in table.c]
    made = insert(table).compile(dialect=connection.dialect, column_keys=names)
    order = made.positiontup
    if order is None:
        connection.exec_driver_sql(str(made), [{name: row[name] for name in names} for row in rows])
    else:
        connection.exec_driver_sql(str(made), [tuple(row[name] for name in order) for row in rows])


def write(batch: Batch, roots: list[Row], pieces: list[Piece]) -> None:
    """Insert mintings and their parts and take the parts through their steps."""
    if not roots:
        return
    count = [0] * len(roots)
    for piece in pieces:
        count[piece.minting] += 1
    ends = [(piece, roots[piece.minting]) for piece in pieces]
    alone = _in_order([end for end in ends if count[end[0].minting] == 1])
    parts = _in_order([end for end in ends if count[end[0].minting] > 1])
    split = [root for root, parts_of in zip(roots, count, strict=True) if parts_of > 1]
    first = next_bundle_id(batch.session)
    for number, root in enumerate([*split, *(root for _, root in alone)]):
        root["id"] = first + number
    born = _children(parts, first + len(roots))
    put_rows(batch, BUNDLE, [*split, *(root for _, root in alone)])
    _note(batch, "issue", states.NONE, states.ACTIVE, first, first + len(roots) - 1)
    _split(batch, first, len(split))
    put_rows(batch, BUNDLE, born)
    for (piece, _), row in zip([*alone, *parts], [*(root for _, root in alone), *born], strict=True):
        row["part"], row["piece"] = piece.part, piece
    for group in ([root for _, root in alone], born):
        _steps(batch, group)


def _in_order(ends: list[tuple[Piece, Row]]) -> list[tuple[Piece, Row]]:
    return sorted(ends, key=lambda end: (KINDS.index(end[0].part.kind), end[0].part.to))


def _children(parts: list[tuple[Piece, Row]], first: int) -> list[Row]:
    rows = []
    for number, (piece, root) in enumerate(parts):
        start = int(str(root["range_start"])) + piece.start
        place = {"range_start": start, "range_end": start + piece.wh - 1, "quantity": piece.wh}
        rows.append({**root, **place, "id": first + number, "parent": root["id"]})
    return rows


def _split(batch: Batch, first: int, count: int) -> None:
    if count:
        last = first + count - 1
        _step(batch, "split", states.ACTIVE, first, last, split_from=states.ACTIVE)


def _steps(batch: Batch, rows: list[Row]) -> None:
    """Take rows, in order of kind and receiver and with consecutive ids, through their steps."""
    for kind, of_kind in groupby(rows, key=lambda row: _part(row).kind):
        some = list(of_kind)
        covers = [(-1, -1)] * len(some)
        if kind == "claim":
            covers = _claim_all(batch, some)
        elif kind == "store":
            for to, group in groupby(some, key=lambda row: _part(row).to):
                own = list(group)
                _step(batch, "cancel_for_storage", states.ACTIVE, *_ids(own), disposition="local")
                _new_lots(batch, to, own)
        elif kind == "export":
            _step(batch, "mark_export", states.ACTIVE, *_ids(some), disposition="export")
        batch.assigned += [_assigned(row, cover) for row, cover in zip(some, covers, strict=True)]


def _claim_all(batch: Batch, rows: list[Row]) -> list[tuple[int, int]]:
    """Cancel for each party, then claim for all at once; return the consumed Wh that each row covers."""
    covers = [_consume(batch, _part(row).to, row) for row in rows]
    for to, group in groupby(rows, key=lambda row: _part(row).to):
        _move(batch, "cancel", states.ACTIVE, *_ids(list(group)), beneficiary=to, disposition="local")
    first, last = _ids(rows)
    _note(batch, "cancel", states.ACTIVE, states.CANCELLED, first, last)
    put_rows(batch, CLAIM, [_claim(row, _part(row).to, cover) for row, cover in zip(rows, covers, strict=True)])
    _step(batch, "claim", states.CANCELLED, first, last)
    return covers


def _part(row: Row) -> Part:
    part = row["part"]
    assert isinstance(part, Part)
    return part


def _ids(rows: list[Row]) -> tuple[int, int]:
    """Return the first and the last id of rows with consecutive ones."""
    return int(str(rows[0]["id"])), int(str(rows[-1]["id"]))


def _consume(batch: Batch, party: str, row: Row) -> tuple[int, int]:
    t0, wh = str(row["t0"]), int(str(row["quantity"]))
    free = batch.free.get((party, t0), [0, 0])
    if free[0] + wh > free[1]:
        raise ClaimTooLarge(party=party, free=free[1] - free[0], t0=t0, wh=wh)
    start, free[0] = free[0], free[0] + wh
    return start, free[0] - 1


def _claim(row: Row, party: str, cover: tuple[int, int]) -> Row:
    place = {"consumed_start": cover[0], "consumed_end": cover[1], "quantity": row["quantity"], "live": 1}
    return {"bundle": row["id"], "park": row["park"], "party": party, "t0": row["t0"], **place}


def _assigned(row: Row, cover: tuple[int, int]) -> Assigned:
    part = _part(row)
    start, end, number = (int(str(row[name])) for name in ("range_start", "range_end", "id"))
    origin = str(row["origin_device"]), str(row["origin_t0"])
    return Assigned(str(row["device"]), str(row["t0"]), part.kind, part.to, start, end, *cover, number, *origin)


def _step(batch: Batch, name: str, before: str, first: int, last: int, **changes: str) -> None:
    """Take all bundles of a range of ids one step of the table, and note it."""
    _note(batch, name, before, _move(batch, name, before, first, last, **changes), first, last)


def _move(batch: Batch, name: str, before: str, first: int, last: int, **changes: str) -> str:
    """Take all bundles of a range of ids one step of the table; return the status after it."""
    row = states.find(name, before)
    assert row is not None
    mine = BUNDLE.c.id.between(first, last) & (BUNDLE.c.status == before)
    batch.session.execute(update(BUNDLE).where(mine).values(status=row.after, **changes))
    return row.after


def _note(batch: Batch, name: str, before: str, after: str, first: int, last: int) -> None:
    by, own = batch.day.by, BUNDLE.c
    values = {
        "park": own.park, "bundle": own.id, "type": literal(name), "from_status": literal(before),
        "to_status": literal(after), "quantity": own.quantity, "from_account": own.account, "to_account": own.account,
        "beneficiary": own.beneficiary, "actor": literal(by.actor), "reason": literal(by.reason),
        "request_key": literal(by.key), "details": literal(json.dumps({"bulk": True})), "requested_at": literal(by.at),
        "completed_at": literal(by.at),
    }  # fmt: skip
    wanted = select(*values.values()).where(own.id.between(first, last)).order_by(own.id)
    batch.session.execute(insert(ACTION).from_select(list(values), wanted))


def _new_lots(batch: Batch, store: str, rows: list[Row]) -> None:
    number = next_lot_id(batch.session)
    made = []
    for row in rows:
        piece = row["piece"]
        assert isinstance(piece, Piece)
        part, place = piece.part, (str(row["t0"]), str(row["origin_device"]))
        lot = KeptLot(number, batch.park, store, *place, int(str(row["id"])), piece.wh, part.internal_wh, part.limit_wh)
        made.append(lot)
        number += 1
    put_lots(batch, made)


def put_lots(batch: Batch, made: list[KeptLot]) -> None:
    """Insert lots, or raise `WrongQuantity` where one gives more than was charged."""
    for lot in made:
        if not (0 <= lot.limit_wh <= lot.internal_wh <= lot.ac_wh and lot.ac_wh > 0):
            reason = Text("out <= stored <= charged must hold", "须满足 放出 <= 存入 <= 充电")
            raise WrongQuantity(wh=lot.internal_wh, reason=reason)
    put_rows(batch, LOT, [vars(lot) for lot in made])
