"""The evidence zip: what is in it for whom, that it has one spelling, and what its reader can hold against it."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from parkopt.faults import BadVerifierKey, MissingFile, NothingToProve
from parkopt.ledger import bundle
from parkopt.ledger.bundle_readme import EN, ZH
from parkopt.ledger.canonical import canonical, parse
from parkopt.ledger.key_change import key_record
from parkopt.ledger.report import TITLES, StepError
from parkopt.ledger.settled_view import Scope, belongs
from parkopt.ledger.verify import verify_bundle, verify_path
from tests.ledger.settled_park import PARK, MemoryLog, batches, bundle_of, key_of, log_of, scope
from tests.ledger.tamper import case_of, entries_of, repack, reseal

KEY = key_of(1)
ROWS = batches(2)
LOG = log_of(ROWS, KEY)


def records_of(data: bytes) -> list[dict[str, object]]:
    return [entry["record"] for entry in entries_of(bundle.unpack(data))]


def test_the_auditor_gets_all_and_an_enterprise_what_is_its_own() -> None:
    assert len(records_of(bundle_of(ROWS))) == len(LOG.rows)
    own = records_of(bundle_of(ROWS, "a"))
    loads = {one["device"] for one in own if one["type"] == "reading" and one["register"] == "consumption"}
    assert loads == {"a1", "a2"}
    for kind in ("enterprise-day", "claims", "entitlement"):
        assert {one["party"] for one in own if one["type"] == kind} == {"a"}
    public = {"method", "factor", "devices", "opening", "park-day", "issue", "storage"}
    assert public <= {one["type"] for one in own}


def test_nothing_of_another_enterprise_is_in_any_file() -> None:
    data = bundle_of(ROWS, "a")
    files = bundle.unpack(data)
    other = next(one for row in ROWS for one in row if one["type"] == "reading" and one["device"] == "b1")
    numbers = [str(wh).encode() for wh in other["wh"]]
    for name, content in files.items():
        assert not any(wh in content for wh in numbers), name


@pytest.mark.parametrize(
    ("record", "party", "expected"),
    [
        ({"type": "park-day"}, "a", True),
        ({"type": "enterprise-day", "party": "b"}, "a", False),
        ({"type": "enterprise-day", "party": "b"}, None, True),
        ({"type": "reading", "register": "generation", "party": ""}, "a", True),
        ({"type": "reading", "register": "consumption", "party": "b"}, "a", False),
        ({"type": "reading", "register": "forward_sent", "party": ""}, "a", True),
        ({"type": "action", "beneficiary": "a"}, "a", True),
        ({"type": "action", "to_account": "b"}, "a", False),
        ({"type": "bundle", "party": "b"}, "a", False),
        ({"type": "unknown"}, "a", False),
    ],
)
def test_belongs(record: dict[str, object], party: str | None, expected: bool) -> None:  # noqa: FBT001
    assert belongs(record, party) is expected


def test_the_same_content_is_the_same_bytes() -> None:
    assert bundle_of(ROWS, "a") == bundle_of(batches(2), "a")
    with zipfile.ZipFile(io.BytesIO(bundle_of(ROWS))) as made:
        assert made.namelist() == list(bundle.FILES)
        assert {info.date_time for info in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert bundle.bundle_name(scope("a")) == "evidence-dafeng-a-2026-07-01_2026-07-02.zip"
    assert bundle.bundle_name(Scope("p", "盐城/..", "x", "y")) == "evidence-p-___..-x_y.zip"


def test_the_tables_say_what_the_records_say() -> None:
    files = bundle.unpack(bundle_of(ROWS, "a"))
    lines = list(csv.DictReader(io.StringIO(files["readings.csv"].decode())))
    pv = [int(line["wh"]) for line in lines if line["device"] == "pv" and line["day"] == "2026-07-01"]
    assert pv == next(one for one in ROWS[1] if one.get("device") == "pv" and one["type"] == "reading")["wh"]
    actions = list(csv.DictReader(io.StringIO(files["actions.csv"].decode())))
    claimed = sum(int(one["last"]) - int(one["first"]) + 1 for one in actions if one["action"] == "cancel+claim")
    days = [one for row in ROWS for one in row if one["type"] == "enterprise-day" and one["party"] == "a"]
    assert claimed == sum(hour["claimed_wh"] for day in days for hour in day["hours"]) > 0


@pytest.mark.parametrize("text", [EN, ZH])
def test_the_readme_says_what_it_does_not_prove(text: str) -> None:
    for word in ("GEC", "checkpoint", "--older", "market_ug", "carbon_ug", "RFC 9162"):
        assert word in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_a_part_of_the_days_is_a_bundle_of_its_own() -> None:
    second = Scope(PARK, "b", "2026-07-02", "2026-07-02")
    report = verify_bundle(bundle.make_bundle(LOG, KEY, second), KEY.vkey)
    assert report.ok, report.text()
    assert "1 day(s)" in report.step("completeness").en
    with pytest.raises(NothingToProve):
        bundle.make_bundle(LOG, KEY, Scope(PARK, "b", "2026-08-01", "2026-08-02"))


@pytest.mark.parametrize(
    ("losses", "storage", "hourly"),
    [("downstream", "fifo", True), ("account", "lifo", False), ("account", "pool_operator", True)],
)
def test_every_method_is_recomputed(losses: str, storage: str, hourly: bool) -> None:  # noqa: FBT001
    rows = batches(2, losses=losses, storage=storage, hourly=hourly)
    for party in ("auditor", "c"):
        report = verify_bundle(bundle_of(rows, party), KEY.vkey)
        assert report.ok, report.text()


def test_estimated_hours_are_said() -> None:
    step = verify_bundle(bundle_of(ROWS), KEY.vkey).step("completeness")
    assert step.status == "WARN"
    assert "1 estimated" in step.en
    assert "1 个为估算" in step.zh


def test_a_day_in_the_middle_that_is_missing_is_named() -> None:
    rows = batches(3)
    del rows[2]
    report = verify_bundle(bundle.make_bundle(log_of(rows, KEY), KEY, scope("a", 3)), KEY.vkey)
    step = report.step("completeness")
    assert step.status == "FAIL"
    assert "park-day 2026-07-02" in step.en


def test_an_unpinned_key_is_only_the_files_own_word() -> None:
    report = verify_bundle(bundle_of(ROWS), None)
    assert report.ok
    assert report.step("vkey").status == "WARN"
    other = verify_bundle(bundle_of(ROWS), key_of(2).vkey)
    assert [step.name for step in other.steps] == ["format", "vkey"]
    assert not other.ok
    with pytest.raises(BadVerifierKey):
        verify_bundle(bundle_of(ROWS), "no key")


def rotated(reason: str = "yearly", **change: object) -> MemoryLog:
    """Return a log whose second batch starts with a change from key 1 to key 5, which signs from there on."""
    old, new = key_of(1), key_of(5)
    size = len(ROWS[0])
    record = {**key_record(PARK, old, new, reason=reason, size=size, trusted_size=size), **change}
    log = log_of([ROWS[0], [record, *ROWS[1]], ROWS[2]], new)
    return replace(log, heads=(log_of(ROWS[:1], old).heads[0], *log.heads[1:]))


def test_a_change_of_keys_is_followed_from_the_pinned_one() -> None:
    old, new, third = key_of(1), key_of(5), key_of(6)
    log = rotated()
    for party in ("a", "auditor"):
        data = bundle.make_bundle(log, new, scope(party))
        for pinned in (old, new):
            report = verify_bundle(data, pinned.vkey, log.heads[0][1])
            assert report.ok, report.text()
    assert "1 change(s) of key" in verify_bundle(data, old.vkey).step("vkey").en
    assert not verify_bundle(data, third.vkey).ok
    assert not verify_bundle(bundle.make_bundle(log_of(ROWS, new), new, scope("a")), old.vkey).ok


@pytest.mark.parametrize(
    "change", [{"old_vkey": key_of(6).vkey}, {"new_vkey": key_of(6).vkey}, {"size": 1}, {"statement": "x"}]
)
def test_a_change_of_keys_that_is_not_signed_so_is_found(change: dict[str, object]) -> None:
    data = bundle.make_bundle(rotated(**change), key_of(5), scope("a"))
    for pinned in (key_of(1), key_of(5)):
        assert not verify_bundle(data, pinned.vkey).ok


def test_a_leaked_key_does_not_lead_to_the_next() -> None:
    data = bundle.make_bundle(rotated("leaked"), key_of(5), scope("a"))
    assert not verify_bundle(data, key_of(1).vkey).ok
    assert verify_bundle(data, key_of(5).vkey).ok


def test_an_older_head_that_the_reader_holds() -> None:
    data = bundle_of(ROWS)
    assert verify_bundle(data, KEY.vkey, LOG.heads[0][1]).step("older").status == "PASS"
    assert verify_bundle(data, KEY.vkey, LOG.heads[-1][1]).step("older").status == "PASS"
    rows = batches(2)
    rows[0][0]["parkopt_version"] = "another"
    rewritten = log_of(rows, KEY).heads[0][1]
    assert verify_bundle(data, KEY.vkey, rewritten).step("older").status == "FAIL"
    longer = log_of([*ROWS, [{"type": "note"}]], KEY).heads[-1][1]
    assert "only" in verify_bundle(data, KEY.vkey, longer).step("older").en
    odd = KEY.sign(3, LOG.tree.root(3))
    assert "no proof from size 3" in verify_bundle(data, KEY.vkey, odd).step("older").en


def test_the_command_finds_out_what_a_file_is(tmp_path: Path) -> None:
    for name in ("evidence.zip", "evidence.bin"):
        path = tmp_path / name
        path.write_bytes(bundle_of(ROWS, "b"))
        assert verify_path(path, KEY.vkey).step("tracing").status == "PASS"
        assert verify_bundle(path, KEY.vkey).ok
    with pytest.raises(MissingFile):
        verify_bundle(tmp_path / "none.zip", KEY.vkey)


def zip_of(entries: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as target:
        for name, data in entries:
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compression)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips_that_mean_harm_are_refused() -> None:
    files = bundle.unpack(bundle_of(ROWS, "b"))
    whole = sorted(files.items())
    harmful = {
        "path": zip_of([*whole, ("../evil.txt", b"x")]),
        "absolute": zip_of([*whole, ("/etc/passwd", b"x")]),
        "twice": zip_of([*whole, whole[0]]),
        "bomb": zip_of([(name, data if name != "readings.csv" else bytes(5_000_000)) for name, data in whole], 8),
        "missing": zip_of(whole[1:]),
        "order": zip_of(whole[::-1]),
        "comment": bundle.pack(files)[:-2] + b"\x02\x00hi",
        "no zip": b"PK\x03\x04" + bytes(100),
        "empty": b"",
    }
    for name, data in harmful.items():
        report = verify_bundle(data, KEY.vkey)
        assert [step.name for step in report.steps] == ["format"], name
        assert not report.ok, name
    with pytest.raises(StepError, match="1 GiB"):
        bundle.unpack(_Long())


class _Long(bytes):
    def __len__(self) -> int:
        return (1 << 30) + 1


@pytest.mark.parametrize("name", [one for one in bundle.FILES if one != "manifest.note"])
def test_a_file_that_was_changed_and_hashed_anew_is_found(name: str) -> None:
    files = bundle.unpack(bundle_of(ROWS, "b"))
    files[name] += b" "
    data = bundle.pack(files) if name == "manifest.json" else repack(files)
    assert not verify_bundle(data, KEY.vkey).ok


@pytest.mark.parametrize(
    ("name", "content"),
    [("keys.json", {}), ("keys.json", [1]), ("keys.json", [{"old": "x", "note": "y"}]), ("consistency.json", {}),
     ("consistency.json", [{"size": 1}]), ("method.json", [])],
)  # fmt: skip
def test_parts_of_another_shape_are_found_though_the_park_signed_them(name: str, content: object) -> None:
    case = case_of(1)
    files = bundle.unpack(case.data)
    files[name] = canonical(content)
    assert not verify_bundle(reseal(case, files), KEY.vkey).ok


@pytest.mark.parametrize(
    ("name", "value"), [("start", "2026-7-1"), ("end", "2025-01-01"), ("start", "x"), ("party", ""), ("park", "other")]
)
def test_a_manifest_of_another_scope_is_found(name: str, value: str) -> None:
    files = bundle.unpack(bundle_of(ROWS, "b"))
    own = {**parse(files["manifest.json"]), name: value}
    plain = {key: data for key, data in files.items() if not key.startswith("manifest")}
    sealed = bundle.seal(plain, KEY, Scope(*(own[key] for key in ("park", "party", "start", "end"))))
    assert not verify_bundle(sealed, KEY.vkey).ok


def test_the_check_needs_no_solver_and_no_model(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(bundle_of(ROWS, "a"))
    code = (
        "import sys; from pathlib import Path; from parkopt.ledger import verify_path\n"
        "assert verify_path(Path(sys.argv[1]), sys.argv[2]).ok\n"
        "assert not {'pyomo', 'highspy', 'xarray', 'fastapi'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), KEY.vkey], check=True)


def test_each_step_has_a_title_in_both_languages() -> None:
    report = verify_bundle(bundle_of(ROWS), KEY.vkey, LOG.heads[0][1])
    assert {step.name for step in report.steps} <= set(TITLES)
    assert len(report.steps) == 18
    assert all(line[:2] in ("通过", "注意") for line in report.text("zh").splitlines())
