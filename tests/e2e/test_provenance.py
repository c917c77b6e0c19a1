"""What a schedule was made from is bound to it: inputs, request, result; and evidence says how to check it."""

import json
import shlex
from datetime import date
from hashlib import sha256

import pytest

from parkopt.intake import DayRequest, MeasuredLoad
from parkopt.ledger import FileLog, verify_log, verify_path
from parkopt.park.series import SeriesSpec
from parkopt.services.day import park_log, plan_day
from parkopt.settings import Settings

SPEC = SeriesSpec(file="load.csv", column="mw", unit="MW")


def planned(tmp_path, mw, name="home", **more):
    rows = "\n".join(f"2026-07-15T{hour:02d}:00+08:00,{mw}" for hour in range(24))
    (tmp_path / "load.csv").write_text(f"time,mw\n{rows}\n", encoding="utf-8")
    request = DayRequest("ydz", date(2026, 7, 15), loads={"data_hall": MeasuredLoad(SPEC, tmp_path)}, **more)
    return plan_day(request, Settings(home=tmp_path / name))


def head(done):
    return done.result.records[0]


def test_another_load_file_is_another_hash(tmp_path):
    one, two = planned(tmp_path, 10.0, "a"), planned(tmp_path, 11.0, "b")
    first, second = (json.loads(head(done)["hashes"]["inputs_sha256"]) for done in (one, two))
    assert set(first) == {"data_hall.profile.file"}
    assert first != second
    assert second["data_hall.profile.file"] == sha256((tmp_path / "load.csv").read_bytes()).hexdigest()


def test_another_request_is_another_hash(tmp_path):
    one, two = planned(tmp_path, 10.0, "a"), planned(tmp_path, 10.0, "b", step_min=30)
    assert head(one)["hashes"]["request_sha256"] != head(two)["hashes"]["request_sha256"]
    assert head(one)["hashes"]["inputs_sha256"] == head(two)["hashes"]["inputs_sha256"]


def test_the_signed_record_binds_the_result(tmp_path):
    done = planned(tmp_path, 10.0)
    written = sha256((done.folder / "schedule.nc").read_bytes()).hexdigest()
    log = park_log(tmp_path / "home", "ydz")
    signed = next(record for _, record in log.snapshot().records() if record["type"] == "schedule")
    assert signed["hashes"]["schedule_nc_sha256"] == written
    assert "synthetic" in signed["synthetic"]


@pytest.mark.parametrize("keep", [{"schedule"}, {"schedule", "park-hour"}, {"schedule", "enterprise-hour"}])
def test_whole_sets_cannot_be_left_out(tmp_path, keep):
    """A log that was signed anew over fewer records is not complete."""
    done = planned(tmp_path, 10.0)
    kept = [record for record in done.result.records if record["type"] in keep]
    key = park_log(tmp_path / "home", "ydz")._key
    (tmp_path / "other").mkdir()
    FileLog(tmp_path / "other", key).append(kept)
    report = verify_log(tmp_path / "other", key.vkey)
    assert not report.ok
    assert report.step("completeness").status == "FAIL"


def test_the_evidence_says_a_command_that_works(tmp_path, capsys, monkeypatch):
    from parkopt import cli

    done = planned(tmp_path, 10.0)
    path = done.folder / "evidence" / "yd-data.json"
    assert verify_path(path, park_log(tmp_path / "home", "ydz").vkey).ok
    readme = json.loads(path.read_text(encoding="utf-8"))["readme"]["en"]
    said = readme[readme.index("parkopt verify") : readme.index(". Take")]
    words = shlex.split(said.replace("FILE", str(path)).replace("VKEY", park_log(tmp_path / "home", "ydz").vkey))
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code in (0, None)
    assert "PASS" in capsys.readouterr().out


def test_a_horizon_does_not_cross_new_year(tmp_path):
    from parkopt.faults import WrongOption

    with pytest.raises(WrongOption, match="2026-12-31"):
        plan_day(DayRequest("ydz", date(2026, 12, 31), days=2), Settings(home=tmp_path))
