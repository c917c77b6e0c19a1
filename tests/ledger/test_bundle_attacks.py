"""What only the park itself could do: records that close, signed by its own key, and all the same not true."""

from __future__ import annotations

import copy
import io
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from parkopt.ledger import bundle
from parkopt.ledger.bundle_extracts import extracts
from parkopt.ledger.bundle_readme import README
from parkopt.ledger.canonical import canonical
from parkopt.ledger.report import Said, run
from parkopt.ledger.settled_view import selected
from parkopt.ledger.verify import verify_bundle
from tests.ledger import settled_park
from tests.ledger.settled_park import batches, bundle_of, key_of, log_of, scope

KEY = key_of(1)
GOOD = batches(2)
FLAT = [record for batch in GOOD for record in batch]
Rows = list[list[dict[str, Any]]]


def failed(data: bytes) -> list[str]:
    report = verify_bundle(data, KEY.vkey)
    return [step.name for step in report.steps if step.status == "FAIL"]


def first(rows: Rows, kind: str, batch: int = 0, **names: str) -> dict[str, Any]:
    return next(one for one in rows[batch] if one["type"] == kind and names.items() <= one.items())


def settled_with(monkeypatch: pytest.MonkeyPatch, name: str) -> Rows:
    """A park that settles by a factor of its own making under a known name: its book closes."""
    monkeypatch.setattr(settled_park, name, replace(getattr(settled_park, name), ug_per_wh=100_000))
    return batches(2)


@pytest.mark.parametrize("name", ["GRID", "RESIDUAL"])
@pytest.mark.parametrize("party", ["auditor", "a"])
def test_a_known_factor_cannot_have_another_value(monkeypatch: pytest.MonkeyPatch, name: str, party: str) -> None:
    assert failed(bundle_of(settled_with(monkeypatch, name), party)) == ["standing"]


def test_a_factor_that_parkopt_does_not_know_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled_park, "GRID", replace(settled_park.GRID, id="our_own", ug_per_wh=100_000))
    report = verify_bundle(bundle_of(batches(2)), KEY.vkey)
    assert report.ok
    step = report.step("standing")
    assert step is not None
    assert step.status == "WARN"
    assert "our_own" in step.en


def other_method_on_the_second_day(rows: Rows) -> None:
    rows[2].insert(0, {**rows[0][0], "version": 2, "attribution": "pro_rata"})


def method_of_another_year(rows: Rows) -> None:
    rows[0][0]["year"] = 2025


def grid_called_green(rows: Rows) -> None:
    """Sums stay right: green_wh of each enterprise counts the grid's energy."""
    own = first(rows, "devices")["devices"]
    next(one for one in own if one["device"] == "grid")["green"] = True
    for batch in rows[1:]:
        for record in (one for one in batch if one["type"] == "enterprise-day"):
            for hour in record["hours"]:
                hour["green_wh"] += sum(w for label, (w, _) in hour["by_source"].items() if label.endswith("grid"))


def lots_before_the_beginning(rows: Rows) -> None:
    first(rows, "opening", 1)["stores"]["ess"]["lots"].append(
        {
            "store": "ess", "charged": "2026-06-30T04:00:00Z", "origin": "pv", "ac_wh": 1000, "internal_wh": 950,
            "left_wh": 950,
        }
    )  # fmt: skip


def closed_by_a_revision_that_is_not_shown(rows: Rows) -> None:
    """The park corrected a day, closed the month by it, and hands out the old revision."""
    close = {"type": "close", "park": "dafeng", "month": "2026-07", "totals": {}}
    rows[2].append({**close, "settlements": ["2026-07-01/1", "2026-07-02/0"]})


@pytest.mark.parametrize(
    "change",
    [
        other_method_on_the_second_day, method_of_another_year, grid_called_green, lots_before_the_beginning,
        closed_by_a_revision_that_is_not_shown,
    ],
    ids=lambda change: change.__name__,
)  # fmt: skip
def test_what_a_park_states_once_is_checked(change: Callable[[Rows], None]) -> None:
    rows = copy.deepcopy(GOOD)
    change(rows)
    assert "standing" in failed(bundle_of(rows))


