"""Meter readings in SQLite and PostgreSQL: all or nothing, never changed, the highest revision is current."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from parkopt.faults import StoreUnusable
from parkopt.store.engine import transaction
from parkopt.store.meters import MeterRow, NewFile, current, put_files, span_of

START = datetime(2026, 6, 30, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(hours=0, wh=5, revision=0, device="pv", minutes=60, part=0, quality="measured"):
    start = START + hours * HOUR + timedelta(minutes=part)
    return MeterRow(device, "generation", start, start + timedelta(minutes=minutes), wh, quality, revision)


def file(*rows, sha="a"):
    return NewFile(f"{sha}.csv", sha * 64, rows)


def put(url, *files, park="p"):
    return put_files(url, park, files)


def kept(url, hours=24, park="p"):
    return [(one.device, one.wh, one.revision) for one in current(url, park, START, START + hours * HOUR)]


def test_the_same_file_twice_changes_nothing(store_url):
    first = put(store_url, file(row(0), row(1, 6)))[0]
    assert (first.known_since, first.added, first.same) == (None, 2, 0)
    again = put(store_url, file(row(0), row(1, 6)))[0]
    assert again.known_since is not None
    assert again.added == 0
    assert kept(store_url) == [("pv", 5, 0), ("pv", 6, 0)]
    assert put(store_url, file(row(0), row(1, 6)), park="q")[0].added == 2


def test_rows_that_are_kept_already_just_so_are_passed_over(store_url):
    put(store_url, file(row(0), row(1)))
    told = put(store_url, file(row(0), row(1), row(2), sha="b"))[0]
    assert (told.added, told.same, told.clashes) == (1, 2, ())


def test_a_correction_needs_a_higher_revision(store_url):
    put(store_url, file(row(0, 5), row(1, 5)))
    for wrong in (row(0, 7), row(0, 5, quality="corrected")):
        told = put(store_url, file(row(3), wrong, sha="b"))[0]
        assert [(one.index, one.kept.wh, one.kept.revision, one.overlaps) for one in told.clashes] == [(1, 5, 0, False)]
    assert len(kept(store_url)) == 2
    put(store_url, file(row(0, 7, 2), sha="c"))
    assert kept(store_url) == [("pv", 7, 2), ("pv", 5, 0)]
    assert put(store_url, file(row(0, 8, 1), sha="d"))[0].clashes[0].kept.revision == 2
    assert put(store_url, file(row(0, 5, 0), sha="e"))[0].same == 1
    found = current(store_url, "p", START, START + HOUR)[0]
    assert (found.file_sha256, found.t0, found.t1) == ("c" * 64, START, START + HOUR)


@pytest.mark.parametrize("other", [row(0, minutes=15), row(0, minutes=15, part=45), row(0, minutes=30, part=30)])
def test_an_interval_may_not_overlap_a_kept_one(store_url, other):
    put(store_url, file(row(0)))
    assert put(store_url, file(other, sha="b"))[0].clashes[0].overlaps
    put(store_url, file(other, sha="c"), park="q")
    assert put(store_url, file(row(0), sha="d"), park="q")[0].clashes[0].overlaps


def test_one_file_with_a_clash_keeps_all_back(store_url):
    put(store_url, file(row(0)))
    told = put(store_url, file(row(5), sha="b"), file(row(0, 9), sha="c"))
    assert [len(one.clashes) for one in told] == [0, 1]
    assert [one.added for one in told] == [0, 0]
    assert kept(store_url) == [("pv", 5, 0)]
    both = put(store_url, file(row(5), sha="b"), file(row(5, 9, 1), sha="c"))
    assert [one.added for one in both] == [1, 1]
    assert kept(store_url)[-1] == ("pv", 9, 1)


@pytest.mark.parametrize("table", ["meter_file", "meter_reading"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET park = 'x'", "DELETE FROM {}"])
def test_nothing_is_changed_or_deleted(store_url, table, verb):
    put(store_url, file(row(0)))
    with pytest.raises(StoreUnusable, match="append-only"), transaction(store_url) as session:
        session.execute(text(verb.format(table)))
    assert kept(store_url) == [("pv", 5, 0)]


def test_span(store_url):
    assert span_of(store_url, "p") is None
    put(store_url, file(row(3), row(0)))
    assert span_of(store_url, "p") == (START, START + 4 * HOUR)


def test_a_year_of_60_registers(store_url):
    rows = [row(h, h + d, device=f"m{d}") for d in range(60) for h in range(8760)]
    began = time.perf_counter()
    assert put(store_url, NewFile("year.csv", "f" * 64, rows))[0].added == 525_600
    written = time.perf_counter()
    found = current(store_url, "p", START, START + 8760 * HOUR)
    read = time.perf_counter()
    month = current(store_url, "p", START, START + 744 * HOUR)
    done = time.perf_counter()
    print(f"\n{store_url.split(':')[0]}: 525600 rows kept in {written - began:.1f} s, "
          f"the year read in {read - written:.1f} s, a month in {done - read:.2f} s")  # fmt: skip
    assert sum(one.wh for one in found) == sum(one.wh for one in rows)
    assert len(month) == 744 * 60
    assert read - written < 60
