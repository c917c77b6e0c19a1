"""The HTTP service: every route and form, errors as problem+json, who may ask, and nasty requests."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parkopt.api.app import create_app, require_safe
from parkopt.faults import OpenToAll
from parkopt.ledger import verify_path
from parkopt.results.files import read_netcdf
from parkopt.settings import Settings

PARKS = Path(__file__).parents[2] / "parks"
SPAN = {"start": "2026-01-15T00:00:00+08:00", "end": "2026-01-16T00:00:00+08:00"}
SHARE = "/v1/enterprises/df-pv-cells/green-share"


def client_of(home, **more):
    return TestClient(create_app(Settings(home=home, **more)), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(home):
    with client_of(home) as made:
        yield made


@pytest.fixture(scope="module")
def posted(client):
    answer = client.post("/v1/parks/dafeng/schedules", json={"date": "2026-01-15"})
    assert answer.status_code == 201
    return answer


@pytest.fixture(scope="module")
def place(posted):
    return posted.headers["Location"]


def files_of(home):
    """All files of the service, but for those of SQLite, which any question makes."""
    return sorted(path for path in home.rglob("*") if "sqlite" not in path.name)


def require_problem(answer, status, code=None):
    body = answer.json()
    assert answer.status_code == body["status"] == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["code"] == code or (code is None and body["code"].startswith("PK"))
    assert body["type"] == f"urn:parkopt:error:{body['code']}"
    assert body["title"]
    return body


# ---------------------------------------------------------------- routes and forms


def test_health(client):
    assert client.get("/healthz").json()["status"] == "ok"


def test_parks(client):
    listed = client.get("/v1/parks").json()
    assert {"dafeng", "huanghai", "sheyang", "ydz"} <= {park["id"] for park in listed}
    one = client.get("/v1/parks/dafeng").json()
    assert one["assets"]["offshore"]["capacity"] == "206.4 MW"
    assert len(one["sha256"]) == 64


def test_a_new_schedule_says_what_it_costs_and_where_it_is(posted):
    body = posted.json()
    assert posted.headers["Location"] == f"/v1/schedules/{body['id']}"
    assert (body["park"], body["date"], body["status"]) == ("dafeng", "2026-01-15", "optimal")
    assert body["cost_yuan"] == body["summary"]["cost_yuan"]
    assert body["state"]["at"] == "2026-01-15T16:00:00Z"
    assert 0 < body["green_share"] < 1


def test_schedules_are_listed(client, posted):
    ids = [line["id"] for line in client.get("/v1/parks/dafeng/schedules").json()]
    assert posted.json()["id"] in ids
    assert client.get("/v1/parks/ydz/schedules").json() == []


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/json", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/x-netcdf", "application/x-netcdf"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "application/json"),
    ],
)
def test_the_accept_header_chooses_the_form(client, place, accept, media):
    answer = client.get(place, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)


def test_every_form_holds_the_same_schedule(client, place, tmp_path):
    data = client.get(place, params={"format": "json"}).json()
    rows = list(csv.DictReader(io.StringIO(client.get(place, params={"format": "csv"}).text)))
    whole = client.get(place, params={"format": "netcdf"}, headers={"Accept": "text/html"})
    (tmp_path / "s.nc").write_bytes(whole.content)
    dataset = read_netcdf(tmp_path / "s.nc")
    assert whole.headers["content-disposition"] == 'attachment; filename="dafeng-2026-01-15.nc"'
    assert len(rows) == len(data["time"]) == dataset.sizes["time"] == 24
    assert (
        [float(row["import_mw"]) for row in rows]
        == data["series"]["import_mw"]
        == dataset["import_mw"].to_numpy().tolist()
    )
    require_problem(client.get(place, params={"format": "xlsx"}), 422, "PK1705")


def test_the_report_speaks_the_callers_language(client, place):
    chinese = client.get(place, params={"format": "html"}, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    english = client.get(place, params={"format": "html"}).text
    assert "费用明细" in chinese
    assert "费用明细" not in english
    assert "Bill" in english


def test_the_state_goes_into_the_next_day(client, posted, place):
    state = client.get(f"{place}/state").json()
    assert state == posted.json()["state"]
    following = client.post("/v1/parks/dafeng/schedules", json={"date": "2026-01-16", "state": state})
    assert following.status_code == 201
    wrong = client.post("/v1/parks/dafeng/schedules", json={"date": "2026-01-18", "state": state})
    assert require_problem(wrong, 422, "PK1405")["field"] == "at"
    require_problem(client.post("/v1/parks/ydz/schedules", json={"date": "2026-01-16", "state": state}), 422, "PK1405")


def test_evidence_holds_offline_and_is_about_one_enterprise(client, place, tmp_path):
    answer = client.get(f"{place}/evidence/df-pv-cells")
    (tmp_path / "e.json").write_bytes(answer.content)
    head = client.get("/v1/parks/dafeng/checkpoint").json()
    report = verify_path(tmp_path / "e.json", head["vkey"])
    assert report.ok, report.text("en")
    assert head["size"] > 0
    assert "df-cold-port" not in answer.text
    require_problem(client.get(f"{place}/evidence/hh-battery"), 404, "PK1701")


def test_green_share(client, posted, place):
    answer = client.get(SHARE, params=SPAN).json()
    assert (answer["park"], answer["basis"], len(answer["steps"])) == ("dafeng", "forecast", 24)
    assert answer["consumption_wh"] == sum(step["consumption_wh"] for step in answer["steps"])
    assert all(sum(step["by_source_wh"].values()) == step["consumption_wh"] for step in answer["steps"])
    own = posted.json()["summary"]["enterprises"]["df-pv-cells"]
    assert answer["green_share"] == pytest.approx(own["green_share"], abs=1e-4)
    part = client.get(SHARE, params={**SPAN, "end": "2026-01-15T02:00:00Z"}).json()
    assert len(part["steps"]) == 10


def test_openapi_lists_every_route(client):
    api = client.get("/openapi.json").json()
    assert {path: set(verbs) for path, verbs in api["paths"].items()} == {
        "/healthz": {"get"},
        "/v1/parks": {"get"},
        "/v1/parks/{park}": {"get"},
        "/v1/parks/{park}/checkpoint": {"get"},
        "/v1/parks/{park}/schedules": {"get", "post"},
        "/v1/schedules/{run}": {"get"},
        "/v1/schedules/{run}/state": {"get"},
        "/v1/schedules/{run}/replans": {"post"},
        "/v1/schedules/{run}/reasons": {"get"},
        "/v1/schedules/{run}/bill": {"get"},
        "/v1/schedules/{run}/margins": {"get"},
        "/v1/schedules/{run}/front": {"get"},
        "/v1/schedules/{run}/alternatives": {"get"},
        "/v1/schedules/{run}/evidence/{enterprise}": {"get"},
        "/v1/enterprises/{enterprise}/green-share": {"get"},
        "/v1/enterprises/{enterprise}/evidence": {"get"},
        "/v1/enterprises/{enterprise}/statement": {"get"},
        "/v1/enterprises/{enterprise}/footprint": {"post"},
        "/v1/parks/{park}/forecast": {"get"},
        "/v1/parks/{park}/meters": {"get", "post"},
        "/v1/parks/{park}/meters/template": {"get"},
        "/v1/parks/{park}/settlements": {"get", "post"},
        "/v1/parks/{park}/months/{month}/close": {"post"},
        "/v1/parks/{park}/accounts": {"get"},
        "/v1/parks/{park}/factor": {"get"},
        "/v1/parks/{park}/settled-checkpoint": {"get"},
        "/v1/parks/{park}/proofs/{index}": {"get"},
        "/v1/parks/{park}/certificates": {"get"},
        "/v1/parks/{park}/certificates/summary": {"get"},
        "/v1/parks/{park}/certificates/{bundle}": {"get"},
        "/v1/parks/{park}/certificates/{action}": {"post"},
    }
    assert client.get("/docs").status_code == 200


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/v1/nowhere", "PK1701"),
        ("/v1/parks/atlantis", "PK1002"),
        ("/v1/parks/atlantis/checkpoint", "PK1002"),
        ("/v1/parks/atlantis/schedules", "PK1002"),
        ("/v1/schedules/r0", "PK1701"),
        ("/v1/schedules/r0/state", "PK1701"),
        ("/v1/schedules/r0/evidence/df-pv-cells", "PK1701"),
        ("/v1/enterprises/nobody/green-share?start=2026-01-15T00:00Z&end=2026-01-16T00:00Z", "PK1701"),
        (f"{SHARE}?start=2031-01-15T00:00Z&end=2031-01-16T00:00Z", "PK1701"),
        ("/v1/enterprises/yd-cars/green-share?start=2026-01-15T00:00Z&end=2026-01-16T00:00Z", "PK1701"),
    ],
)
def test_what_is_not_there_is_404_in_both_languages(client, address, code):
    english = require_problem(client.get(address), 404, code)
    answer = client.get(address, headers={"Accept-Language": "zh"})
    assert answer.headers["Content-Language"] == "zh"
    assert require_problem(answer, 404, code)["title"] != english["title"]


TRICKS = [
    "..", "%2e%2e", "..%2f..%2fetc", "%2Fetc%2Fpasswd", "parks%2Fdafeng", "dafeng%00", "%ff", "dafeng%2Fpark.yaml",
    str(PARKS / "dafeng").replace("/", "%2F"), str(PARKS / "dafeng" / "park.yaml").replace("/", "%2f"),
    "~", "a" * 5000, "{x}",
]  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_a_park_is_never_a_path(client, home, name):
    kept = files_of(home)
    for verb, tail in (("GET", ""), ("GET", "/checkpoint"), ("GET", "/schedules"), ("POST", "/schedules")):
        body = {"json": {"date": "2026-01-15"}} if verb == "POST" else {}
        answer = client.request(verb, f"/v1/parks/{name}{tail}", **body)
        assert answer.status_code in (404, 405), (verb, tail, answer.text)
    assert client.get(f"/v1/schedules/{name}").status_code == 404
    assert client.get(f"/v1/enterprises/{name}/green-share", params=SPAN).status_code == 404
    assert files_of(home) == kept


def test_all_faults_of_a_request_come_together(client):
    body = {"date": "soon", "days": 8, "goal": "fun", "colour": 1}
    found = require_problem(client.post("/v1/parks/dafeng/schedules", json=body), 422, "PK1001")
    assert {fault["field"] for fault in found["faults"]} == {"date", "days", "goal", "colour"}
    shares = require_problem(client.get(SHARE), 422, "PK1001")
    assert {fault["field"] for fault in shares["faults"]} == {"query.start", "query.end"}


@pytest.mark.parametrize(
    "span",
    [
        {"start": "2026-01-15T00:00:00", "end": SPAN["end"]},
        {"start": SPAN["end"], "end": SPAN["start"]},
        {"start": SPAN["start"], "end": SPAN["start"]},
        {"start": "2026-01-01T00:00:00Z", "end": "2027-01-02T00:00:01Z"},
        {"start": "0001-01-01T00:00:00+08:00", "end": "0001-01-02T00:00:00+08:00"},
        {"start": "9999-12-31T00:00:00-14:00", "end": "9999-12-31T23:00:00-14:00"},
        {"start": "yesterday", "end": "NaN"},
    ],
)
def test_odd_spans_are_refused(client, posted, span):
    require_problem(client.get(SHARE, params=span), 422)


def test_a_span_of_a_year_is_answered(client, posted):
    assert client.get(SHARE, params={"start": "2026-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z"}).status_code == 200


def test_an_infeasible_day_names_the_smallest_change(tmp_path, monkeypatch):
    shutil.copytree(PARKS / "dafeng", tmp_path / "parks" / "small")
    file = tmp_path / "parks" / "small" / "park.yaml"
    text = (
        file.read_text(encoding="utf-8")
        .replace("id: dafeng", "id: small")
        .replace("import_limit: 180 MW", "import_limit: 9 MW")
    )
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    answer = client_of(tmp_path / "home").post("/v1/parks/small/schedules", json={"date": "2026-07-15"})
    body = require_problem(answer, 422, "PK1401")
    assert "import" in body["detail"]
    assert list((tmp_path / "home" / "runs").iterdir()) == []


def test_a_store_that_cannot_be_used_is_503(tmp_path):
    broken = client_of(tmp_path, database_url="postgresql+psycopg://me:geheim@127.0.0.1:1/x")
    body = require_problem(broken.get("/healthz"), 503, "PK1702")
    assert "geheim" not in json.dumps(body)


STATE = {"soc_mwh": 50, "origin_wh": {"grid": 50_000_000}, "origin_ug": {"grid": "1"}}


def ess(**own):
    return {"state": {"assets": {"ess": {**STATE, **own}}}}


NASTY = {
    "year 1": {"date": "0001-01-01"}, "year 9999": {"date": "9999-12-31"}, "year 1600": {"date": "1600-02-01"},
    "year 2300": {"date": "2300-01-01"}, "no such day": {"date": "2026-02-29"}, "date number": {"date": 1e300},
    "date nan": {"date": float("nan")}, "date list": {"date": []}, "days 8": {"days": 8}, "days 0": {"days": 0},
    "days huge": {"days": 10**400}, "days float": {"days": 1e308}, "days text": {"days": "1"},
    "days bool": {"days": True},
    "step 7": {"step_min": 7}, "goal": {"goal": "fun"}, "goal list": {"goal": ["cost"]},
    "price number": {"carbon_price": 1}, "price below": {"carbon_price": "-5 yuan/t"},
    "price inf": {"carbon_price": "1e400 yuan/t", "goal": "weighted"},
    "price huge": {"carbon_price": "1e300 yuan/t", "goal": "weighted"}, "price unit": {"carbon_price": "5 km"},
    "limit nan": {"time_limit_s": float("nan")}, "limit inf": {"time_limit_s": float("inf")},
    "limit below": {"time_limit_s": -1}, "limit long": {"time_limit_s": 61}, "unknown": {"weather": "/etc/passwd"},
    "loads": {"loads": {"cold_port": "/etc/passwd"}}, "park": {"park": "/etc/passwd"},
    "state text": {"state": "state.json"}, "state file": {"state": {"file": "/etc/passwd"}},
    "state list": {"state": [1]}, "state park": {"state": {"park": "/etc/passwd"}},
    "surrogate": {"state": {"park": "\ud800"}}, "surrogate key": {"\ud800": 1},
    "zero byte": {"state": {"park": "a\0{x}"}},
    "asset": {"state": {"assets": {"../x": {}}}}, "soc path": ess(soc_mwh="../../etc/passwd"),
    "soc nan": ess(soc_mwh=float("nan")), "soc inf": ess(soc_mwh=float("inf")), "soc huge": ess(soc_mwh=1e308),
    "origin below": ess(origin_wh={"grid": -5}), "origin huge": ess(origin_wh={"grid": 10**30}),
    "origin float": ess(origin_wh={"grid": 0.5}), "origin text": ess(origin_ug={"grid": "abc"}),
    "origin long": ess(origin_ug={"grid": "9" * 5000}), "origin minus": ess(origin_ug={"grid": "-7"}),
    "origin moon": ess(origin_wh={"moon": 50_000_000}, origin_ug={"moon": "0"}), "origin lone": ess(origin_ug={}),
    "month": ess(month="\ud800"), "month path": ess(month="/etc/passwd"),
    "peak inf": {"state": {"assets": {"grid": {"peak_mw": float("inf"), "month": "2026-01"}}}},
    "peak huge": {"state": {"assets": {"grid": {"peak_mw": 1e308, "month": "2026-01"}}}},
    "offer inf": {"state": {"assets": {"guoxin": {"offered_mwh": float("inf")}}}},
    "tank nan": {"state": {"assets": {"h2": {"tank_kg": float("nan")}}}},
    "power inf": {"state": {"assets": {"h2": {"power_mw": float("inf"), "on": True}}}},
    "year inf": {"state": {"year": {"year": 2026, "available_mwh": float("inf")}}},
    "year nan": {"state": {"year": {"year": 2026, "self_use_mwh": float("nan")}}},
    "year huge": {"state": {"year": {"year": 2026, "self_use_mwh": -1e308}}},
    "at naive": {"state": {"at": "2026-01-15T00:00:00"}}, "at year 1": {"state": {"at": "0001-01-01T00:00:00+14:00"}},
    "at year 9999": {"state": {"at": "9999-12-31T23:59:59-14:00"}}, "at nan": {"state": {"at": float("nan")}},
}  # fmt: skip


def post_raw(client, raw):
    return client.post("/v1/parks/dafeng/schedules", content=raw, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_body_is_422_and_leaves_nothing(client, home, posted, name):
    kept = files_of(home)
    require_problem(post_raw(client, json.dumps({"date": "2026-01-15", **NASTY[name]})), 422)
    assert files_of(home) == kept


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"null", b"[]", b'"x"', b"5", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"date": ' + b"9" * 5000 + b"}"],
    ids=range(10),
)
def test_a_body_that_is_no_request_is_422(client, raw):
    require_problem(post_raw(client, raw), 422)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["1 MW", "/etc", "2026-01-15"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["ess", "assets", "soc_mwh", "at", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["days", "step_min", "goal", "carbon_price", "weather_basis", "state", "time_limit_s", "x", "date"]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_no_body_makes_a_500(client, body):
    """The date is never one that could be planned, so nothing is solved."""
    answer = post_raw(
        client, json.dumps({**body, "date": body.get("date") if body.get("date") != "2026-01-15" else 0.5})
    )
    require_problem(answer, 422)


# ---------------------------------------------------------------- who may ask


def test_the_key_is_asked_for_where_it_is_set(tmp_path):
    locked = client_of(tmp_path, api_key="right")
    assert locked.get("/healthz").status_code == 200
    paths = {path: on for path, on in locked.get("/openapi.json").json()["paths"].items() if path != "/healthz"}
    assert len(paths) == 30
    for path, on in paths.items():
        for method in on:
            require_problem(locked.request(method, path), 401, "PK1703")
    require_problem(locked.post("/v1/parks/dafeng/schedules", json={"date": "2026-01-15"}), 401, "PK1703")
    for wrong in ("", "wrong", "righ", "rightx", "Right", "r\u00efght".encode("latin-1"), "密钥".encode(), b"\xff\x80"):
        require_problem(locked.get("/v1/parks", headers={"X-API-Key": wrong}), 401, "PK1703")
    assert locked.get("/v1/parks", headers={"X-API-Key": "right"}).status_code == 200


def test_a_key_beyond_ascii_opens(tmp_path):
    locked = client_of(tmp_path, api_key="密钥")
    assert locked.get("/v1/parks", headers={"X-API-Key": "密钥".encode()}).status_code == 200
    require_problem(locked.get("/v1/parks", headers={"X-API-Key": "密码".encode()}), 401)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "example.com", "localhost.example.com", ""])
def test_listening_to_all_needs_a_key(host, tmp_path):
    for key in (None, ""):
        with pytest.raises(OpenToAll):
            require_safe(host, Settings(home=tmp_path, api_key=key))
    require_safe(host, Settings(home=tmp_path, api_key="k"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_none(host, tmp_path):
    require_safe(host, Settings(home=tmp_path))


def test_no_answer_shows_a_path_of_the_server(client, home, posted):
    texts = [
        client.get(address).text
        for address in (
            "/v1/parks",
            "/v1/parks/dafeng",
            "/v1/parks/atlantis",
            urlsplit(posted.headers["Location"]).path,
        )
    ]
    assert all(str(home) not in text and str(PARKS) not in text for text in texts)
