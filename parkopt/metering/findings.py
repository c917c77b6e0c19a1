"""What is found in a meter file: faults forbid keeping it, notices do not; many alike are told as a few and a count."""

from __future__ import annotations

from collections import defaultdict

from parkopt.errors import ParkoptError, Where
from parkopt.faults import MoreAlike, NoticesAlike

SHOWN = 20
"""How many findings of one kind about one register are told one by one."""

MOST_KINDS = 500
"""Of so many kinds the rest is counted together: a file of nonsense has no end of them."""


class Findings:
    """Faults and notices of one file, gathered; `file` is the name that they bear."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._told: dict[tuple[type[ParkoptError], str], list[ParkoptError]] = defaultdict(list)
        self._more: dict[tuple[type[ParkoptError], str], tuple[int, int | None]] = {}

    def at(self, field: str = "", row: int | None = None, line: int | None = None) -> Where:
        """Return a place in the file."""
        return Where(self.file, line, field, row)

    def add(self, finding: ParkoptError, about: str = "") -> None:
        """Take a finding; `about` says which register or text it is about."""
        key = (type(finding), about)
        if key not in self._told and len(self._told) >= MOST_KINDS:
            key = (type(finding), "...")
        if len(self._told[key]) < SHOWN:
            self._told[key].append(finding)
        else:
            self._more[key] = (self._more.get(key, (0, None))[0] + 1, finding.where.row)

    @property
    def faults(self) -> list[ParkoptError]:
        """What forbids keeping the file, by row."""
        return self._listed(notice=False)

    @property
    def notices(self) -> list[ParkoptError]:
        """What is told only, by row."""
        return self._listed(notice=True)

    def _listed(self, *, notice: bool) -> list[ParkoptError]:
        told = [one for own in self._told.values() for one in own if is_notice(one) == notice]
        told = list({one.text(): one for one in told}.values())
        told.sort(key=lambda one: one.where.row or 0)
        more = [self._rest(*key, *rest) for key, rest in self._more.items() if is_notice(key[0]) == notice]
        return [*told, *more]

    def _rest(self, cls: type[ParkoptError], about: str, count: int, last: int | None) -> ParkoptError:
        what, row = about or "-", "-" if last is None else last
        if is_notice(cls):
            return NoticesAlike(self.at(), count=count, same=cls.code, what=what, last=row)
        return MoreAlike(self.at(), count=count, same=cls.code, what=what, last=row)


def is_notice(finding: ParkoptError | type[ParkoptError]) -> bool:
    """Return whether a finding forbids nothing."""
    return bool(getattr(finding, "notice", False))
