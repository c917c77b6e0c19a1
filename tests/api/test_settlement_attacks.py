"""Routes of settlements, certificates and meters under attack: each answer is a problem with an id, never a 500."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from parkopt.api.app import create_app
from parkopt.api.errors import LONGEST
from parkopt.faults import BadRequest
from parkopt.metering.source import MOST_COLUMNS
from tests.services.settled_small import PARK, make, start

BASE = f"/v1/parks/{PARK}"
HEAD = "device,register,start,minutes,value,unit\n"
SECRETS = ("Traceback", "site-packages", "/work", "/tmp", "sqlite", "SELECT")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARKOPT_PARKS", str(folder / "parks"))
        config = make(folder)
        start(config, 1)
        with TestClient(create_app(config), raise_server_exceptions=False) as made:
            yield made


def refused(answer, *statuses):
    """Check that it is a problem with an id, of the caller's making, that tells nothing of the server."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert not statuses or answer.status_code in statuses, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"].startswith("urn:parkopt:error:PK")
    assert body["status"] == answer.status_code
    assert not any(word in answer.text for word in SECRETS), answer.text[:300]
    return body


def post_meters(client, data, media="text/csv", **more):
    return client.post(f"{BASE}/meters", content=data, headers={"content-type": media, **more})


def row(value="1", begin="2026-07-05T00:00+08:00", minutes="60", unit="kWh", device="wind", register="generation"):
    return f"{device},{register},{begin},{minutes},{value},{unit}\n"


def act(client, action, key="", **body):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{BASE}/certificates/{action}", json=body, headers=headers)


def free(client, least=100):
    rows = client.get(f"{BASE}/certificates?status=active&limit=1000").json()
    return next(one for one in rows if one["bundle_quantity"] >= least)


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.csv", b"0" * 10_000_000)
    return out.getvalue()


# ---------------------------------------------------------------- meters

