"""Meter files: forms, languages, exact Wh, any order of rows."""

import json
import random
import time
from datetime import timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.metering.channels import channels
from parkopt.metering.files import ReadOptions, read_meters
from parkopt.metering.reading import Quality, Reading, Register
from parkopt.metering.rows import to_wh
from parkopt.metering.sample import template, to_csv
from parkopt.testing import grid_asset
from tests.metering.parks import at, csv_of, hour, park_of, small_park

PARK = small_park()
FEW = settings(max_examples=30, deadline=None)
PV = ("pv", Register.GENERATION)


def read(data, **options):
    return read_meters(data, "m.csv", PARK, ReadOptions(**options))


def readings(data, **options):
    return list(read(data, **options).require().readings)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_long_form(separator, mark):
    data = csv_of(
        f"pv,generation,{hour(12)},1.2345,MWh", f"grid,import,{hour(12)},7,kWh", f"mill,consumption,{hour(12)},9,Wh"
    ).replace(b",", separator.encode())
    assert readings(mark + data) == [
        Reading("grid", Register.IMPORT, at(12), at(13), 7000),
        Reading("mill", Register.CONSUMPTION, at(12), at(13), 9),
        Reading("pv", Register.GENERATION, at(12), at(13), 1_234_500),
    ]


def test_optional_columns_and_lines_of_comment():
    data = csv_of(
        "# from the control room",
        "device,register,start,end,value_kwh,quality,revision,comment",
        f"pv,generation,{hour(12)},2026-07-01T12:15+08:00,1,estimated,0,cloud",
        "pv,generation,2026-07-01T04:15Z,,2,,3,",
        header="",
    )
    assert readings(data.replace(b"T12:00+08:00", b"T04:00:00Z").replace(b"T12:15+08:00", b"T04:15Z")) == [
        Reading(*PV, at(12), at(12, 15), 1000, Quality.ESTIMATED),
        Reading(*PV, at(12, 15), at(12, 30), 2000, Quality.CORRECTED, 3),
    ]


def test_wide_form_leaves_empty_cells_out():
    data = csv_of(
        f"{hour(12)},1.5,20",
        f"{hour(13)},,21",
        header="start,pv.generation [kWh],grid.import [MWh]",
    )
    found = readings(data)
    assert [(one.device, one.start, one.wh) for one in found] == [
        ("grid", at(12), 20_000_000),
        ("grid", at(13), 21_000_000),
        ("pv", at(12), 1500),
    ]


def test_json():
    items = [{"device": "pv", "register": "generation", "start": hour(12), "value": "1.001", "unit": "kWh"}]
    items.append({"device": "pv", "register": "generation", "start": hour(13), "value_wh": 7, "quality": None})
    found = readings(json.dumps({"readings": items}).encode())
    assert [one.wh for one in found] == [1001, 7]


def test_chinese_file():
    data = csv_of(
        f"pv,发电,{hour(12)},60,12.5,千瓦时,实测,0",
        f"grid,下网,{hour(12)},60,1,度,估算,0",
        f"mill,用电,{hour(12)},60,0.002,兆瓦时,更正,1",
        header="设备,表计/寄存器,开始时间,分钟,电量,单位,质量,修订",
    )
    assert [(one.device, one.wh, str(one.quality), one.revision) for one in readings(data)] == [
        ("grid", 1000, "estimated", 0),
        ("mill", 2000, "corrected", 1),
        ("pv", 12_500, "measured", 0),
    ]
    header = csv_of(f"pv,发电量,{hour(12)},3", header="设备,寄存器,开始时间,电量（kWh）")
    assert readings(header)[0].wh == 3000


def test_naive_times_need_a_zone():
    data = csv_of("pv,generation,2026-07-01 12:00,1,kWh")
    assert [fault.code for fault in read(data).faults] == ["PK1114"]
    assert readings(data, zone=timezone(timedelta(hours=8)))[0].start == at(12)


def test_the_length_is_the_smallest_spacing_where_none_is_stated():
    data = csv_of(*(f"pv,generation,2026-07-01T12:{m:02d}+08:00,1,kWh" for m in (0, 30, 15)))
    assert {one.end - one.start for one in readings(data)} == {timedelta(minutes=15)}