def test_a_rating_that_changes_between_days_is_said() -> None:
    rows = copy.deepcopy(GOOD)
    facts = copy.deepcopy(first(rows, "devices"))
    next(one for one in facts["devices"] if one["device"] == "ess")["discharge_efficiency"] = "0.99"
    rows[2].insert(0, facts)
    report = verify_bundle(bundle_of(rows), KEY.vkey)
    step = report.step("standing")
    assert step is not None
    assert step.status == "WARN"
    assert "discharge_efficiency 0.95 -> 0.99" in step.en
    assert "tracing" in [one.name for one in report.steps if one.status == "FAIL"]


def test_an_empty_correction_does_not_switch_the_check_of_claims_off() -> None:
    """One Wh of wind kept from c, its claims and sums made to fit, behind a revision that changes nothing."""
    rows = copy.deepcopy(GOOD)
    at = next(
        hour
        for hour in range(24)
        if first(rows, "enterprise-day", 1, party="b")["hours"][hour]["claims"].get("wind")
        and first(rows, "enterprise-day", 1, party="c")["hours"][hour]["claims"].get("wind", 0) > 1
    )
    giver = first(rows, "enterprise-day", 1, party="c")["hours"][at]
    claim = next(c for c in first(rows, "claims", 1, party="c")["claims"] if c[0] == at and c[1] == "wind")
    claim[4], claim[6] = claim[4] - 1, claim[6] - 1
    giver["claims"]["wind"], giver["claimed_wh"] = giver["claims"]["wind"] - 1, giver["claimed_wh"] - 1
    giver["market_ug"] = str(int(giver["market_ug"]) + settled_park.RESIDUAL.ug_per_wh)
    assert failed(bundle_of(rows)) == ["attribution"]
    rows[2].append({**copy.deepcopy(first(rows, "enterprise-day", 1, party="c")), "revision": 1, "status": "corrected"})
    assert "attribution" in failed(bundle_of(rows))


