"""Append-only tables: the database itself refuses to change or delete a row."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, text
from sqlalchemy.exc import DBAPIError

from parkopt.store.triggers import append_only


@pytest.mark.parametrize("statement", ["UPDATE kept SET value = 2", "DELETE FROM kept"])
def test_rows_can_be_added_but_not_changed(store_url, statement):
    table = Table("kept", MetaData(), Column("id", Integer, primary_key=True), Column("value", Integer))
    append_only(table)
    engine = create_engine(store_url)
    table.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": 1, "value": 1}, {"id": 2, "value": 1}])
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT sum(value) FROM kept")).scalar() == 2
    engine.dispose()


def test_postgres_refuses_to_truncate(postgres_url):
    table = Table("kept", MetaData(), Column("id", Integer, primary_key=True))
    append_only(table)
    engine = create_engine(postgres_url)
    table.metadata.create_all(engine)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("TRUNCATE kept"))
    engine.dispose()
