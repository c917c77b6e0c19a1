"""Changing the key of the settled log: files, statement, following, crash in between, giving a key up."""

from __future__ import annotations

import json
import threading

import pytest
from typer.testing import CliRunner

from parkopt.cli_keys import keys as cli
from parkopt.faults import (
    AlreadyThere,
    BadRecord,
    BadSignature,
    BadVerifierKey,
    KeyRevoked,
    KeyUnreadable,
    LogBroken,
    MissingFile,
    NotFound,
    StoreUnusable,
    WrongOption,
)
from parkopt.ledger import keys as key_files
from parkopt.ledger import open_checkpoint
from parkopt.ledger.checkpoint import open_note
from parkopt.ledger.key_change import check_change, follow_keys, key_record
from parkopt.ledger.keys import pending_key, public_vkey, retired_keys
from parkopt.services import keys as service
from parkopt.services.database import verify_log_alone
from parkopt.services.keys import export_keys, revoke, rotate, settled_log, settled_vkey, show_keys
from parkopt.settings import Settings
from parkopt.store.engine import transaction
from parkopt.store.logbook import Logbook
from tests.ledger.settled_case import NAME, PARK, by_hand, key_in, rows

FILE = "parkopt%2Fdafeng%2Fsettled"


@pytest.fixture
def config(tmp_path, store_url):
    return Settings(_env_file=None, home=tmp_path, database_url=store_url)


def append(config, count=1):
    with transaction(config.store_url) as session:
        return settled_log(config, Logbook(session, PARK)).append(rows(count))


def changes(config):
    return show_keys(config, PARK)["changes"]


def test_a_new_key_signs_and_the_old_one_says_so(config, tmp_path):
    append(config, 5)
    old = settled_vkey(config, PARK)
    told = rotate(config, PARK, "yearly")
    new = told["vkey"]
    assert new != old
    assert open_checkpoint(told["checkpoint"], new).size == told["size"] == 6
    with pytest.raises(BadSignature):
        open_checkpoint(told["checkpoint"], old)
    (record,) = told["changes"]
    assert (record["old_vkey"], record["new_vkey"], record["reason"], record["size"]) == (old, new, "yearly", 5)
    assert open_note(record["statement"], old) == open_note(record["statement"], new)
    assert new in open_note(record["statement"], old)
    (kept,) = json.loads((tmp_path / "keys" / f"{FILE}.retired.json").read_text())
    assert (kept["vkey"], kept["last_size"], kept["reason"]) == (old, 5, "yearly")
    assert kept["retired_at"].endswith("Z")
    assert append(config) == range(6, 7)
    assert verify_log_alone(config.store_url, PARK, old).ok


def test_the_files_hold_no_private_key_but_the_one_in_use(config, tmp_path):
    append(config)
    rotate(config, PARK, "yearly")
    files = {path.name: path for path in (tmp_path / "keys").iterdir()}
    assert set(files) == {f"{FILE}{end}" for end in (".pem", ".vkey", ".retired.json", ".lock")}
    assert [name for name, path in files.items() if b"PRIVATE" in path.read_bytes()] == [f"{FILE}.pem"]
    assert files[f"{FILE}.pem"].stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in json.dumps(show_keys(config, PARK))


def test_a_pinned_key_is_followed_over_several_changes(config):
    append(config)
    vkeys = [settled_vkey(config, PARK), *(rotate(config, PARK, f"year {n}")["vkey"] for n in range(3))]
    for pinned in vkeys:
        assert follow_keys(pinned, changes(config)) == vkeys[-1]
        assert follow_keys(pinned, [{"type": "reading"}]) == pinned
        assert verify_log_alone(config.store_url, PARK, pinned).ok
    assert [old["vkey"] for old in show_keys(config, PARK)["retired"]] == vkeys[:-1]
    with pytest.raises(BadVerifierKey):
        follow_keys("x", [])


def test_a_forged_change_is_not_followed(config, tmp_path):
    append(config)
    old, thief = settled_vkey(config, PARK), key_in(tmp_path / "thief")
    rotate(config, PARK, "yearly")
    (record,) = changes(config)
    forged = [
        record | {"new_vkey": thief.vkey},
        record | {"size": 0},
        record | {"reason": "other"},
        record | {"statement": key_record(PARK, thief, thief, reason="yearly", size=1)["statement"]},
        key_record(PARK, old, thief, reason="yearly", size=1),
        key_record(PARK, old, thief, reason="yearly", size=1) | {"reason": "lost"},
    ]
    for one in forged:
        with pytest.raises(BadSignature):
            follow_keys(old, [one])
    assert follow_keys(old, [record]) == record["new_vkey"]