def sealed(rows: list[dict[str, Any]], party: str = "auditor") -> bytes:
    """Return a bundle of records of any shape, signed as the park would; tables of the good ones where none fit."""
    log, of = log_of([rows], KEY), scope(party, 2)
    size, note = log.head()

    def wanted(record: dict[str, Any]) -> bool:
        try:
            return selected(record, of)
        except Exception:
            return True

    entries = [one for one in log.entries() if wanted(one.record)]
    try:
        tables = extracts([(one.idx, one.record) for one in entries])
    except Exception:
        tables = extracts(list(enumerate(FLAT)))
    lines = b"".join(bundle._line(one, log.inclusion_path(one.idx, size)) for one in entries)
    files = {**README, "checkpoint": note.encode(), "consistency.json": canonical([]), "entries.jsonl": lines, **tables}
    return bundle.seal(files, KEY, of)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to all parts of a record; of a list its first, second and last."""
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [deeper for key, item in value.items() for deeper in paths(item, (*path, key))]
    if isinstance(value, list) and value:
        return found + [
            deep for at in sorted({0, len(value) // 2, len(value) - 1}) for deep in paths(value[at], (*path, at))
        ]
    return found


NONSENSE: tuple[Any, ...] = (
    None, True, 0, -1, 2**53 - 1, "", "x", "9" * 19, "9" * 400, "nan", "1e400", "\x00", "٣", [], [None], [0] * 24, {},
    {"a": [1, "2"]}, [0, "0"], "2026-13-99", "9999-12-31", "0001-01-01T00:00:00Z", "2026-07-01T25:00:00Z",
)  # fmt: skip


@pytest.mark.parametrize("kind", sorted({one["type"] for one in FLAT}))
def test_no_nonsense_in_a_signed_record_ends_in_a_traceback(kind: str) -> None:
    """A few of the fields and values; what passes is text that says nothing to any check."""
    draw = random.Random(kind)
    mine = [index for index, one in enumerate(FLAT) if one["type"] == kind]
    for value in draw.sample(NONSENSE, 8):
        index = draw.choice(mine)
        rows = list(FLAT)
        at = rows[index] = copy.deepcopy(FLAT[index])
        path = draw.choice(paths(at))
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        report = verify_bundle(sealed(rows), KEY.vkey)
        assert "cannot be worked with" not in report.text(), (path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [(("devices", 1, "device"), "pv"), (("channels", 0, "device"), "nobody"), (("channels", 1, "device"), "pv")],
)
def test_devices_stand_once_and_registers_belong_to_one(path: tuple[Any, ...], value: str) -> None:
    rows = copy.deepcopy(FLAT)
    record = next(one for one in rows if one["type"] == "devices")
    record[path[0]][path[1]][path[2]] = value
    assert failed(sealed(rows)) == ["canonical"]


def test_a_method_nobody_knows_and_a_lot_with_more_fields() -> None:
    rows = copy.deepcopy(FLAT)
    rows[0]["attribution"] = "as we like"
    assert failed(sealed(rows)) == ["canonical"]
    rows = copy.deepcopy(FLAT)
    opening = [one for one in rows if one["type"] == "opening"][1]
    opening["stores"]["ess"]["lots"][0]["more"] = 1
    assert failed(sealed(rows)) == []


def test_a_step_that_breaks_is_a_failed_step() -> None:
    def broken() -> Said:
        raise KeyError("wind")

    report = run([("format", broken)])
    assert not report.ok
    assert report.text("en") == "FAIL format: the records cannot be worked with (KeyError: 'wind')"
    assert "无法处理" in report.text("zh")


def _zip(change: Callable[[zipfile.ZipFile], None], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, data in bundle.unpack(sealed(FLAT)).items():
            target.writestr(name, data)
        change(target)
    return out.getvalue()


def _link(target: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    target.writestr(info, "/etc/passwd")


def _comment(target: zipfile.ZipFile) -> None:
    target.comment = b"a comment"


def _big(data: bytes) -> bytes:
    """Say in the central directory that the last file has 4 GB."""
    place = data.rindex(b"PK\x01\x02")
    return data[: place + 24] + b"\xfe\xff\xff\xff" + data[place + 28 :]


GOOD_ZIP = sealed(FLAT)
ZIPS: dict[str, Callable[[], bytes]] = {
    "absolute path": lambda: _zip(lambda z: z.writestr("/etc/passwd", b"x")),
    "way up": lambda: _zip(lambda z: z.writestr("../../x", b"x")),
    "name twice": lambda: _zip(lambda z: z.writestr("manifest.json", b"{}")),
    "symbolic link": lambda: _zip(_link),
    "comment": lambda: _zip(_comment),
    "deflated": lambda: _zip(lambda _: None, zipfile.ZIP_DEFLATED),
    "bzip2": lambda: _zip(lambda _: None, zipfile.ZIP_BZIP2),
    "bomb": lambda: _zip(lambda z: z.writestr("b", b"\0" * 50_000_000, zipfile.ZIP_DEFLATED)),
    "before": lambda: b"#!/bin/sh\n" + GOOD_ZIP,
    "behind": lambda: GOOD_ZIP + b"x",
    "two": lambda: GOOD_ZIP + GOOD_ZIP,
    "4 GB said": lambda: _big(GOOD_ZIP),
    "head alone": lambda: b"PK\x03\x04",
    "end alone": lambda: b"PK\x05\x06" + b"\0" * 18,
    "end that says many": lambda: b"PK\x05\x06" + b"\xff" * 18,
    "nothing": lambda: b"",
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ZIPS)
def test_zips_of_another_spelling_are_refused(name: str) -> None:
    assert failed(ZIPS[name]()) == ["format"]


JSONS = {
    "key twice": b'{"format":"parkopt-bundle@1","format":"x"}', "deep": b"[" * 100_000, "deep closed": b'{"a":' * 5000,
    "huge": b'{"a":' + b"9" * 100_000 + b"}", "float": b'{"a":1e400}', "NaN": b'{"a":NaN}', "surrogate": b'"\\ud800"',
    "no text": b"\xff\xfe\x00", "nothing": b"", "null": b"null",
}  # fmt: skip


@pytest.mark.parametrize("part", ["manifest.json", "entries.jsonl", "consistency.json", "keys.json"])
@pytest.mark.parametrize("name", JSONS)
def test_json_that_means_harm_fails_a_step(part: str, name: str) -> None:
    files = bundle.unpack(GOOD_ZIP)
    ending = b"\n" if part == "entries.jsonl" else b""
    if part == "manifest.json":
        data = bundle.pack({**files, part: JSONS[name]})
    else:
        kept = {one: data for one, data in files.items() if one not in (bundle.MANIFEST, bundle.SIGNED)}
        data = bundle.seal({**kept, part: JSONS[name] + ending}, KEY, scope("auditor", 2))
    found = failed(data)
    assert found[:1] in (["format"], ["canonical"]), found
