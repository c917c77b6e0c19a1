"""Open-Meteo answers that are spoilt, cut, in another clock or no answers at all: each refused with key and row."""

from __future__ import annotations

import json
from datetime import date, timedelta, timezone

import pytest

from parkopt.clock import TimeGrid
from parkopt.errors import Faults
from parkopt.faults import (
    BrokenFile,
    EnergyNotPower,
    ImplausibleValue,
    MissingColumn,
    MissingFile,
    MissingSteps,
    MissingUnit,
    NaiveTime,
    NegativeValue,
    ShiftedClock,
    ShiftingZone,
    TimeNotRising,
    TooShort,
    UnevenSteps,
    UnreadableTime,
    UnreadableValue,
    WrongStep,
    WrongUnit,
)
from parkopt.park.base import Location
from parkopt.weather.open_meteo import OpenMeteoFile, is_open_meteo
from tests.weather.open_meteo_cases import DAY, PARK, saved_in, stub, usual


@pytest.fixture
def source(tmp_path):
    return saved_in(tmp_path)


def change(path, value):
    """A change of an answer at ``hourly.temperature_2m.5``."""

    def apply(answer):
        *parents, last = path.split(".")
        at = answer
        for part in parents:
            at = at[part]
        if value is KeyError:
            del at[last]
        else:
            at[int(last) if isinstance(at, list) else last] = value

    return apply


def swap(answer):
    times = answer["hourly"]["time"]
    times[7], times[8] = times[8], times[7]


def drop_rows(answer):
    answer["hourly"] = {key: column[:30] + column[32:] for key, column in answer["hourly"].items()}


def both(answer):
    change("hourly.wind_speed_10m.3", -4)(answer)
    change("hourly.temperature_2m.5", 90)(answer)


BAD = [
    (change("hourly.temperature_2m.5", "warm"), UnreadableValue, "hourly.temperature_2m, row 6"),
    (change("hourly.temperature_2m.5", True), UnreadableValue, "row 6"),
    (change("hourly.temperature_2m.5", float("inf")), UnreadableValue, "row 6"),
    (change("hourly.temperature_2m.5", 90), ImplausibleValue, "hourly.temperature_2m, row 6"),
    (change("hourly_units.wind_speed_10m", "m/s"), None, ""),
    (change("hourly_units.wind_speed_10m", "bft"), WrongUnit, "hourly.wind_speed_10m"),
    (change("hourly_units.surface_pressure", "m/s"), WrongUnit, "surface_pressure"),
    (change("hourly_units.wind_speed_10m", KeyError), MissingUnit, "wind_speed_10m"),
    (change("hourly_units", KeyError), BrokenFile, "hourly_units"),
    (change("hourly_units.shortwave_radiation", "MJ/m²"), EnergyNotPower, "shortwave_radiation"),
    (change("hourly.diffuse_radiation.9", -3), NegativeValue, "diffuse_radiation, row 10"),
    (both, Faults, "2 fault"),
    (change("hourly.shortwave_radiation", KeyError), MissingColumn, "shortwave_radiation"),
    (change("hourly.temperature_2m", KeyError), MissingColumn, "temperature_2m"),
    (change("hourly.temperature_2m", [1.0, 2.0]), BrokenFile, "temperature_2m has 2 values for 120 times"),
    (change("hourly", None), BrokenFile, "holds no times"),
    (change("hourly", {"time": []}), TooShort, "0 row"),
    (change("hourly.time.4", "2026-07-13T0400"), UnreadableTime, "hourly.time, row 5"),
    (change("hourly.time.4", 17), UnreadableTime, "row 5"),
    (change("hourly.time.4", "2026-07-13T04:10"), UnevenSteps, "row 5"),
    (change("hourly_units.time", "unixtime"), UnreadableTime, "unix seconds"),
    (swap, TimeNotRising, "row 9"),
    (drop_rows, MissingSteps, "hourly.time, row 31"),
    (change("utc_offset_seconds", KeyError), NaiveTime, "hourly.time"),
    (change("utc_offset_seconds", 28800), ShiftedClock, "utc_offset_seconds"),
    (change("utc_offset_seconds", 3600), ShiftedClock, "utc_offset_seconds"),
    (change("utc_offset_seconds", 1e9), BrokenFile, "utc_offset_seconds"),
    (change("latitude", None), BrokenFile, "latitude"),
    (change("latitude", 999), BrokenFile, "latitude is 999"),
    (change("longitude", -180.5), BrokenFile, "longitude is -180.5"),
    (change("latitude", 10**400), BrokenFile, "latitude is 1000"),
    (change("issued_at", "yesterday"), BrokenFile, "issued_at is 'yesterday'"),
    (change("issued_at", "2026-07-14T06:00"), BrokenFile, "not a time with its offset"),
    (change("hourly.temperature_2m.5", 10**400), UnreadableValue, "hourly.temperature_2m, row 6"),
    (change("utc_offset_seconds", 10**400), BrokenFile, "utc_offset_seconds"),
    (change("hourly.time.4", "9999-12-31T00:00"), UnreadableTime, "hourly.time, row 5"),
]