BODIES = {
    "nothing": b"", "nul": b"\x00" * 100, "random": os.urandom(500), "utf-16": HEAD.encode("utf-16"), "zip": bomb(),
    "gzip": gzip.compress(b"0" * 10_000_000), "head alone": HEAD.encode(), "commas": b"," * 200_000,
    "quotes": b'"' * 100_001, "long cell": b'"' + b"a" * 300_000, "names twice": f"device,{HEAD}".encode(),
    "same column 200,000 times": ",".join(["a"] * 200_000).encode() + b"\n",
    "200,000 columns": ",".join(f"a{n}" for n in range(200_000)).encode() + b"\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_meter_file(client, name) -> None:
    answer = post_meters(client, BODIES[name])
    refused(answer, 422)
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("media", ["", "text/plain", "application/zip", "multipart/form-data", "text/csv,text/html"])
def test_other_content_types(client, media) -> None:
    refused(post_meters(client, (HEAD + row()).encode(), media), 422)


def test_a_compressed_body_is_not_unpacked(client) -> None:
    refused(post_meters(client, gzip.compress((HEAD + row()).encode()), **{"content-encoding": "gzip"}), 422)


@pytest.mark.parametrize(
    "value",
    ["1e400", "Infinity", "-inf", "NaN", "1" + "0" * 30, "-1", "1_0", "0x10", "١", '=cmd|"/C calc"!A0', "", "9" * 400],
)
def test_values_that_are_no_energy(client, value) -> None:
    refused(post_meters(client, (HEAD + row(value)).encode()), 422)


@pytest.mark.parametrize(
    "begin",
    [
        "0001-01-01T00:00+08:00", "9999-12-31T23:00-08:00", "2026-07-05T00:00", "2026-06-30T23:59:60Z",
        "2026-07-05T00:00+24:00", "2026-07-05T24:00+08:00", "2026-02-30T00:00+08:00", "45000", "today",
    ],
)  # fmt: skip
def test_times_that_are_none(client, begin) -> None:
    refused(post_meters(client, (HEAD + row(begin=begin)).encode()), 422)


@pytest.mark.parametrize("device", ["=cmd|x", "../../etc/passwd", "'; DROP TABLE x;--", "<script>", "a" * 10_000, ""])
def test_devices_that_are_none(client, device) -> None:
    answer = post_meters(client, (HEAD + row(device=device)).encode())
    refused(answer, 422)
    assert len(answer.content) < 4 * LONGEST * len("\\ud800")


@pytest.mark.parametrize(
    "body",
    [
        b"{}", b"[]", b"null", b"[" * 200_000, b'{"a":' * 100_000, b'{"readings":[null]}', b'{"readings":null}',
        b'{"readings":[{"device":"wind","register":"generation","start":1,"minutes":"x","value":{},"unit":[]}]}',
        b'{"readings":[{"device":"\\ud800","register":"generation","start":"x","minutes":60,"value":1e400}]}',
        b'{"readings":[{' + b",".join(b'"f%d":1' % n for n in range(20_000)) + b"}]}",
    ],
    ids=range(10),
)  # fmt: skip
def test_json_that_is_no_meter_file(client, body) -> None:
    answer = post_meters(client, body, "application/json")
    refused(answer, 422)
    assert len(answer.content) < 200_000


def test_a_header_too_wide_is_one_fault(client) -> None:
    body = refused(post_meters(client, ",".join(["a"] * (MOST_COLUMNS + 1)).encode() + b"\n"), 422)
    assert body["code"] != "PK1001"
    assert str(MOST_COLUMNS + 1) in body["title"]


@pytest.mark.parametrize(
    "query",
    [
        "start=0001-01-01T00:00:00%2B14:00", "end=9999-12-31T23:59:59-14:00", "start=x", "end=2026-07-01",
        "start=0001-01-01T00:00:00Z&end=9999-12-31T23:00:00Z",
    ],
)  # fmt: skip
def test_spans_at_the_ends_of_time(client, query) -> None:
    refused(client.get(f"{BASE}/meters?{query}"), 422)


@pytest.mark.parametrize("park", ["..%2f..%2fetc", "%2e%2e", "small%00", "SMALL", "x' OR 1=1--", "a" * 5000, "%ff"])
def test_parks_that_are_none(client, park) -> None:
    refused(client.post(f"/v1/parks/{park}/meters", content=b"x", headers={"content-type": "text/csv"}), 404, 422)
    refused(client.get(f"/v1/parks/{park}/certificates"), 404, 422)


# ---------------------------------------------------------------- settlements, evidence, statements


@pytest.mark.parametrize(
    "body",
    [
        {}, [], None, {"month": "2026-07", "day": "2026-07-01"}, {"day": "2099-01-01"}, {"day": "0001-01-01"},
        {"day": "9999-12-31"}, {"month": "9999-12"}, {"month": "0000-00"}, {"month": "0001-01"}, {"day": None},
        {"month": "2026-13"}, {"day": "2026-07-01\n"}, {"day": "2026-07-01", "x": 1}, {"day": "2026-06-30"},
    ],
    ids=str,
)  # fmt: skip
def test_days_that_cannot_be_settled(client, body) -> None:
    refused(client.post(f"{BASE}/settlements", json=body), 409, 422)


@pytest.mark.parametrize("month", ["2026-07", "2026-08", "0000-00", "9999-12", "0001-01", "x", "..%2fx", "%00", "--"])
def test_months_that_cannot_be_closed(client, month) -> None:
    refused(client.post(f"{BASE}/months/{month}/close"), 404, 409, 422)


@pytest.mark.parametrize("enterprise", ["auditor", "AUDITOR", "small", "grid", "..%2fx", "%00", "';--", "<b>"])
@pytest.mark.parametrize("what", ["evidence", "statement"])
def test_nobody_gets_the_auditors_file_or_one_of_no_enterprise(client, enterprise, what) -> None:
    refused(client.get(f"/v1/enterprises/{enterprise}/{what}?day=2026-07-01"), 404)


@pytest.mark.parametrize(
    "span", ["", "day=9999-12-31", "day=0001-01-01", "month=2025-01", "day=2026-07-01&month=2026-07"]
)
@pytest.mark.parametrize("what", ["evidence", "statement"])
def test_spans_of_which_there_is_no_evidence(client, span, what) -> None:
    refused(client.get(f"/v1/enterprises/a/{what}?{span}"), 404, 409, 422)


def test_pages_and_files_run_nothing_in_a_browser(client) -> None:
    for address in ("/v1/enterprises/a/statement?day=2026-07-01", "/v1/enterprises/a/evidence?day=2026-07-01"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in client.get("/v1/enterprises/a/statement?day=2026-07-01").text


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "FOO"])
def test_other_methods_have_an_id_too(client, method) -> None:
    answer = client.request(method, f"{BASE}/certificates")
    refused(answer, 405)
    assert "GET" in answer.headers["allow"]


# ---------------------------------------------------------------- certificates


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=0", "limit=1001", f"limit={2**70}", "limit=x", "after=-1", f"after={2**63}", f"after={2**70}"],
)
def test_pages_that_are_none(client, query) -> None:
    refused(client.get(f"{BASE}/certificates?{query}"), 422)


@pytest.mark.parametrize(
    "query", ["device=%00", "device=' OR '1'='1", "party=%25", "status=x';--", f"after={2**63 - 1}"]
)
def test_filters_are_only_compared(client, query) -> None:
    answer = client.get(f"{BASE}/certificates?{query}")
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63 - 1), str(2**63), str(2**70)])
def test_bundles_that_are_none(client, number) -> None:
    refused(client.get(f"{BASE}/certificates/{number}"), 404, 422)


