"""Tables of certificates, claims and storage lots, with the rules that the database keeps by itself.

Times are text, UTC, RFC 3339 (``2026-07-01T03:00:00Z``): they sort as they read. Quantities are
whole Wh; ranges are inclusive at both ends; 0/1 stands for no/yes; an empty text for "none".
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from parkopt.store import certificate_guards as guards
from parkopt.store import states
from parkopt.store.tables import Base
from parkopt.store.triggers import append_only, on_create

BIG = BigInteger()
ID = BigInteger().with_variant(Integer, "sqlite")
NAME, TIME, NOTE = String(128), String(20), Text()


def _id() -> Column[int]:
    return Column("id", ID, primary_key=True, autoincrement=True)


def _col(name: str, kind: TypeEngine[Any], default: str | None = None) -> Column[Any]:
    return Column(name, kind, nullable=False, server_default=None if default is None else text(f"'{default}'"))


def _table(name: str, *parts: SchemaItem) -> Table:
    return Table(name, Base.metadata, *parts)


DEVICE = _table(
    "gc_device", _id(), _col("park", NAME), _col("device", NAME), _col("next_id", BIG, "0"),
    Index("ux_gc_device", "park", "device", unique=True),
)  # fmt: skip
ACCOUNT = _table(
    "gc_account", _id(), _col("park", NAME), _col("account", NAME),
    Index("ux_gc_account", "park", "account", unique=True),
)  # fmt: skip
READING = _table(
    "gc_reading", _id(), Column("device_id", ID, ForeignKey("gc_device.id"), nullable=False),
    _col("t0", TIME), _col("rev", Integer()), _col("wh", BIG), _col("reason", NOTE, ""),
    Index("ux_gc_reading", "device_id", "t0", "rev", unique=True), CheckConstraint("wh >= 0"),
)  # fmt: skip
BUNDLE = _table(
    "gc_bundle", Column("id", ID, primary_key=True, autoincrement=False), _col("park", NAME),
    Column("device_id", ID, ForeignKey("gc_device.id"), nullable=False), _col("issuance_id", String(200)),
    _col("t0", TIME), _col("t1", TIME), _col("range_start", BIG), _col("range_end", BIG), _col("quantity", BIG),
    _col("status", String(24)), _col("account", NAME, ""), _col("beneficiary", NAME, ""),
    _col("energy_source", String(32)), _col("origin_device", NAME), _col("origin_t0", TIME),
    _col("is_storage", Integer(), "0"), _col("storage_lot", ID, "0"), _col("disposition", String(8), "none"),
    Column("parent", ID, ForeignKey("gc_bundle.id")), _col("rev", Integer()), _col("gec_id", NAME, ""),
    _col("gec_sold", Integer(), "0"), _col("expires_at", TIME), _col("split_from", String(24), ""),
    CheckConstraint("quantity = range_end - range_start + 1 AND quantity > 0"),
    CheckConstraint("status IN ({})".format(", ".join(f"'{state}'" for state in states.STATES))),
    CheckConstraint("disposition IN ('none', 'local', 'export') AND gec_sold IN (0, 1) AND is_storage IN (0, 1)"
        " AND (is_storage = 1) = (storage_lot > 0)"),
    Index("ix_gc_bundle_hour", "device_id", "t0"), Index("ix_gc_bundle_status", "park", "status", "expires_at"),
    Index("ix_gc_bundle_party", "park", "beneficiary", "t0"), Index("ix_gc_bundle_lot", "storage_lot"),
)  # fmt: skip
_LIVE = text("status <> 'bundle_split'")
Index("ux_gc_bundle_range", BUNDLE.c.device_id, BUNDLE.c.range_start, unique=True,
      sqlite_where=_LIVE, postgresql_where=_LIVE)  # fmt: skip
_ROOT = text("parent IS NULL")
Index("ux_gc_bundle_minting", BUNDLE.c.device_id, BUNDLE.c.t0, BUNDLE.c.rev, unique=True,
      sqlite_where=_ROOT, postgresql_where=_ROOT)  # fmt: skip
ACTION = _table(
    "gc_action", _id(), _col("park", NAME), Column("bundle", ID, ForeignKey("gc_bundle.id"), nullable=False),
    _col("type", String(24)), _col("from_status", String(24)), _col("to_status", String(24)), _col("quantity", BIG),
    _col("from_account", NAME, ""), _col("to_account", NAME, ""), _col("beneficiary", NAME, ""), _col("actor", NAME),
    _col("reason", NOTE, ""), _col("request_key", NAME, ""), _col("details", NOTE, "{}"),
    _col("requested_at", TIME), _col("completed_at", TIME), Index("ix_gc_action_bundle", "bundle", "id"),
)  # fmt: skip
REQUEST = _table(
    "gc_request", _id(), _col("park", NAME), _col("key", NAME), _col("digest", String(64)), _col("answer", NOTE),
    Index("ux_gc_request", "park", "key", unique=True),
)  # fmt: skip
CONSUMPTION = _table(
    "consumption_record", _id(), _col("park", NAME), _col("party", NAME), _col("t0", TIME), _col("rev", Integer()),
    _col("wh", BIG), _col("reason", NOTE, ""), CheckConstraint("wh >= 0"),
    Index("ux_consumption_record", "park", "party", "t0", "rev", unique=True),
)  # fmt: skip
CLAIM = _table(
    "consumption_claim", _id(), Column("bundle", ID, ForeignKey("gc_bundle.id"), nullable=False, unique=True),
    _col("park", NAME), _col("party", NAME), _col("t0", TIME), _col("consumed_start", BIG), _col("consumed_end", BIG),
    _col("quantity", BIG), _col("live", Integer(), "1"),
    CheckConstraint("quantity = consumed_end - consumed_start + 1 AND quantity > 0 AND consumed_start >= 0"),
    Index("ix_consumption_claim", "park", "party", "t0", "consumed_start"),
)  # fmt: skip
LOT = _table(
    "storage_lot", Column("id", ID, primary_key=True, autoincrement=False), _col("park", NAME), _col("store", NAME),
    _col("charged", TIME), _col("origin", NAME), Column("bundle", ID, ForeignKey("gc_bundle.id"), unique=True),
    _col("ac_wh", BIG), _col("internal_wh", BIG), _col("limit_wh", BIG),
    CheckConstraint("0 <= limit_wh AND limit_wh <= internal_wh AND internal_wh <= ac_wh AND ac_wh > 0"),
    Index("ix_storage_lot", "park", "store", "charged"),
)  # fmt: skip
TAKE = _table(
    "storage_take", _id(), Column("lot", ID, ForeignKey("storage_lot.id"), nullable=False), _col("t0", TIME),
    _col("internal_wh", BIG), _col("ac_wh", BIG), Column("bundle", ID, ForeignKey("gc_bundle.id"), unique=True),
    CheckConstraint("0 <= ac_wh AND ac_wh <= internal_wh"), Index("ix_storage_take_lot", "lot"),
)  # fmt: skip
VOID = _table(
    "gc_void", _id(), Column("bundle", ID, ForeignKey("gc_bundle.id"), nullable=False), _col("wh", BIG),
    _col("rev", Integer()), _col("reason", NOTE), CheckConstraint("wh > 0"), Index("ix_gc_void_bundle", "bundle"),
)  # fmt: skip
"""Wh of an expired or stored certificate that a corrected reading took back: its state is terminal and stays."""

_INHERITED = (
    "park", "device_id", "issuance_id", "t0", "t1", "account", "beneficiary", "energy_source", "origin_device",
    "origin_t0", "is_storage", "storage_lot", "disposition", "rev", "gec_id", "gec_sold", "expires_at",
)  # fmt: skip
_BIRTH = (
    """(NEW.parent IS NULL AND (NEW.status <> 'active' OR NEW.disposition <> 'none')) OR NEW.split_from <> ''