@pytest.mark.parametrize(("spoil", "fault", "told"), BAD)
def test_bad_answers_name_key_and_row(source, spoil, fault, told):
    answer = usual()
    spoil(answer)
    made = source(answer)
    if fault is None:  # numbers in km/h under m/s: within what a wind can be, so no reader can tell
        assert float(made.fetch(PARK, DAY)["wind_speed_10m_m_per_s"].max()) < 60
        return
    with pytest.raises((fault, Faults)) as caught:
        made.fetch(PARK, DAY)
    first = caught.value if isinstance(caught.value, fault) else caught.value.faults[0]
    assert isinstance(first, fault)
    assert told in first.text()
    assert "answer.json" in caught.value.text()


@pytest.mark.parametrize("stamp", [10**15, 10**400, -(10**12), 4_102_444_800, True, 1.5])
def test_unix_times_that_are_none(source, stamp):
    answer = usual(unixtime=True)
    answer["hourly"]["time"][4] = stamp
    with pytest.raises(UnreadableTime, match=r"hourly\.time, row 5.*unix seconds"):
        source(answer).fetch(PARK, DAY)


def test_three_hourly_steps_are_refused(source):
    answer = usual()
    answer["hourly"] = {key: column[::3] for key, column in answer["hourly"].items()}
    with pytest.raises(WrongStep):
        source(answer).fetch(PARK, DAY)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps(usual())[:5000], "JSONDecodeError"), ("", "JSONDecodeError"), ("[]", "no object"),
        ("3", "no object"),
        ('{"error": true, "reason": "Cannot initialize X"}', "Cannot initialize X"),
        ('{"format": "parkopt-open-meteo-1"}', "KeyError"),
    ],
)  # fmt: skip
def test_what_is_no_answer(source, text, told):
    with pytest.raises(BrokenFile, match=told):
        source(text).fetch(PARK, DAY)


def test_missing_file(tmp_path):
    with pytest.raises(MissingFile):
        OpenMeteoFile(tmp_path / "none.json").fetch(PARK, DAY)


BERLIN = Location(latitude=52.5, longitude=13.4)


def test_one_offset_over_a_change_of_clocks_is_read_and_told(source):
    place, grid = (52.5, 13.4), TimeGrid.day(date(2026, 3, 29), timezone(timedelta(hours=1)))
    local = stub.answer("2026-03-27", "2026-03-31", offset_s=3600, zone="Europe/Berlin", place=place)
    plain = source(stub.answer("2026-03-27", "2026-03-31", place=place)).fetch(BERLIN, grid)
    found = source(local).fetch(BERLIN, grid)
    assert "over the change of clocks" in found.attrs["notes"]
    assert found.to_dataframe().equals(plain.to_dataframe())


@pytest.mark.parametrize(("day", "offset_s", "spring"), [(29, 3600, True), (25, 7200, False)])
def test_wall_clock_times_are_refused(source, day, offset_s, spring):
    month = "03" if spring else "10"
    answer = stub.answer(f"2026-{month}-{day - 2}", f"2026-{month}-{day + 2}", place=(52.5, 13.4))
    stamps = stub.pd.DatetimeIndex(answer["hourly"]["time"]).tz_localize("UTC").tz_convert("Europe/Berlin")
    answer["hourly"]["time"] = list(stamps.strftime("%Y-%m-%dT%H:%M"))
    answer |= {"utc_offset_seconds": offset_s, "timezone": "Europe/Berlin"}
    with pytest.raises(ShiftingZone, match=r"hourly\.time, row 50"):
        source(answer).fetch(BERLIN, TimeGrid.day(date(2026, 3, 29), timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    ("head", "is_it"),
    [
        (json.dumps(usual())[:1000], True), (json.dumps([usual()], indent=2)[:1000], True),
        ('{"format": "parkopt-open-meteo-1", ', True), ('{"reason":"No","error":true}', True),
        ('{"inputs": {"location": {"latitude": 45.0}, "meteo_data": {}}}', False), ("time,ghi", False), ("", False),
    ],
)  # fmt: skip
def test_answers_are_known_by_what_they_hold(head, is_it):
    assert is_open_meteo(head) is is_it
