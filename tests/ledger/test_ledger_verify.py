"""Evidence and its offline check: what passes, what is said, and the content rules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parkopt.faults import BadVerifierKey, CannotWrite, MissingFile, NotCanonical, NotEvidence, NothingToProve
from parkopt.ledger import (
    FileLog,
    LogKey,
    Report,
    canonical,
    evidence,
    load_or_create_key,
    parse,
    verify_evidence,
    verify_log,
    verify_path,
    write_evidence,
)
from parkopt.ledger.report import TITLES

Day = Callable[..., list[dict[str, Any]]]
ORDER = ["format", "vkey", "checkpoint", "canonical", "inclusion", "consistency", "completeness", "arithmetic"]


def of_a(record: Any) -> bool:
    return record.get("enterprise", "a") == "a"


def failed(report: Report) -> list[str]:
    return [step.name for step in report.steps if step.status == "FAIL"]


@pytest.fixture
def full(log: FileLog, day: Day) -> FileLog:
    log.append([{"type": "note"}])
    log.append(day())
    log.append([{"type": "note"}])
    return log


def test_an_enterprise_gets_its_own_records_alone(full: FileLog) -> None:
    doc = evidence(full, of_a)
    assert {entry["record"].get("enterprise") for entry in doc["entries"]} == {"a", None}
    assert len(doc["entries"]) == 2 + 1 + 24 + 24
    assert [row["size"] for row in doc["consistency"]] == [1, 74]


def test_good_evidence_passes_each_step(full: FileLog, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    write_evidence(path, evidence(full, of_a))
    report = verify_path(path, full.vkey)
    assert report.ok
    assert [(step.name, step.status) for step in report.steps] == [(name, "PASS") for name in ORDER]
    assert "48 hour(s) in 2 set(s)" in report.text()
    assert len(report.text("zh").splitlines()) == len(ORDER)
    assert all(line.startswith("通过 ") for line in report.text("zh").splitlines())
    assert set(ORDER) | {"older"} <= set(TITLES)
    assert json.dumps(report.as_dict())


def test_without_a_pinned_key_it_warns(full: FileLog) -> None:
    report = verify_evidence(evidence(full, of_a), None)
    assert report.ok
    assert report.step("vkey").status == "WARN"  # type: ignore[union-attr]
    assert "not pinned" in report.text()
    assert "注意" in report.text("zh")


def test_another_pinned_key_fails(full: FileLog, tmp_path: Path) -> None:
    other = load_or_create_key(tmp_path / "other", "parkopt.example/dafeng")
    report = verify_evidence(evidence(full, of_a), other.vkey)
    assert failed(report)[:2] == ["vkey", "checkpoint"]
    assert not report.ok


def test_a_wrong_pinned_key_is_the_readers_mistake(full: FileLog) -> None:
    with pytest.raises(BadVerifierKey):
        verify_evidence(evidence(full, of_a), "nonsense")
    with pytest.raises(BadVerifierKey):
        verify_log(full.folder, "")


def test_a_checkpoint_held_outside_is_compared(log: FileLog, day: Day) -> None:
    log.append(day(3))
    held = log.checkpoint
    log.append(day(2))
    for report in (verify_evidence(evidence(log, of_a), log.vkey, held), verify_log(log.folder, log.vkey, held)):
        assert report.step("older").status == "PASS"  # type: ignore[union-attr]
    now = log.checkpoint
    assert verify_evidence(evidence(log, of_a), log.vkey, now).step("older").status == "PASS"  # type: ignore[union-attr]
    doc = evidence(log, of_a)
    log.append([{"type": "x"}])
    newer = log.checkpoint
    assert "older" in failed(verify_evidence(doc, log.vkey, newer))
    doc["consistency"] = []
    assert failed(verify_evidence(doc, log.vkey, held))[0] == "older"


def test_a_log_that_was_written_anew_does_not_fit_a_checkpoint_held_outside(tmp_path: Path, key: LogKey) -> None:
    logs = [FileLog(tmp_path / name, key) for name in ("true", "forged")]
    for log in logs:
        log.append([{"type": "a", "n": 1}] * 4)
        log.append([{"type": "a", "n": 2}])
    held = (logs[0].folder / "checkpoints" / "4.note").read_text()
    forged = logs[1]
    assert verify_log(forged.folder, key.vkey).ok  # by itself it is without fault: so someone must hold the old one
    assert failed(verify_log(forged.folder, key.vkey, held)) == ["older"]
    assert failed(verify_evidence(evidence(forged, of_a), key.vkey, held)) == ["older"]


def test_nothing_selected_is_no_evidence(full: FileLog) -> None:
    with pytest.raises(NothingToProve):
        evidence(full, lambda _: False)


def test_a_file_that_cannot_be_written_is_said(full: FileLog, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        write_evidence(tmp_path / "file" / "a.json", evidence(full, of_a))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"1", b"null", b'{"a":1,"a":2}', b"\xff\xfe"])
def test_what_is_no_evidence_is_refused(data: bytes) -> None:
    with pytest.raises(NotEvidence):
        verify_evidence(data, None)


def test_floats_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotCanonical):
        verify_evidence(b'{"format":1.5}', None)
    with pytest.raises(MissingFile):
        verify_path(tmp_path / "none.json", None)
    with pytest.raises(NotEvidence):
        verify_path(tmp_path, None)


def test_another_spelling_of_the_same_file_fails(full: FileLog) -> None:
    doc = evidence(full, of_a)
    for data in (json.dumps(doc).encode(), canonical(doc) + b"\n", json.dumps(doc, indent=1).encode()):
        assert failed(verify_evidence(data, full.vkey)) == ["format"]
    assert verify_evidence(json.loads(json.dumps(doc)), full.vkey).ok


SHAPES: list[Callable[[dict[str, Any]], Any]] = [
    lambda doc: doc.update(format="parkopt-evidence@2"),
    lambda doc: doc.update(more=1),
    lambda doc: doc.pop("consistency"),
    lambda doc: doc["readme"].update(en="All is well."),
    lambda doc: doc.update(entries=[]),
    lambda doc: doc.update(entries={}),
    lambda doc: doc.update(vkey=1),
    lambda doc: doc["entries"][0].update(index=True),
    lambda doc: doc["entries"][0].update(note=""),
    lambda doc: doc["entries"][0].update(record=[]),
    lambda doc: doc["entries"].append("x"),
    lambda doc: doc["entries"].append(doc["entries"][0]),
    lambda doc: doc["entries"].reverse(),
    lambda doc: doc["consistency"].reverse(),
]


@pytest.mark.parametrize("change", SHAPES)
def test_another_shape_fails(full: FileLog, change: Callable[[dict[str, Any]], Any]) -> None:
    doc = parse(canonical(evidence(full, of_a)))
    change(doc)
    assert failed(verify_evidence(doc, full.vkey)) == ["format"]


def hourly(log: FileLog, rows: list[dict[str, Any]]) -> Report:
    """Log the rows; log and evidence must say the same of their content."""
    log.append(rows)
    report, other = verify_log(log.folder, log.vkey), verify_evidence(evidence(log, lambda _: True), log.vkey)
    assert report.steps[-2:] == other.steps[-2:]
    return report


@pytest.mark.parametrize(
    ("pick", "en"),
    [
        (lambda rows: rows.pop(5 * 3 + 2), "gap in dafeng/2026-01-14/r1/a: 2026-01-13T21:00Z - 2026-01-13T22:00Z"),
        (lambda rows: rows.pop(23 * 3 + 3), "enterprise hours: dafeng/2026-01-14/r1/b: 2026-01-14T15:00Z"),
        (lambda rows: rows.append(rows[5]), "2026-01-13T17:00Z stands twice in dafeng/2026-01-14/r1/a"),
        (lambda rows: rows[2].pop("end"), "end is missing"),
        (lambda rows: rows[2].update(start="2026-01-14"), "not in UTC"),
        (lambda rows: rows[2].update(start="2026-01-14T00:00:00+08:00"), "not in UTC"),
        (lambda rows: rows[2].update(start="noon"), "is no time"),
        (lambda rows: rows[2].update(end=rows[2]["start"]), "it ends before it starts"),
        (lambda rows: rows[2].update(run=5), "run is missing"),
    ],
)  # fmt: skip
def test_incomplete_hours_fail(log: FileLog, day: Day, pick: Callable[[Any], Any], en: str) -> None:
    rows = day()
    pick(rows)
    report = hourly(log, rows)
    assert "completeness" in failed(report)
    assert en in report.text()


def test_the_first_gap_is_named(log: FileLog, day: Day) -> None:
    rows = [row for row in day() if row["type"] == "enterprise-hour"]
    del rows[10:14]
    step = hourly(log, rows).step("completeness")
    assert step is not None
    assert (step.status, step.record) == ("FAIL", 10)
    assert "gap in dafeng/2026-01-14/r1/a: 2026-01-13T21:00Z - 2026-01-13T23:00Z" in step.en


def test_part_of_a_day_is_allowed_and_said(log: FileLog, day: Day) -> None:
    step = hourly(log, day(5)).step("completeness")
    assert step is not None
    assert step.status == "WARN"
    assert "not a whole day" in step.en


@pytest.mark.parametrize(
    ("change", "record"),
    [
        (lambda rows: rows[5].update(consumption_wh=1), 5),
        (lambda rows: rows[5]["by_source_wh"].update(grid=0), 5),
        (lambda rows: rows[5]["by_source_wh"].update(grid="201"), 5),
        (lambda rows: rows[5]["by_source_wh"].update(grid=-1), 5),
        (lambda rows: rows[5].update(green_wh=1002), 5),
        (lambda rows: rows[5].update(green_wh=True), 5),
        (lambda rows: rows[5].pop("by_source_wh"), 5),
        (lambda rows: rows[4]["sinks_wh"].update(loss=1), 4),
        (lambda rows: rows[4].update(sources_wh=[]), 4),
    ],
)
def test_wrong_sums_fail(log: FileLog, day: Day, change: Callable[[Any], Any], record: int) -> None:
    rows = day()
    change(rows)
    report = hourly(log, rows)
    assert failed(report) == ["arithmetic"]
    assert report.step("arithmetic").record == record  # type: ignore[union-attr]


def test_the_check_needs_no_other_part_of_parkopt(full: FileLog, tmp_path: Path) -> None:
    write_evidence(tmp_path / "a.json", evidence(full, of_a))
    code = (
        "import sys; from pathlib import Path; from parkopt.ledger import verify_path\n"
        "assert verify_path(Path(sys.argv[1]), sys.argv[2]).ok\n"
        "parts = {m.split('.')[1] for m in sys.modules if m.startswith('parkopt.')}\n"
        "assert parts == {'ledger', 'errors', 'faults'}, parts\n"
        "assert not {'numpy', 'pandas', 'sqlalchemy', 'pyomo'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.json"), full.vkey], check=True)
