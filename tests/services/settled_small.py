"""A small park in a folder, its meters, and what must hold of it after whatever was done."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from shutil import copytree

from parkopt.carbon.metered import HOURS_UTC
from parkopt.ledger.verify import verify_bundle
from parkopt.metering.files import ReadOptions, read_meters
from parkopt.services import bundles, certificates, meters
from parkopt.services.database import verify_database
from parkopt.services.keys import settled_vkey
from parkopt.services.parks import known_park
from parkopt.services.settle import settle
from parkopt.settings import Settings
from parkopt.store.engine import transaction
from parkopt.store.registry_invariants import invariants
from parkopt.store.registry_queries import bundles as bundle_rows
from parkopt.store.registry_queries import claims_of
from parkopt.store.settled import bodies
from tests.ledger.settled_park import metered_days

PARK, FIRST = "small", date(2026, 7, 1)
PARTIES = ("a", "b", "c")
HOURS = 24
HEAD = """
id: small
name: {en: Small park, zh: 小园区}
location: {latitude: 33.2, longitude: 120.5}
carbon: {grid_factor: jiangsu_2023}
"""
ASSETS = """
assets:
  pv: {kind: pv, capacity: 6 MWp, ac_limit: 5 MW, tilt: 25 deg, azimuth: 180 deg, price: 0.3 yuan/kWh}
  wind: {kind: wind, capacity: 5 MW, turbine: NREL-6-170, hub_height: 110 m, price: 0.2 yuan/kWh}
  ess: {kind: storage, charge: 1 MW, discharge: 1 MW, energy: 2 MWh, charge_efficiency: 0.95,
    discharge_efficiency: 0.95, self_discharge: 0.0004/h, soc_min: 0.0, soc_max: 1.0, soc_initial: 0.1, soc_final: 0.1}
  grid: {kind: grid, import_limit: 10 MW, export_limit: 10 MW, tariff: tariffs/direct_110kv.yaml}
  ppa: {kind: contract, form: baseload, seller: S, volume: 2 MW, price: 0.3 yuan/kWh}
  a1: {kind: load, enterprise: a, archetype: continuous, annual: 9 GWh/yr}
  b1: {kind: load, enterprise: b, archetype: continuous, annual: 9 GWh/yr}
"""
ONE_BUS = "  c1: {kind: load, enterprise: c, archetype: continuous, annual: 9 GWh/yr}\n"
TWO_BUSES = """
  c1: {kind: load, enterprise: c, archetype: continuous, annual: 9 GWh/yr, bus: east}
  a2: {kind: load, enterprise: a, archetype: continuous, annual: 9 GWh/yr, bus: east}
  cable: {kind: line, to_bus: east, limit: 5 MW, back_limit: 5 MW, loss: 0.02}
"""
ENTERPRISES = """
enterprises:
  a: {name: {en: A, zh: 甲}, entitlements: {pv: 0.5}}
  b: {name: {en: B, zh: 乙}, entitlements: {pv: 0.3}}
  c: {name: {en: C, zh: 丙}, entitlements: {ppa: 1.0}}
"""

CHINA = timezone(timedelta(hours=8))
TARIFFS = Path(__file__).parents[2] / "parks" / "dafeng" / "tariffs"


def make(folder: Path, url: str = "", *, two_buses: bool = True) -> Settings:
    """Write the park's folder below `folder`; PARKOPT_PARKS must name `folder / "parks"`."""
    own = folder / "parks" / PARK
    own.mkdir(parents=True)
    copytree(TARIFFS, own / "tariffs")
    (own / "park.yaml").write_text(HEAD + ASSETS + (TWO_BUSES if two_buses else ONE_BUS) + ENTERPRISES, "utf-8")
    return Settings(home=folder / "home", database_url=url)


def meters_of(days: int, seed: int = 1) -> list[dict[tuple[str, str], list[int]]]:
    """Return made-up meters of the park with two buses: by day, by device and register, the 24 Wh."""
    whole = metered_days(days, seed).wh
    plain = {(device, str(register)): wh.tolist() for (device, register), wh in whole.items()}
    zero = [0] * (HOURS * days)
    plain |= {("cable", "back_sent"): zero, ("cable", "back_arrived"): zero}
    return [{key: wh[day * HOURS : (day + 1) * HOURS] for key, wh in plain.items()} for day in range(days)]