def test_both_keys_must_have_signed(tmp_path):
    old, new = key_in(tmp_path / "a"), key_in(tmp_path / "b")
    record = key_record(PARK, old, new, reason="r", size=1)
    text, tail = record["statement"].split("\n\n")
    first, second = tail.splitlines()
    check_change(record)
    for line in (first, second):
        with pytest.raises(BadSignature):
            check_change(record | {"statement": f"{text}\n\n{line}\n"})
    with pytest.raises(BadSignature):
        check_change(key_record(PARK, old, old, reason="r", size=1))


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "a\tb"])
def test_a_reason_is_a_line_of_text(config, reason):
    append(config)
    before = settled_vkey(config, PARK)
    with pytest.raises(BadRecord):
        rotate(config, PARK, reason)
    assert append(config) == range(1, 2)
    assert settled_vkey(config, PARK) == before


def test_no_key_no_change(config):
    for ask in (lambda: rotate(config, PARK, "r"), lambda: show_keys(config, PARK),
                lambda: revoke(config, PARK, "leaked", None)):  # fmt: skip
        with pytest.raises(NotFound, match="dafeng"):
            ask()


def test_a_log_that_does_not_hold_gets_no_new_key(config):
    append(config, 4)
    before = settled_vkey(config, PARK)
    by_hand(config.store_url, "DELETE FROM log_leaf WHERE idx = 3")
    with pytest.raises(LogBroken):
        rotate(config, PARK, "yearly")
    assert settled_vkey(config, PARK) == before


# ---------------------------------------------------------------- crash between log and files


class Killed(BaseException):
    """As kill -9: no handler of parkopt sees it."""