OR (NEW.parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gc_bundle p WHERE p.id = NEW.parent
AND p.status = 'bundle_split' AND p.split_from = NEW.status AND p.range_start <= NEW.range_start
AND p.range_end >= NEW.range_end AND """  # noqa: S608 - names of columns only
    + " AND ".join(f"p.{name} = NEW.{name}" for name in _INHERITED)
    + "))"
)  # fmt: skip
_COUNTED = ", ".join(f"'{state}'" for state in sorted(states.COUNTED))
_COVERED = f"""NEW.parent IS NULL AND ((NEW.storage_lot = 0 AND NEW.quantity > COALESCE((SELECT r.wh FROM gc_reading r
WHERE r.device_id = NEW.device_id AND r.t0 = NEW.t0 ORDER BY r.rev DESC LIMIT 1), 0)
- COALESCE((SELECT SUM(b.quantity) FROM gc_bundle b WHERE b.device_id = NEW.device_id AND b.t0 = NEW.t0
AND b.status IN ({_COUNTED})), 0) + COALESCE((SELECT SUM(v.wh) FROM gc_void v JOIN gc_bundle x ON x.id = v.bundle
WHERE x.device_id = NEW.device_id AND x.t0 = NEW.t0), 0)) OR (NEW.storage_lot <> 0 AND NEW.quantity >
COALESCE((SELECT l.limit_wh FROM storage_lot l WHERE l.id = NEW.storage_lot AND l.bundle IS NOT NULL), 0)
- COALESCE((SELECT SUM(b.quantity) FROM gc_bundle b WHERE b.storage_lot = NEW.storage_lot
AND b.status IN ({_COUNTED})), 0)))"""  # noqa: S608 - names of states only
_OVERLAP = """COALESCE((SELECT b.range_end FROM gc_bundle b WHERE b.device_id = NEW.device_id
AND b.status <> 'bundle_split' AND b.range_start <= NEW.range_end ORDER BY b.range_start DESC LIMIT 1), -1)
>= NEW.range_start OR NEW.range_end >= (SELECT d.next_id FROM gc_device d WHERE d.id = NEW.device_id)"""
_STEPS = ", ".join(f"'{before}>{after}'" for before, after in sorted(states.STEPS))
_MOVE = f"""(NEW.status <> OLD.status AND (OLD.status || '>' || NEW.status) NOT IN ({_STEPS}))
OR (NEW.status = 'bundle_split' AND OLD.status <> 'bundle_split' AND NEW.split_from <> OLD.status)
OR (NEW.split_from <> OLD.split_from AND (NEW.status <> 'bundle_split' OR OLD.status = 'bundle_split'))"""
_USE = """(NEW.status IN ('claimed', 'cancelled_for_storage') AND (NEW.disposition = 'export' OR NEW.gec_sold = 1))
OR (NEW.status = 'claimed' AND OLD.status <> 'claimed' AND NOT EXISTS (SELECT 1 FROM consumption_claim c
WHERE c.bundle = NEW.id AND c.live = 1 AND c.park = NEW.park AND c.party = NEW.beneficiary
AND c.quantity = NEW.quantity AND c.t0 = NEW.t0))"""
_HOLDER = """(NEW.account <> OLD.account AND NOT (OLD.status = 'active' AND NEW.status = 'active'))
OR (NEW.beneficiary <> OLD.beneficiary AND OLD.status NOT IN ('active', 'reserved'))
OR NEW.gec_sold < OLD.gec_sold OR (OLD.gec_id <> '' AND NEW.gec_id <> OLD.gec_id)
OR (OLD.disposition <> 'none' AND NEW.disposition <> OLD.disposition)
OR (OLD.status NOT IN ('active', 'reserved') AND NEW.disposition <> OLD.disposition)"""
_CLAIMED = """NEW.live <> 1 OR NOT EXISTS (SELECT 1 FROM gc_bundle b WHERE b.id = NEW.bundle AND b.status = 'cancelled'
AND b.park = NEW.park AND b.beneficiary = NEW.party AND b.t0 = NEW.t0 AND b.quantity = NEW.quantity
AND b.disposition <> 'export' AND b.gec_sold = 0)"""
_CONSUMED = """COALESCE((SELECT c.consumed_end FROM consumption_claim c WHERE c.park = NEW.park AND c.party = NEW.party
AND c.t0 = NEW.t0 AND c.live = 1 AND c.consumed_start <= NEW.consumed_end ORDER BY c.consumed_start DESC LIMIT 1), -1)
>= NEW.consumed_start OR NEW.consumed_end >= COALESCE((SELECT r.wh FROM consumption_record r WHERE r.park = NEW.park
AND r.party = NEW.party AND r.t0 = NEW.t0 ORDER BY r.rev DESC LIMIT 1), 0)"""
_RECORDED = """EXISTS (SELECT 1 FROM consumption_claim c WHERE c.park = NEW.park AND c.party = NEW.party
AND c.t0 = NEW.t0 AND c.live = 1 AND c.consumed_end >= NEW.wh) OR EXISTS (SELECT 1 FROM consumption_record r
WHERE r.park = NEW.park AND r.party = NEW.party AND r.t0 = NEW.t0 AND r.rev >= NEW.rev)"""
_LOT = """NEW.bundle IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gc_bundle b WHERE b.id = NEW.bundle
AND b.status = 'cancelled_for_storage' AND b.quantity = NEW.ac_wh AND b.t0 = NEW.charged AND b.park = NEW.park)"""
_TAKE = """NOT EXISTS (SELECT 1 FROM storage_lot l WHERE l.id = NEW.lot AND l.charged < NEW.t0
AND l.internal_wh >= NEW.internal_wh + COALESCE((SELECT SUM(x.internal_wh) FROM storage_take x WHERE x.lot = l.id), 0)
AND l.limit_wh >= NEW.ac_wh + COALESCE((SELECT SUM(x.ac_wh) FROM storage_take x WHERE x.lot = l.id), 0))
OR (NEW.bundle IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gc_bundle b WHERE b.id = NEW.bundle
AND b.storage_lot = NEW.lot AND b.t0 = NEW.t0 AND b.quantity = NEW.ac_wh))"""
_END_CLAIM = "UPDATE consumption_claim SET live = 0 WHERE bundle = NEW.id"
_ENDS = "OLD.status = 'claimed' AND NEW.status = 'claim_reversed'"


def _guard_bundles() -> None:
    guards.fix_columns(BUNDLE, "status", "account", "beneficiary", "gec_id", "gec_sold", "disposition", "split_from")
    guards.keep_rows(BUNDLE)
    guards.refuse(BUNDLE, "birth", "INSERT", _BIRTH, "a bundle is born active, or as a part of a split one")
    guards.refuse(BUNDLE, "overlap", "INSERT", _OVERLAP, "ids overlap or were not allotted", lock=True)
    guards.refuse(BUNDLE, "covered", "INSERT", _COVERED, "more certificates than the reading, or the lot, has")
    guards.refuse(BUNDLE, "move", "UPDATE", _MOVE, "this step is not in the table of states")
    guards.refuse(BUNDLE, "use", "UPDATE", _USE, "exported or sold energy, or a claim without consumption")
    guards.refuse(BUNDLE, "holder", "UPDATE", _HOLDER, "account, beneficiary, GEC or disposition may not change now")
    ends = "CREATE TRIGGER gc_bundle_ends AFTER UPDATE OF status ON gc_bundle FOR EACH ROW WHEN ({}) {}"
    on_create(CLAIM, "sqlite", ends.format(_ENDS, f"BEGIN {_END_CLAIM}; END"))
    body = f"$$ BEGIN {_END_CLAIM}; RETURN NEW; END $$"
    on_create(CLAIM, "postgresql", f"CREATE FUNCTION gc_bundle_ends() RETURNS trigger LANGUAGE plpgsql AS {body}")
    on_create(CLAIM, "postgresql", ends.format(_ENDS, "EXECUTE FUNCTION gc_bundle_ends()"))


def _guard_claims() -> None:
    guards.fix_columns(CLAIM, "live")
    guards.keep_rows(CLAIM)
    guards.refuse(CLAIM, "claimable", "INSERT", _CLAIMED, "only a cancelled bundle of this party and hour is claimed")
    guards.refuse(CLAIM, "consumed", "INSERT", _CONSUMED, "this consumption is claimed or was not there", lock=True)
    reversed_ = "EXISTS (SELECT 1 FROM gc_bundle b WHERE b.id = NEW.bundle AND b.status = 'claim_reversed')"
    guards.refuse(CLAIM, "ends", "UPDATE", f"NEW.live <> 0 OR NOT {reversed_}", "a claim ends by its reversal only")
    guards.refuse(
        CONSUMPTION, "covers", "INSERT", _RECORDED, "claims exceed this consumption, or an old rev", lock=True
    )


def _guard_others() -> None:
    guards.fix_columns(DEVICE, "next_id")
    guards.keep_rows(DEVICE)
    guards.refuse(DEVICE, "rises", "UPDATE", "NEW.next_id < OLD.next_id", "next_id only rises")
    guards.refuse(LOT, "stored", "INSERT", _LOT, "a lot rests on a whole bundle cancelled for storage")
    guards.refuse(TAKE, "covered", "INSERT", _TAKE, "a lot gives no more than it holds, and later", lock=True)
    for table in (ACCOUNT, READING, ACTION, REQUEST, CONSUMPTION, LOT, TAKE, VOID):
        append_only(table)


_guard_bundles()
_guard_claims()
_guard_others()
