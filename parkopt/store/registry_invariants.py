"""Invariants I5 to I9 as questions to the database that must find nothing, for tests and `verify`.

They do not use the code that writes: each is plain SQL over the tables, plus a replay of every
action against the one table of states.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from parkopt.store import states

_COUNTED = "({})".format(", ".join(f"'{state}'" for state in sorted(states.COUNTED)))
_VOID = "COALESCE((SELECT SUM(v.wh) FROM gc_void v JOIN gc_bundle x ON x.id = v.bundle WHERE {}), 0)"
_MINTED = (
    f"COALESCE((SELECT SUM(b.quantity) FROM gc_bundle b WHERE b.device_id = r.device_id AND b.t0 = r.t0 "  # noqa: S608
    f"AND b.status IN {_COUNTED}), 0) - " + _VOID.format("x.device_id = r.device_id AND x.t0 = r.t0")
)
_WITHDRAWN = (
    "COALESCE((SELECT SUM(b.quantity) FROM gc_bundle b WHERE b.device_id = r.device_id AND b.t0 = r.t0 "
    "AND EXISTS (SELECT 1 FROM gc_action a WHERE a.bundle = b.id AND a.type = 'withdraw')), 0)"
)
_CURRENT = (
    "FROM gc_reading r JOIN gc_device d ON d.id = r.device_id WHERE d.park = :park "
    "AND r.rev = (SELECT MAX(y.rev) FROM gc_reading y WHERE y.device_id = r.device_id AND y.t0 = r.t0)"
)
_LOT_MINTED = (
    f"COALESCE((SELECT SUM(b.quantity) FROM gc_bundle b WHERE b.storage_lot = l.id AND b.status IN "  # noqa: S608
    f"{_COUNTED}), 0) - " + _VOID.format("x.storage_lot = l.id")
)
_LOST = "COALESCE((SELECT SUM(v.wh) FROM gc_void v WHERE v.bundle = l.bundle), 0)"

CHECKS: tuple[tuple[str, str], ...] = (
    ("I5 more certificates than the reading", f"SELECT d.device, r.t0 {_CURRENT} AND {_MINTED} > r.wh"),
    (
        "I5 fewer certificates than the reading",
        (f"SELECT d.device, r.t0 {_CURRENT} AND {_MINTED} + {_WITHDRAWN} < r.wh"),
    ),
    (
        "I5 certificates without a reading",
        (
            "SELECT id, t0 FROM gc_bundle b WHERE park = :park AND is_storage = 0 AND NOT EXISTS "
            "(SELECT 1 FROM gc_reading r WHERE r.device_id = b.device_id AND r.t0 = b.t0)"
        ),
    ),
    (
        "I6 quantity",
        ("SELECT id, quantity FROM gc_bundle WHERE park = :park AND quantity <> range_end - range_start + 1"),
    ),
    (
        "I6 ranges overlap",
        (
            "SELECT id, device_id FROM (SELECT id, device_id, park, range_start, LAG(range_end) OVER "
            "(PARTITION BY device_id ORDER BY range_start) AS earlier FROM gc_bundle WHERE status <> 'bundle_split') o "
            "WHERE park = :park AND earlier >= range_start"
        ),
    ),
    (
        "I6 children do not tile the parent",
        (
            "SELECT p.id, p.quantity FROM gc_bundle p LEFT JOIN gc_bundle c ON c.parent = p.id WHERE p.park = :park "
            "GROUP BY p.id, p.quantity, p.status, p.range_start, p.range_end HAVING "
            "(p.status = 'bundle_split' AND (COALESCE(SUM(c.quantity), 0) <> p.quantity OR MIN(c.range_start) <> "
            "p.range_start OR MAX(c.range_end) <> p.range_end)) OR (p.status <> 'bundle_split' AND COUNT(c.id) > 0)"
        ),
    ),
    (
        "I6 ids beyond the device's counter",
        (
            "SELECT b.id, b.range_end FROM gc_bundle b JOIN gc_device d ON d.id = b.device_id "
            "WHERE b.park = :park AND b.range_end >= d.next_id"
        ),
    ),
    (
        "I7 a claim that is not of this bundle, party, hour and quantity",
        (
            "SELECT b.id, b.status FROM gc_bundle b LEFT JOIN consumption_claim c ON c.bundle = b.id WHERE "
            "b.park = :park "
            "AND ((b.status = 'claimed' AND (c.id IS NULL OR c.live <> 1 OR c.party <> b.beneficiary OR c.t0 <> b.t0 "
            "OR c.park <> b.park OR c.quantity <> b.quantity)) OR (b.status <> 'claimed' AND c.live = 1))"
        ),
    ),
    (
        "I7 claims overlap",
        (
            "SELECT bundle, t0 FROM (SELECT bundle, park, t0, consumed_start, LAG(consumed_end) OVER "
            "(PARTITION BY park, "
            "party, t0 ORDER BY consumed_start) AS earlier FROM consumption_claim WHERE live = 1) o "
            "WHERE park = :park AND earlier >= consumed_start"
        ),
    ),
    (
        "I7 claims above the consumption",
        (
            "SELECT c.party, c.t0 FROM consumption_claim c WHERE c.park = :park AND c.live = 1 GROUP BY "
            "c.park, c.party, "
            "c.t0 HAVING MAX(c.consumed_end) >= COALESCE((SELECT r.wh FROM consumption_record r WHERE r.park = c.park "
            "AND r.party = c.party AND r.t0 = c.t0 ORDER BY r.rev DESC LIMIT 1), 0) OR SUM(c.quantity) > "
            "MAX(c.consumed_end) + 1"
        ),
    ),
    (
        "I8 SD-GC above their lot",
        (
            f"SELECT l.id, l.limit_wh FROM storage_lot l WHERE l.park = :park AND {_LOT_MINTED} > "  # noqa: S608
            f"l.limit_wh * (l.ac_wh - {_LOST}) / l.ac_wh"
        ),
    ),
    (
        "I8 takes above their lot",
        (
            "SELECT l.id, l.internal_wh FROM storage_lot l JOIN storage_take t ON t.lot = l.id WHERE l.park = :park "
            "GROUP BY l.id, l.internal_wh, l.limit_wh, l.charged HAVING SUM(t.internal_wh) > l.internal_wh "
            "OR SUM(t.ac_wh) > l.limit_wh OR MIN(t.t0) <= l.charged"
        ),
    ),
    (
        "I8 an SD-GC without its lot, or not of the lot's origin",
        (
            "SELECT b.id, b.storage_lot FROM gc_bundle b LEFT JOIN storage_lot l ON l.id = b.storage_lot "
            "LEFT JOIN gc_bundle o ON o.id = l.bundle WHERE b.park = :park AND b.is_storage = 1 AND (o.id IS NULL OR "
            "o.status <> 'cancelled_for_storage' OR o.origin_device <> b.origin_device OR o.origin_t0 <> b.origin_t0 "
            "OR b.t0 <= l.charged)"
        ),
    ),
    (
        "I8 a certificate cancelled for storage without its lot",
        (
            "SELECT b.id, b.status FROM gc_bundle b LEFT JOIN storage_lot l ON l.bundle = b.id WHERE b.park = :park "
            "AND ((b.status = 'cancelled_for_storage') <> (l.id IS NOT NULL) OR l.ac_wh <> b.quantity)"
        ),
    ),
    (
        "I9 exported or sold energy in a claim or a storage",
        (
            "SELECT id, status FROM gc_bundle WHERE park = :park AND status IN ('claimed', 'cancelled_for_storage') "
            "AND (disposition = 'export' OR gec_sold = 1)"
        ),
    ),
)


def invariants(session: Session, park: str) -> list[str]:
    """Return a line for every row that breaks an invariant; none where the registry is sound."""
    found = []
    for name, query in CHECKS:
        rows = session.execute(text(query), {"park": park})
        found += [f"{name}: {', '.join(str(value) for value in row)}" for row in rows]
    return found + _replay(session, park)


def _replay(session: Session, park: str) -> list[str]:
    """Follow every bundle's actions from its birth through the table of states."""
    query = (
        "SELECT b.id, b.status, p.split_from FROM gc_bundle b LEFT JOIN gc_bundle p ON p.id = b.parent "
        "WHERE b.park = :park"
    )
    now: dict[int, str] = {}
    ends: dict[int, str] = {}
    for bundle, status, born in session.execute(text(query), {"park": park}):
        now[bundle], ends[bundle] = born or states.NONE, status
    found = []
    steps = "SELECT bundle, type, from_status, to_status FROM gc_action WHERE park = :park ORDER BY id"
    for bundle, name, before, after in session.execute(text(steps), {"park": park}):
        row = states.find(name, before)
        if row is None or row.after != after or now.get(bundle) != before:
            found.append(f"table of states: bundle {bundle} {name} {before} -> {after}")
        now[bundle] = after
    return found + [f"actions: bundle {b} ends {now[b]}, is {end}" for b, end in ends.items() if now[b] != end]
