"""Readers: they see one state, and keep nobody from writing."""

from sqlalchemy import text

from parkopt.store.engine import reading, transaction

VERSION = text("SELECT version FROM meta")


def test_a_reader_sees_one_state_while_another_writes(sqlite_url):
    with reading(sqlite_url) as reader:
        before = reader.scalar(VERSION)
        with transaction(sqlite_url) as writer:
            writer.execute(text("UPDATE meta SET version = version + 7"))
        assert reader.scalar(VERSION) == before
    with reading(sqlite_url) as reader:
        assert reader.scalar(VERSION) == before + 7


def test_readers_work_on_both_databases(store_url):
    with reading(store_url) as one, reading(store_url) as other:
        assert one.scalar(VERSION) == other.scalar(VERSION)
