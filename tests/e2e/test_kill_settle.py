"""Days are settled and certificates claimed whole or not at all, whenever the process is killed."""

import pytest

from tests.e2e.kill_settle import kill
from tests.services import settled_small as small


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_what_was_acknowledged_is_there_once(tmp_path, monkeypatch, request, database):
    url = request.getfixturevalue("postgres_url") if database == "postgres" else ""
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    told = kill(small.make(tmp_path, url), 6)
    assert told.counts["days"] > 0
    assert told.counts["steps"] > 0
