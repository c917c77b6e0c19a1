"""Small makers of triggers that read the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Connection, Table, text

from parkopt.store.triggers import on_create

LOCK = 7_170_417
"""Key of the PostgreSQL advisory lock that one writer of certificates holds until its transaction ends."""
_SQLITE = (
    "CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW WHEN ({when}) BEGIN SELECT RAISE(ABORT, '{say}'); END"
)
_FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN {lock} IF ({when}) THEN RAISE EXCEPTION '{say}'; END IF; RETURN NEW; END $$
"""
_POSTGRES = "CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
_TRUNCATE = "CREATE TRIGGER {name}_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"


def refuse(table: Table, name: str, verb: str, when: str, say: str, *, lock: bool = False) -> None:
    """Let the database refuse rows for which an SQL condition over NEW and OLD holds.

    Parameters
    ----------
    verb : str
        ``INSERT``, ``UPDATE``, ``UPDATE OF a, b`` or ``DELETE``.
    lock : bool
        On PostgreSQL, wait for the other writer first, so that the condition sees its rows.
    """
    parts = {"name": f"{table.name}_{name}", "table": table.name, "verb": verb, "when": when, "say": say}
    on_create(table, "sqlite", _SQLITE.format(**parts))
    waits = f"PERFORM pg_advisory_xact_lock({LOCK});" if lock else ""
    on_create(table, "postgresql", _FUNCTION.format(**parts, lock=waits))
    on_create(table, "postgresql", _POSTGRES.format(**parts))


def keep_rows(table: Table) -> None:
    """Refuse DELETE and TRUNCATE, and on SQLite a second row of one id (INSERT OR REPLACE)."""
    say = f"rows of {table.name} are kept"
    refuse(table, "kept", "DELETE", "1 = 1", say)
    on_create(table, "postgresql", _TRUNCATE.format(name=f"{table.name}_kept", table=table.name))
    taken = f"EXISTS (SELECT 1 FROM {table.name} x WHERE x.id = NEW.id)"  # noqa: S608 - name of a table of parkopt
    refuse(table, "one_id", "INSERT", taken, f"{table.name}: id is taken")


def fix_columns(table: Table, *may_change: str) -> None:
    """Refuse an UPDATE that names any other column than these."""
    fixed = ", ".join(column.name for column in table.columns if column.name not in may_change)
    refuse(table, "fixed", f"UPDATE OF {fixed}", "1 = 1", f"{table.name}: this column never changes")


def hold(connection: Connection) -> None:
    """Make this transaction the only writer of certificates until it ends.

    SQLite's BEGIN IMMEDIATE has done so already. With a park's log, take the log's lock first, always.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