def test_counter_gives_differences_that_add_up():
    counts = ["10.0004", "11.0008", "12.0016", "15.9999"]
    rows = [f"pv,generation,{hour(10 + i)},{value},kWh,counter" for i, value in enumerate(counts)]
    found = readings(csv_of(*rows, header="device,register,start,value,unit,kind"))
    assert [one.start for one in found] == [at(10), at(11), at(12)]
    assert sum(one.wh for one in found) == 15_999 - 10_000


def test_counter_that_rolls_over_needs_its_digits():
    rows = [f"pv,generation,{hour(10)},999999.5,kWh,counter", f"pv,generation,{hour(11)},3.5,kWh,counter"]
    data = csv_of(*rows, header="device,register,start,value,unit,kind")
    fault = read(data).faults[0]
    assert (fault.code, fault.where.row) == ("PK1816", 2)
    assert readings(data, counter_digits=6)[0].wh == 4000


@FEW
@given(st.integers(0, 10**11), st.sampled_from(["Wh", "kWh", "MWh"]))
def test_whole_wh_are_read_exactly(wh, unit):
    scale = {"Wh": 0, "kWh": 3, "MWh": 6}[unit]
    assert to_wh(format(Decimal(wh).scaleb(-scale), "f"), unit) == (wh, True)


@FEW
@given(st.decimals(0, 10**9, places=9, allow_nan=False, allow_infinity=False))
def test_finer_energy_is_rounded_down(value):
    wh, exact = to_wh(format(value, "f"), "kWh")
    assert wh <= value * 1000 < wh + 1
    assert exact == (value * 1000 == wh)


@pytest.mark.parametrize("text", ["", "NaN", "inf", "1,5", "1_0", "１２", "0x10", "--1", "1e", "9" * 41])
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match=r".*"):
        to_wh(text, "kWh")


@FEW
@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_a_round_trip_in_any_order_of_rows_is_exact(values, shuffler):
    own = [Reading(*PV, at(0, 15 * i), at(0, 15 * i + 15), wh, Quality.CORRECTED, 2) for i, wh in enumerate(values)]
    own = [one if one.wh <= 2_000_000 else Reading(*PV, one.start, one.end, one.wh // 5) for one in own]
    lines = to_csv(own, PARK).splitlines()
    rows = lines[1:]
    shuffler.shuffle(rows)
    found = read("\n".join([lines[0], *rows, ""]).encode())
    assert [fault.code for fault in found.faults if fault.code != "PK1817"] == []
    assert list(found.readings) == own
    assert len({found.rows[i] for i in range(len(own))}) == len(own)


BITS = st.sampled_from(
    ["pv", "generation", "设备", ",", "\n", '"', "{", "[", "1", "-", "2026-07-01T00:00Z", "kWh", "\x00", ";"]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=80), st.lists(BITS, max_size=40).map(lambda bits: "".join(bits).encode())))
def test_no_bytes_whatever_break_the_reader(data):
    header = b"device,register,start,value,unit\n"
    for whole in (data, header + data, b"start,pv.generation [kWh]\n" + data, b'{"readings": ' + data + b"}"):
        found = read(whole)
        assert found.faults or found.readings
        json.dumps(found.as_dict("zh"))


def test_a_template_names_each_register_and_holds_no_reading():
    for lang in ("en", "zh"):
        lines = template(PARK, lang).splitlines()
        assert len(lines) == 1 + len(channels(PARK))
    assert template(PARK).splitlines()[1].startswith("pv,generation,,60,,kWh")
    filled = template(PARK, "zh").replace(",,60,,", f",{hour(12)},60,1,").encode()
    assert len(readings(filled)) == len(channels(PARK))


def test_a_year_of_60_registers_is_read_in_time():
    park = park_of(grid=grid_asset(), **{f"m{i}": {"kind": "load", "enterprise": "works", "annual": "100 GWh/yr",
                                                   "archetype": "continuous"} for i in range(58)})  # fmt: skip
    names = [(one.device, str(one.register)) for one in channels(park)]
    assert len(names) == 60
    starts = [(at(h)).strftime("%Y-%m-%dT%H:%MZ") for h in range(8760)]
    random.seed(1)
    rows = [f"{d},{r},{start},{random.random() * 9000:.3f},kWh" for d, r in names for start in starts]
    data = csv_of(*rows)
    began = time.perf_counter()
    found = read_meters(data, "year.csv", park).require()
    took = time.perf_counter() - began
    print(f"\n{len(found.readings)} readings ({len(data) / 1e6:.0f} MB) read and checked in {took:.1f} s")
    assert len(found.readings) == 60 * 8760
    assert took < 60
