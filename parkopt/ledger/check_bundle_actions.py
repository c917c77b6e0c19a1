"""What became of every certificate: replayed in the order of the log, against the one table of states."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone

from parkopt.ledger.canonical import Record
from parkopt.ledger.report import Said, StepError
from parkopt.ledger.settled_view import View
from parkopt.store.states import ACTIVE, CANCELLED, CLAIMED, COUNTED, SPLIT, STORED, allowed, find

_CHINA = timezone(timedelta(hours=8))
_MINTING = ("generation", "delivered")
Hour = tuple[str, int]
"""Local date and hour."""


def hour_of(stamp: str, index: int | None = None) -> Hour:
    """Return the local date and hour of ``2026-07-01T03:00:00Z``."""
    try:
        local = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).astimezone(_CHINA)
    except ValueError as wrong:
        raise StepError(f"{stamp!r} is no hour", f"{stamp!r} 不是时间", index) from wrong
    return local.date().isoformat(), local.hour


@dataclass(frozen=True)
class Piece:
    """Certificates of one device and hour that share a state; both ends included."""

    first: int
    last: int
    at: Hour
    status: str = ACTIVE
    barred: bool = False
    """Exported, or its green electricity certificate sold: no claim may rest on it (I9)."""
    void: bool = False
    """Taken back at its end, by a corrected reading."""
    by_issuer: bool = False
    """Withdrawn by the issuer's own decision, not by a corrected reading."""

    @property
    def wh(self) -> int:
        """How many."""
        return self.last - self.first + 1


