"""What certificates through a storage may be at most once corrections were made: charge, lots, discharge (I8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from parkopt.carbon.attribute_stores import PPM
from parkopt.carbon.contractual import GREY
from parkopt.ledger.canonical import Record
from parkopt.ledger.check_bundle_actions import Certificates, Hour, Piece, hour_of
from parkopt.ledger.check_bundle_network import share
from parkopt.ledger.report import StepError
from parkopt.ledger.settled_view import View, netted
from parkopt.store.states import COUNTED


def stored_limits(view: View, certificates: Certificates) -> None:
    """Check by the newest meters what was stored, given back and claimed of it, with all that was taken back.

    What others' corrections took back is in the auditor's file alone; in an enterprise's, its
    own claims are held against what came out of the lots.

    Raises
    ------
    StepError
        With the first storage and hour that gave more than it had.
    """
    for index, record in view.latest("storage"):
        if view.scope.all:
            _charged(view, index, record, certificates)
            _discharged(view, index, record, certificates)
    _claimed(view, certificates)


def _charged(view: View, index: int, record: Record, certificates: Certificates) -> None:
    taken = netted(view, record["day"], record["store"], "charge")
    green = [0] * 24
    for lot in record["lots"]:
        green[hour_of(lot["charged"], index)[1]] += _kept(lot, certificates)
    for hour, wh in enumerate(green):
        if taken is not None and wh > taken[hour]:
            en = f"{record['store']} hour {hour}: {wh} Wh of certificates, {taken[hour]} Wh charged"
            raise StepError(en, f"{record['store']} {hour} 时：凭证 {wh} Wh，充电 {taken[hour]} Wh", index)


def _kept(lot: Record, certificates: Certificates) -> int:
    """Return the certified Wh of a lot that no correction took back."""
    return sum(piece.wh for piece in _pieces(lot, certificates) if not piece.void)


def _pieces(lot: Record, certificates: Certificates) -> Iterator[Piece]:
    for first, last in lot["ranges"]:
        yield from certificates.parts(lot["origin"], first, last)


def _discharged(view: View, index: int, record: Record, certificates: Certificates) -> None:
    given = netted(view, record["day"], record["store"], "discharge")
    own: dict[Hour, int] = defaultdict(int)
    for piece in certificates.pieces.get(record["store"], []):
        if piece.status in COUNTED and not piece.void:
            own[piece.at] += piece.wh
    for hour in range(24):
        wh = own[record["day"], hour]
        if given is not None and wh > given[hour]:
            en = f"{record['store']} hour {hour}: {wh} Wh of certificates, {given[hour]} Wh discharged"
            raise StepError(en, f"{record['store']} {hour} 时：凭证 {wh} Wh，放电 {given[hour]} Wh", index)


def _claimed(view: View, certificates: Certificates) -> None:
    """Check that live claims on stored energy are within what came out in the hour, and within their lots."""
    out, lots = _out(view), _lots(view, certificates)
    by_hour: dict[tuple[str, str, int, str], int] = defaultdict(int)
    by_lot: dict[tuple[str, str], int] = defaultdict(int)
    for index, record in view.of("claims"):
        for hour, source, origin, first, last, *_ in record["claims"]:
            if origin is None:
                continue
            wh = sum(stop - start + 1 for start, stop in certificates.live(source, first, last))
            by_hour[source, record["day"], hour, origin] += wh
            by_lot[source, origin] += wh
            over = by_hour[source, record["day"], hour, origin] > out.get((source, record["day"], hour, origin), 0)
            if over or by_lot[source, origin] > lots.get((source, origin), by_lot[source, origin]):
                en = f"{source} {record['day']} hour {hour}: more is claimed of {origin} than its lots gave"
                raise StepError(en, f"{source} {record['day']} {hour} 时：对 {origin} 批次的主张多于其放电", index)


def _out(view: View) -> dict[tuple[str, str, int, str], int]:
    """Return the certified Wh that came out, by storage, day, hour and charging hour."""
    found: dict[tuple[str, str, int, str], int] = defaultdict(int)
    for _, record in view.latest("storage"):
        for take in record["takes"]:
            if take["origin"] != GREY:
                found[record["store"], record["day"], take["hour"], take["charged"]] += take["ac_wh"]
    return found


def _lots(view: View, certificates: Certificates) -> dict[tuple[str, str], int]:
    """Return the most that the certified lots of a storage and charging hour may give, as far as they are here."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for index, record in view.latest("storage"):
        facts = next(one for one in view.devices(index)["devices"] if one["device"] == record["store"])
        charge, discharge = (round(share(index, facts, f"{name}_efficiency") * PPM) for name in ("charge", "discharge"))
        for lot in record["lots"]:
            if lot["origin"] != GREY and lot["ac_wh"]:
                most = lot["ac_wh"] * charge * discharge // PPM**2
                found[record["store"], lot["charged"]] += most * _kept(lot, certificates) // lot["ac_wh"]
    return found