@pytest.mark.parametrize("step", ["before_commit", "before_files", "between_files", "between_pair"])
def test_a_change_that_a_crash_cut_off_is_finished_or_was_never_there(config, monkeypatch, step):
    append(config, 3)
    old = settled_vkey(config, PARK)

    def die(*_args, **_kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        if step == "before_commit":
            patch.setattr(service.SettledLog, "append", die)
        elif step == "before_files":
            patch.setattr(key_files, "_replace", die)
        elif step == "between_files":
            patch.setattr(key_files, "write_atomic", die)
        else:
            patch.setattr(type(key_files.Path()), "replace", _replace_but_not_the_key(die))
        with pytest.raises(Killed):
            rotate(config, PARK, "yearly")
    assert pending_key(config.home / "keys", NAME) is not None
    committed = step != "before_commit"
    assert append(config) == (range(4, 5) if committed else range(3, 4))
    now = settled_vkey(config, PARK)
    assert (now != old) is committed
    assert [one["vkey"] for one in retired_keys(config.home / "keys", NAME)] == ([old] if committed else [])
    assert (pending_key(config.home / "keys", NAME) is None) is committed
    assert verify_log_alone(config.store_url, PARK, old).ok
    again = rotate(config, PARK, "again")["vkey"]
    assert follow_keys(old, changes(config)) == again
    assert len(changes(config)) == 1 + committed
    assert append(config).start == 5 + committed


def _replace_but_not_the_key(die):
    real = key_files.Path.replace

    def replace(self, target):
        return die() if self.name.endswith(".next.pem") else real(self, target)

    return replace


def test_a_key_is_unusable_while_its_pair_does_not_fit(config, monkeypatch):
    append(config)
    with monkeypatch.context() as patch:
        patch.setattr(
            type(key_files.Path()), "replace", _replace_but_not_the_key(lambda: (_ for _ in ()).throw(Killed))
        )
        with pytest.raises(Killed):
            rotate(config, PARK, "yearly")
    with pytest.raises(KeyUnreadable):
        key_in(config.home)
    append(config)
    assert key_in(config.home).vkey == settled_vkey(config, PARK)


def test_changes_and_appends_at_once(config):
    append(config)
    first, failed = settled_vkey(config, PARK), []

    def work(what):
        try:
            for number in range(4):
                what(number)
        except (BadSignature, KeyUnreadable, StoreUnusable):  # a change came in between: try again later
            pass
        except Exception as fault:
            failed.append(fault)

    jobs = [lambda _: append(config), lambda n: rotate(config, PARK, f"r{n}"), lambda n: rotate(config, PARK, f"s{n}")]
    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failed == []
    append(config)
    assert verify_log_alone(config.store_url, PARK, first).ok
    assert follow_keys(first, changes(config)) == settled_vkey(config, PARK)


# ---------------------------------------------------------------- giving a key up


def test_a_leaked_key_is_given_up_at_the_head_held_outside(config, tmp_path):
    append(config, 3)
    old = settled_vkey(config, PARK)
    held = tmp_path / "held.note"
    held.write_text(show_keys(config, PARK)["checkpoint"])
    append(config, 2)
    told = revoke(config, PARK, "leaked", held)
    assert (told["changes"][0]["reason"], told["changes"][0]["trusted_size"]) == ("leaked", 3)
    assert (told["retired"][0]["trusted_size"], told["retired"][0]["last_size"]) == (3, 5)
    with pytest.raises(KeyRevoked, match="3 record"):
        follow_keys(old, told["changes"])
    assert verify_log_alone(config.store_url, PARK, old).step("vkey").status == "FAIL"
    assert verify_log_alone(config.store_url, PARK, told["vkey"]).ok
    assert append(config) == range(6, 7)


def test_a_lost_key_is_followed_by_one_that_only_says_so_itself(config):
    append(config, 3)
    old = settled_vkey(config, PARK)
    (config.home / "keys" / f"{FILE}.pem").unlink()
    with pytest.raises(KeyUnreadable):
        append(config)
    with pytest.raises(KeyUnreadable):
        rotate(config, PARK, "yearly")
    told = revoke(config, PARK, "lost", None)
    assert told["retired"][0]["trusted_size"] == 0
    with pytest.raises(KeyRevoked):
        follow_keys(old, told["changes"])
    assert append(config) == range(4, 5)
    assert verify_log_alone(config.store_url, PARK, told["vkey"]).ok


def test_a_rewritten_log_is_not_signed_anew(config, tmp_path):
    append(config, 3)
    held = tmp_path / "held.note"
    held.write_text(key_in(config.home).sign(2, bytes(32)))
    before = public_vkey(config.home / "keys", NAME)
    with pytest.raises(LogBroken, match="rewritten"):
        revoke(config, PARK, "leaked", held)
    held.write_text("x")
    with pytest.raises(BadSignature):
        revoke(config, PARK, "leaked", held)
    with pytest.raises(MissingFile):
        revoke(config, PARK, "leaked", tmp_path / "nothing")
    assert public_vkey(config.home / "keys", NAME) == before


def test_reasons_are_held_apart(config):
    append(config)
    with pytest.raises(WrongOption):
        rotate(config, PARK, "leaked")
    with pytest.raises(WrongOption):
        revoke(config, PARK, "yearly", None)


# ---------------------------------------------------------------- verbs


@pytest.fixture
def run(config, monkeypatch):
    monkeypatch.setattr("parkopt.cli_keys.settings", lambda: config)
    return lambda *words: CliRunner().invoke(cli, list(words), catch_exceptions=False)


def test_the_verbs(config, run, tmp_path):
    append(config)
    old = settled_vkey(config, PARK)
    assert old in run("show", PARK).output
    done = run("rotate", PARK, "--reason", "yearly")
    assert done.exit_code == 0
    assert "yearly" in done.output
    assert "Tell the new verifier key" in done.output
    assert "验证公钥" in run("show", PARK, "--lang", "zh").output
    assert json.loads(run("show", PARK, "--json").output)["retired"][0]["vkey"] == old
    assert "trusted up to record 0" in run("revoke", PARK).output
    assert json.loads(run("export", PARK).output) == show_keys(config, PARK)


def test_an_export_goes_to_a_new_file(config, run, tmp_path):
    append(config)
    out = tmp_path / "public.json"
    assert run("export", PARK, "--out", str(out)).exit_code == 0
    assert json.loads(out.read_text()) == show_keys(config, PARK)
    with pytest.raises(AlreadyThere):
        export_keys(config, PARK, out)