@dataclass
class Certificates:
    """All certificates of a bundle by device, in rising order, with the state that the records gave them."""

    view: View
    pieces: dict[str, list[Piece]] = field(default_factory=dict)

    def replay(self) -> Said:
        """Take every record that moves certificates, in the order of the log.

        Raises
        ------
        StepError
            With the first record that does what the table of states does not allow (reference section 7).
        """
        moves: dict[str, Callable[[int, Record], None]] = {
            "issue": self._issue, "storage": self._store, "claims": self._claim, "action": self._act,
        }  # fmt: skip
        count = 0
        for index, record in self.view.rows:
            if record["type"] in moves:
                moves[record["type"]](index, record)
                count += 1
        return Said(f"{count} record(s) replayed, each step allowed", f"已重放 {count} 条记录，各步均符合状态表")

    def _issue(self, index: int, record: Record) -> None:
        own = self.pieces.setdefault(record["device"], [])
        for hour, found in enumerate(record["hours"]):
            if found is None:
                continue
            if own and found[0] <= own[-1].last:
                raise StepError(f"certificate {found[0]} is issued twice", f"凭证 {found[0]} 重复签发", index)
            own.append(Piece(found[0], found[1], (record["day"], hour)))

    def _store(self, index: int, record: Record) -> None:
        for lot in record["lots"]:
            at = hour_of(lot["charged"], index)
            for first, last in lot["ranges"]:
                for piece in self._cut(index, lot["origin"], first, last):
                    again = record["revision"] and piece.status == STORED
                    self._same_hour(index, piece, at)
                    self._set(index, lot["origin"], piece, STORED, ok=bool(again))

    def _claim(self, index: int, record: Record) -> None:
        for hour, source, _, first, last, *_ in record["claims"]:
            for piece in self._cut(index, source, first, last):
                self._same_hour(index, piece, (record["day"], hour))
                cancelled = self._set(index, source, piece, CANCELLED)
                self._set(index, source, cancelled, CLAIMED)

    def _act(self, index: int, record: Record) -> None:
        before, after = record["from_status"], record["to_status"]
        move = find(record["action"], before)
        if move is None or move.after != after:
            raise StepError(f"{record['action']} from {before} to {after} is not allowed", "状态变更不被允许", index)
        if after == SPLIT:
            return
        details = record.get("details")
        sold = isinstance(details, dict) and bool(details.get("sold"))
        bar, void = sold or record["action"] == "mark_export", record["action"] == "void"
        device, by_issuer = record["device"], record["action"] == "withdraw"
        for piece in self._cut(index, device, record["range_start"], record["range_end"]):
            # An enterprise's bundle does not hold what others did with certificates before.
            unseen = not self.view.scope.all and piece.status == ACTIVE
            if piece.status != before and not unseen:
                en = f"{device} {piece.first}-{piece.last} is {piece.status}, not {before}"
                raise StepError(en, f"{device} 凭证状态为 {piece.status}，不是 {before}", index)
            if void and piece.void:
                raise StepError(f"{device} {piece.first} is void already", f"{device} 凭证已作废", index)
            marks = {"barred": piece.barred or bar, "void": piece.void or void, "by_issuer": by_issuer}
            self._put(device, piece, replace(piece, status=after, **marks))

    def _set(self, index: int, device: str, piece: Piece, after: str, *, ok: bool = False) -> Piece:
        if not ok and (piece.barred or piece.status == after or not allowed(piece.status, after)):
            state = "exported or sold" if piece.barred else piece.status
            en = f"certificates {piece.first}-{piece.last} of {device} are {state}: they cannot become {after}"
            zh = f"{device} 的凭证 {piece.first}-{piece.last} 状态为 {state}，不能变为 {after}"
            raise StepError(en, zh, index)
        changed = replace(piece, status=after)
        self._put(device, piece, changed)
        return changed

    @staticmethod
    def _same_hour(index: int, piece: Piece, at: Hour) -> None:
        if piece.at != at:
            en = f"certificates of {piece.at[0]} hour {piece.at[1]} are used for {at[0]} hour {at[1]}"
            raise StepError(en, f"{piece.at[0]} {piece.at[1]} 时的凭证用于 {at[0]} {at[1]} 时", index)

    def _put(self, device: str, old: Piece, new: Piece) -> None:
        own = self.pieces[device]
        own[self._place(own, old.first)] = new

    @staticmethod
    def _place(own: list[Piece], number: int) -> int:
        return bisect_right(own, number, key=lambda piece: piece.first) - 1

    def _cut(self, index: int, device: str, first: int, last: int) -> list[Piece]:
        """Return the pieces of a range, cut so that they end where it does; StepError if some were never issued."""
        own = self.pieces.get(device, [])
        found: list[Piece] = []
        number = first
        while number <= last:
            place = self._place(own, number)
            if first > last or place < 0 or own[place].last < number:
                en = f"certificate {number} of {device} was never issued"
                raise StepError(en, f"{device} 的凭证 {number} 从未签发", index)
            found.append(_carve(own, place, number, min(last, own[place].last)))
            number = found[-1].last + 1
        return found

    def of_hours(self, wanted: Callable[[Piece], bool]) -> dict[tuple[str, Hour], int]:
        """Return the Wh of some certificates by device and hour."""
        total: dict[tuple[str, Hour], int] = {}
        for device, own in self.pieces.items():
            for piece in own:
                if wanted(piece):
                    total[device, piece.at] = total.get((device, piece.at), 0) + piece.wh
        return total

    def parts(self, device: str, first: int, last: int) -> Iterator[Piece]:
        """Yield the pieces of a range, as far as they are in it."""
        own = self.pieces.get(device, [])
        for piece in own[max(self._place(own, first), 0) :]:
            if piece.first > last:
                return
            if piece.last >= first:
                yield replace(piece, first=max(first, piece.first), last=min(last, piece.last))

    def live(self, source: str, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of a range that are claimed still."""
        for piece in self.parts(source, first, last):
            if piece.status == CLAIMED:
                yield piece.first, piece.last


def _carve(own: list[Piece], place: int, first: int, last: int) -> Piece:
    piece = own[place]
    middle = replace(piece, first=first, last=last)
    left = [replace(piece, last=first - 1)] if piece.first < first else []
    right = [replace(piece, first=last + 1)] if last < piece.last else []
    own[place : place + 1] = [*left, middle, *right]
    return middle


def minted(view: View, certificates: Certificates) -> Said:
    """Check that each hour's certificates are the device's reading, and claims are within consumption (I5-I7).

    Raises
    ------
    StepError
        With the first device, hour or party that has more, or less, than was measured.
    """
    counted = certificates.of_hours(lambda piece: piece.status in COUNTED and not piece.void)
    kept_out = certificates.of_hours(lambda piece: piece.by_issuer)
    issued = certificates.of_hours(lambda piece: piece.status != SPLIT)
    stores = {record["store"] for _, record in view.of("storage")}
    for index, record in view.latest("park-day"):
        day = record["day"]
        certified = _certified(view, index, day)
        for device, energies in certified.items():
            for hour, wh in enumerate(energies):
                own, key = issued.get((device, (day, hour)), 0), (device, (day, hour))
                good = own == wh
                if view.revised(day):
                    left, withdrawn = counted.get(key, 0), kept_out.get(key, 0)
                    whole = device in stores or wh <= left + withdrawn  # what a storage lost is not minted anew
                    good = own >= wh and (not view.scope.all or (left <= wh and whole))
                if not good:
                    en = f"{device} {day} hour {hour}: {own} Wh of certificates, {wh} Wh measured"
                    raise StepError(en, f"{device} {day} {hour} 时：凭证 {own} Wh，计量 {wh} Wh", index)
        for device, (at, _) in issued:
            if at == day and device not in certified:
                raise StepError(f"{device} has certificates of {day} and no meter", f"{device} 有凭证而无计量", index)
    count = _claims(view, certificates)
    wh = sum(piece.wh for own in certificates.pieces.values() for piece in own)
    return Said(
        f"{wh} certificates, {count} claim(s): each within its meter", f"{wh} 张凭证、{count} 笔主张均在计量之内"
    )


def _certified(view: View, index: int, day: str) -> dict[str, list[int]]:
    """Return by device the Wh of each hour for which there must be certificates."""
    facts = view.devices(index)
    green = {one["device"] for one in facts["devices"] if one["green"]}
    found: dict[str, list[int]] = {}
    for one in facts["channels"]:
        if one["register"] in _MINTING and one["device"] in green:
            found[one["device"]] = _measured(view, day, one["device"], one["register"])
    for _, record in view.latest("storage"):
        if record["day"] == day:
            takes = [(one["hour"], one["ac_wh"]) for one in record["takes"] if one["origin"] != "grey"]
            found[record["store"]] = [sum(wh for at, wh in takes if at == hour) for hour in range(24)]
    return found


def _measured(view: View, day: str, device: str, register: str) -> list[int]:
    """Return the newest measured Wh of each hour: an estimate moves no certificate."""
    found = [0] * 24
    for _, record in view.of("reading"):
        if (record["day"], record["device"], record["register"]) == (day, device, register):
            pairs = zip(found, record["wh"], record["quality"], strict=True)
            found = [before if quality == "E" else wh for before, wh, quality in pairs]
    return found


def _claims(view: View, certificates: Certificates) -> int:
    """Check consumed ranges and the sums in the enterprise-days; return how many claims there are."""
    used: dict[tuple[str, str], list[list[tuple[int, int, str]]]] = {}
    count = 0
    for index, record in view.of("claims"):
        hours = used.setdefault((record["day"], record["party"]), [[] for _ in range(24)])
        for hour, source, _, first, last, start, stop in record["claims"]:
            if last - first != stop - start:
                raise StepError("certificates and consumed Wh differ in number", "凭证数与消费电量不等", index)
            parts = certificates.live(source, first, last)
            hours[hour] += [(a - first + start, b - first + start, source) for a, b in parts]
            count += 1
    for (day, party), claimed in used.items():
        index, own = view.need("enterprise-day", day, party)
        for hour, found in enumerate(claimed):
            _no_overlap(index, own["hours"][hour]["consumption_wh"], sorted(found))
    for index, own in view.latest("enterprise-day"):
        hours = used.get((own["day"], own["party"]), [[] for _ in range(24)])
        for hour, found in enumerate(hours):
            _sums(index, hour, own["hours"][hour], found)
    return count


def _no_overlap(index: int, consumption: int, parts: list[tuple[int, int, str]]) -> None:
    free = 0
    for start, stop, _ in parts:
        if start < free:
            raise StepError(f"Wh {start} of a consumption is claimed twice", f"第 {start} Wh 消费被重复主张", index)
        free = stop + 1
    if free > consumption:
        raise StepError(f"claims reach Wh {free} of {consumption}", f"主张至 {free} Wh，消费仅 {consumption} Wh", index)


def _sums(index: int, hour: int, own: Record, parts: list[tuple[int, int, str]]) -> None:
    total: dict[str, int] = {}
    for start, stop, source in parts:
        total[source] = total.get(source, 0) + stop - start + 1
    if {k: wh for k, wh in own["claims"].items() if wh} != total or own["claimed_wh"] != sum(total.values()):
        raise StepError(f"hour {hour}: claims are not those claimed", f"{hour} 时：主张与主张记录不符", index)