def stamp(day: date, hour: int) -> str:
    """Return the start of a local hour, with its offset."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHINA).isoformat()


def utc(day: date, hour: int) -> str:
    """Return the start of a local hour in UTC, as the registry names it."""
    return (datetime(day.year, day.month, day.day, hour) - timedelta(hours=8)).strftime(HOURS_UTC)  # noqa: DTZ001


Row = tuple[str, str, date, int, int]
"""Device, register, local day, hour, Wh."""


def upload(config: Settings, rows: list[Row], revision: int = 0, quality: str = "measured") -> None:
    """Keep readings as a meter file would bring them."""
    lines = [f"{d},{r},{stamp(day, hour)},{wh},Wh,{quality},{revision}" for d, r, day, hour, wh in rows]
    text = "\n".join(["device,register,start,value,unit,quality,revision", *lines, ""])
    own = meters.park_of(known_park(PARK))
    meters.add(own, [read_meters(text.encode(), "meters.csv", own, ReadOptions())], config)


def rows_of(day: date, wh: dict[tuple[str, str], list[int]]) -> list[Row]:
    """Return a day's meters as rows."""
    return [(device, reg, day, hour, own[hour]) for (device, reg), own in wh.items() for hour in range(HOURS)]


def start(config: Settings, days: int, seed: int = 1) -> list[dict[tuple[str, str], list[int]]]:
    """Upload and settle some days; return their meters."""
    found = meters_of(days, seed)
    for number, wh in enumerate(found):
        upload(config, rows_of(FIRST + timedelta(days=number), wh))
    told = list(settle(PARK, FIRST, FIRST + timedelta(days=days - 1), config))
    assert [one["revision"] for one in told] == [0] * days
    return found


def again(config: Settings, days: int) -> list[dict[str, object]]:
    """Settle some days again; return what was changed."""
    told = list(settle(PARK, FIRST, FIRST + timedelta(days=days - 1), config))
    return [one for one in told if not one["repeated"]]


def failed(report) -> list[str]:
    """Return the steps that did not pass."""
    return [f"{one.name}: {one.en}" for one in report.steps if one.status == "FAIL"]


def assert_sound(config: Settings, days: int, parties: tuple[str, ...] = PARTIES) -> None:
    """Check the registry, the log in the database, the evidence of all, and that records and registry agree."""
    last = FIRST + timedelta(days=days - 1)
    with transaction(config.store_url) as session:
        assert invariants(session, PARK) == []
        assert_same_claims(session, days)
    report = verify_database(config.store_url, PARK, settled_vkey(config, PARK))
    assert report.ok, report.text()
    for party in (*parties, "auditor"):
        _, data, vkey = bundles.bundle(PARK, party, FIRST, last, config)
        report = verify_bundle(data, vkey)
        assert report.ok, f"{party}: {report.text()}"


def enterprise_days(session, days: int) -> dict[tuple[str, str], dict]:
    """Return the newest enterprise-day of each day and party."""
    last = FIRST + timedelta(days=days - 1)
    rows = bodies(session, PARK, "enterprise-day", FIRST.isoformat(), last.isoformat())
    found = [json.loads(body) for _, body in rows]
    return {(one["day"], one["party"]): one for one in sorted(found, key=lambda one: one["revision"])}


def assert_same_claims(session, days: int) -> None:
    """Check that each enterprise-day has the claims that the registry holds, source by source."""
    newest = enterprise_days(session, days)
    for number in range(days):
        day = FIRST + timedelta(days=number)
        hours = {utc(day, hour): hour for hour in range(HOURS)}
        for party in PARTIES:
            own: list[dict[str, int]] = [{} for _ in hours]
            for one in claims_of(session, PARK, party, min(hours), utc(day + timedelta(days=1), 0)):
                claims = own[hours[one.t0]]
                claims[one.device] = claims.get(one.device, 0) + one.quantity
            for hour, told in enumerate(newest[day.isoformat(), party]["hours"]):
                assert {name: wh for name, wh in told["claims"].items() if wh} == own[hour], (day, party, hour)
                assert told["claimed_wh"] == sum(own[hour].values())


def rows(config: Settings, **wanted):
    """Return bundles of the registry."""
    with transaction(config.store_url) as session:
        return bundle_rows(session, PARK, limit=100_000, **wanted)


def act(config: Settings, action: str, key: str = "", **told):
    """Take a step of certificates by hand."""
    return certificates.act(PARK, action, told, config, actor="test", key=key)
