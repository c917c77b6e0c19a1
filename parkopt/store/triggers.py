"""Rules that the database itself keeps, on SQLite and PostgreSQL: rows that may only be added."""

from __future__ import annotations

from sqlalchemy import DDL, FromClause, Table, event

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH {each} EXECUTE FUNCTION {table}_refuse()
"""


def append_only(table: Table | FromClause) -> None:
    """Let the database refuse UPDATE, DELETE and TRUNCATE of a table from its creation on."""
    assert isinstance(table, Table)
    for verb in ("UPDATE", "DELETE"):
        on_create(table, "sqlite", _SQLITE.format(table=table.name, verb=verb))
    on_create(table, "postgresql", _FUNCTION.format(table=table.name))
    for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        on_create(table, "postgresql", _POSTGRES.format(table=table.name, verb=verb, each=each))


def on_create(table: Table, dialect: str, statement: str) -> None:
    """Run a statement right after a table is made, on one kind of database."""
    event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))  # type: ignore[no-untyped-call]