@pytest.mark.parametrize(
    "more",
    [
        {"bundle": 0}, {"bundle": "1"}, {"bundle": 1.5}, {"bundle": True}, {"bundle": 2**63}, {"bundle": 2**53 - 1},
        {"bundle": 10**300}, {"wh": 0}, {"wh": -1}, {"wh": 2**63}, {"zz": 1}, {"reason": "x" * 501},
        {"actor": "x" * 101},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("action", ["split", "claim", "withdraw", "cancel"])
def test_bodies_of_steps_that_are_wrong(client, action, more) -> None:
    own = {"bundle": free(client)["id"], "party": "a", "beneficiary": "a"}
    refused(act(client, action, **{**own, **more}), 404, 409, 422)


@pytest.mark.parametrize("action", ["x", "topup", "claim_reversed", "issue", "__class__", "CLAIM", "a" * 5000])
def test_steps_that_are_none(client, action) -> None:
    refused(act(client, action, bundle=free(client)["id"]), 404, 422)


def test_a_cancellation_is_for_somebody(client) -> None:
    body = refused(act(client, "cancel", bundle=free(client)["id"]), 422)
    assert "beneficiary" in body["title"]
    assert body["code"] == BadRequest.code


def test_a_split_says_how_many(client) -> None:
    assert "wh" in refused(act(client, "split", bundle=free(client)["id"]), 422)["title"]


STEPS = [
    ("transfer", {"account": "b"}), ("claim", {"party": "b"}), ("withdraw", {}), ("export", {}), ("lock", {}),
    ("split", {"wh": 1}), ("cancel", {"beneficiary": "b"}), ("reserve", {"beneficiary": "b"}),
]  # fmt: skip


@pytest.mark.parametrize(("action", "more"), STEPS, ids=[name for name, _ in STEPS])
@pytest.mark.parametrize("who", ["b", "nobody", "x' OR 1=1--", "\x00"])
def test_who_does_not_own_a_certificate_does_nothing_with_it(client, action, more, who) -> None:
    number = free(client)["id"]
    refused(act(client, action, bundle=number, account_acting=who, reason="theft", **more), 403, 409, 422)
    assert client.get(f"{BASE}/certificates/{number}").json()["certificate_bundle_status"] == "Active"


@pytest.mark.parametrize("to", ["nobody", "';--", "<script>", "../x", "auditor", "\x00"])
def test_certificates_go_to_no_unknown_account(client, to) -> None:
    number = free(client)["id"]
    refused(act(client, "transfer", bundle=number, account=to), 422)
    refused(act(client, "reserve", bundle=number, beneficiary=to), 422)
    refused(act(client, "cancel", bundle=number, beneficiary=to), 422)
    refused(act(client, "claim", bundle=number, party=to), 409, 422)


@pytest.mark.parametrize("t0", ["2026-07-04T03:00:00Z", "x", "9999-12-31T23:00:00Z", "2026-07-01T03:00:00+08:00"])
def test_no_claim_for_another_hour(client, t0) -> None:
    refused(act(client, "claim", bundle=free(client)["id"], party="a", t0=t0), 409, 422)


@pytest.mark.parametrize("now", ["x", "9999-12-31T23:59:59Z", "2026-07-01", "\x00", "２０２６-07-01T00:00:00Z"])
def test_nobody_lets_certificates_expire_before_their_time(client, now) -> None:
    before = client.get(f"{BASE}/certificates/summary").json()
    refused(act(client, "expire", now=now), 422)
    assert client.get(f"{BASE}/certificates/summary").json() == before
    assert "expired" not in before["wh_by_state"]


def test_what_was_claimed_stays_so(client) -> None:
    claimed = client.get(f"{BASE}/certificates?status=claimed").json()[0]["id"]
    for action, more in [*STEPS, ("unlock", {}), ("unreserve", {})]:
        refused(act(client, action, bundle=claimed, **more), 409)


def test_no_claim_rests_on_exported_or_sold_energy(client) -> None:
    exported = act(client, "export", bundle=free(client)["id"], wh=5).json()["bundles"][0]["id"]
    refused(act(client, "claim", bundle=exported, party="a"), 409)
    other = free(client)
    first = other["certificate_bundle_id_range_start"]
    ids = {"device": other["device_id"], "start": first, "end": first + 4}
    sold = act(client, "link_gec", **ids, gec="G1", sold=True)
    assert sold.status_code == 201
    refused(act(client, "claim", bundle=sold.json()["bundles"][0]["id"], party="a"), 409)


def test_a_request_key_is_for_one_request(client) -> None:
    number = free(client)["id"]
    body = {"bundle": number, "wh": 10, "reason": '=cmd|"x"!A0 <script>'}
    first, again = (act(client, "split", "key-1", **body).json() for _ in range(2))
    assert first["bundles"] == again["bundles"]
    refused(act(client, "split", "key-1", **{**body, "wh": 20}), 409)
    refused(act(client, "withdraw", "key-1", bundle=number), 409)
    refused(act(client, "split", "key-1", **body, account_acting="nobody"), 409)
    refused(act(client, "split", "x" * 201, **body), 422)


def test_eight_at_once_do_it_once(client) -> None:
    number = free(client)["id"]
    with ThreadPoolExecutor(8) as pool:
        withdrawn = Counter(pool.map(lambda _: act(client, "withdraw", bundle=number).status_code, range(8)))
        days = list(pool.map(lambda _: client.post(f"{BASE}/settlements", json={"day": "2026-07-01"}), range(8)))
    assert withdrawn == {201: 1, 409: 7}
    assert {answer.status_code for answer in days} == {201}
    told = client.get(f"{BASE}/certificates/summary").json()
    assert told["broken_invariants"] == []
