"""The check of a park in the database: its settled log, then all other tables against the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from parkopt.errors import Text
from parkopt.faults import NotFound
from parkopt.ledger.check_settled import verify_settled
from parkopt.ledger.report import Report, Said, StepError, run
from parkopt.services import check_rows, check_tables
from parkopt.services.check_rows import Book
from parkopt.store.engine import reading
from parkopt.store.logbook import Logbook
from parkopt.store.session import Session


def verify_database(
    url: str, park: str, pinned_vkey: str | None, own_vkey: str = "", older_checkpoint: str | None = None
) -> Report:
    """Check the settled log of a park and what the other tables hold of it; they are only read.

    Parameters
    ----------
    url : str
        Address of the database.
    park : str
        Id of the park.
    pinned_vkey : str or None
        The park's vkey, got by another way than this database; any key of the log's life.
    own_vkey : str, optional
        The vkey by the park's own word (`parkopt.services.keys.settled_vkey`), for a check
        without a pinned one.
    older_checkpoint : str, optional
        A signed note kept from before.

    Returns
    -------
    Report
        The steps of `parkopt.ledger.check_settled`; where none of them fails, those of
        `verify_tables`, which rests on the log.

    Raises
    ------
    NotFound
        If the park has no settled log there.
    BadVerifierKey
        If ``pinned_vkey`` is none.
    StoreUnusable
        If the database cannot be read.
    """
    with reading(url) as session:
        log = _log(session, park, pinned_vkey, own_vkey, older_checkpoint)
        return Report((*log.steps, *verify_tables(session, park).steps)) if log.ok else log


def verify_log_alone(
    url: str, park: str, pinned_vkey: str | None, own_vkey: str = "", older_checkpoint: str | None = None
) -> Report:
    """Check the settled log of a park in the database and no other table; as `verify_database`."""
    with reading(url) as session:
        return _log(session, park, pinned_vkey, own_vkey, older_checkpoint)


def _log(session: Session, park: str, pinned: str | None, own: str, older: str | None) -> Report:
    book = Logbook(session, park)
    if book.count() == 0 and book.last() is None:
        raise NotFound(what=Text("settled log of", "结算日志，园区"), key=park)
    return verify_settled(book, pinned, own, older)


def verify_tables(session: Session, park: str) -> Report:
    """Check a park's tables against its log, which must have been found sound: by row, then by figure."""
    return run(list(tables_plan(Book(session, park))), decisive=())


def tables_plan(book: Book) -> Iterator[tuple[str, Callable[[], Said]]]:
    """Yield the steps of `verify_tables` by name."""
    for name, step in (*check_rows.plan(book), *check_tables.plan(book)):
        yield name, _readable(step)


def _readable(step: Callable[[], Said]) -> Callable[[], Said]:
    """Return a step that fails, rather than breaks, where a row holds what no column may hold."""

    def checked() -> Said:
        try:
            return step()
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as odd:
            raise StepError(f"a row cannot be read: {odd!r}", f"有行无法读取：{odd!r}") from odd

    return checked
