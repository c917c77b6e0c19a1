"""Each thing that can be wrong with a meter file, by a broken file; all of a file together."""

import json

import numpy as np
import pytest

from parkopt.errors import LANGUAGES, Faults
from parkopt.metering.checks import utc
from parkopt.metering.files import MOST_MB, read_meters
from parkopt.metering.findings import SHOWN
from parkopt.weather.sun import cos_zenith
from tests.metering.parks import START, at, csv_of, hour, small_park

PARK = small_park()
NOON = hour(12)
LONG = "device,register,start,minutes,value,unit,quality,revision,kind"


def read(data):
    return read_meters(data, "m.csv", PARK)


def row(value=1, start=NOON, device="pv", register="generation", minutes=60, unit="kWh", more=",,"):
    return f"{device},{register},{start},{minutes},{value},{unit},{more}"


def found_in(*rows, header=LONG):
    return read(csv_of(*rows, header=header))


def codes(found):
    return [fault.code for fault in found.faults], [notice.code for notice in found.notices]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "PK1801"),
        (b"\xef\xbb\xbf \n", "PK1801"),
        (b"# only a comment\n", "PK1801"),
        (csv_of(header=LONG), "PK1801"),
        (b'{"readings": []}', "PK1801"),
        (b"PK\x03\x04rest", "PK1802"),
        (b"\xd0\xcf\x11\xe0rest", "PK1802"),
        ("设备,寄存器,开始时间,电量,单位\n".encode("gbk"), "PK1802"),
        ("device,register\n".encode("utf-16"), "PK1802"),
        (b"device\x00", "PK1802"),
        (b'{"readings": [{"device": "pv", "regi', "PK1803"),
        (csv_of(row(), 'pv,"generation', header=LONG), "PK1803"),
        (b'"device,register', "PK1803"),
        (csv_of("x" * 200_000, header=LONG), "PK1803"),
        (csv_of(row(), "pv,generation,2026-07-0", header=LONG, end=""), "PK1803"),
        (csv_of("pv,generation", row(), header=LONG), "PK1831"),
        (csv_of(row(), "pv,generation", header=LONG), "PK1831"),
        (csv_of(row(), header="device,register,start,value"), "PK1804"),
        (csv_of("x", header="device;register"), "PK1804"),
        (csv_of(row(), header=LONG.replace("revision", "revison")), "PK1804"),
        (csv_of(row(), header=LONG.replace("quality", "value")), "PK1804"),
        (csv_of("1,2", header="begin,pv.generation [kWh]"), "PK1804"),
        (b'["readings"]', "PK1804"),
        (b'{"readings": [3]}', "PK1804"),
        (b'{"readings": [{"devise": "pv"}]}', "PK1804"),
        (b"x" * (MOST_MB * 1_000_000 + 1), "PK1825"),
    ],
)
def test_files_that_are_none(data, code):
    found = read(data)
    assert code in codes(found)[0]
    assert found.readings == () or code in ("PK1803", "PK1831")
    with pytest.raises(Exception, match=code):
        found.require()


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (row(device="pvv"), "PK1805", "device"),
        (row(register="import"), "PK1806", "register"),
        (row(register="generaton"), "PK1806", "register"),
        (row(unit="kW"), "PK1807", "unit"),
        (row(unit=""), "PK1807", "unit"),
        (row(value="NaN"), "PK1808", "value"),
        (row(value=""), "PK1808", "value"),
        (row(value="n/a"), "PK1808", "value"),
        (row(value="-0.001"), "PK1809", "value"),
        (row(value="1e30"), "PK1832", "value"),
        (row(value="11000.001"), "PK1810", "value"),
        (row(minutes=45), "PK1824", "minutes"),
        (row(more="good,,"), "PK1824", "quality"),
        (row(more=",-1,"), "PK1824", "revision"),
        (row(more=",,sum"), "PK1824", "kind"),
        (row(start="2026-07-01T12:00"), "PK1114", "start"),
        (row(start="1 July"), "PK1306", "start"),
        (row(start="2026-13-01T12:00Z"), "PK1306", "start"),
        (row(start="9999-12-31T23:00Z"), "PK1306", "start"),
        (row(start="0001-01-01T00:00+14:00"), "PK1306", "start"),
        (row(start="2026-07-01T12:30+08:00"), "PK1814", "start"),
        (row(start="2026-07-01T12:10+08:00", minutes=15), "PK1814", "start"),
        (row(more=",,counter"), "PK1312", "value"),
    ],
)
def test_a_wrong_row_is_named(line, code, field):
    found = found_in(row(device="grid", register="import"), line)
    assert codes(found)[0] == [code]
    fault = found.faults[0]
    assert (fault.where.file, fault.where.field, fault.where.row) == ("m.csv", field, 2)
    assert fault.where.line == 3
    for lang in LANGUAGES:
        assert code in fault.text(lang)


def test_near_names_and_the_factor_of_a_thousand_are_told():
    assert "pv" in found_in(row(device="pvs")).faults[0].message()
    assert "generation" in found_in(row(register="generaton")).faults[0].message()
    # 5000 kWh written as Wh under the unit kWh
    wrong = found_in(row(value=5_000_000)).faults[0]
    assert "Wh read as kWh" in wrong.message()
    assert "Wh" in wrong.message("zh")
    assert "Wh read as" not in found_in(row(value=5e11)).faults[0].message()


def test_all_faults_of_a_file_come_together_and_many_alike_as_a_count():
    rows = [row(value=-1, start=hour(h % 24, 1 + h // 24)) for h in range(100)]
    found = found_in(*rows, row(device="nobody"), row(unit="J"))
    assert codes(found)[0].count("PK1809") == SHOWN
    more = next(fault for fault in found.faults if fault.code == "PK1827")
    assert more.facts["count"] == 100 - SHOWN
    with pytest.raises(Faults) as raised:
        found.require()
    assert {fault.code for fault in raised.value.faults} == {"PK1809", "PK1827", "PK1805", "PK1807"}
    assert json.loads(json.dumps(found.as_dict("zh"), ensure_ascii=False))["ok"] is False


def test_nonsense_without_end_is_counted():
    rows = [row(device=f"d{i}") for i in range(3000)]
    found = found_in(*rows)
    assert len(found.faults) < 600
    told = sum(fault.facts["count"] if fault.code == "PK1827" else 1 for fault in found.faults)
    assert told == 3000


def test_doubles():
    assert codes(found_in(row(5), row(5))) == ([], ["PK1812"])
    assert len(found_in(row(5), row(5)).readings) == 1
    wrong = found_in(row(5), row(6))
    assert codes(wrong) == (["PK1811"], [])
    assert (wrong.faults[0].where.row, wrong.faults[0].facts["row"]) == (2, 1)
    both = found_in(row(5), row(6, more=",1,"))
    assert codes(both) == ([], [])
    assert [one.wh for one in both.readings] == [5000, 6000]


def test_many_notices_alike_are_told_as_a_count():
    rows = [row(h, start=hour(h % 24, 1 + h // 24)) for h in range(40)]
    found = read(csv_of(*rows, *rows, header=LONG))
    assert codes(found)[1].count("PK1812") == SHOWN
    assert codes(found)[1].count("PK1828") == 1


def test_overlaps():
    assert codes(found_in(row(), row(start="2026-07-01T12:15+08:00", minutes=15)))[0] == ["PK1813"]
    assert codes(found_in(row(), row(minutes=30, more=",1,")))[0] == ["PK1813"]


def test_a_gap_is_a_notice_with_its_range():
    found = found_in(row(start=hour(9)), row(start=hour(12)))
    assert codes(found) == ([], ["PK1821"])
    assert found.notices[0].facts["hours"] == "2"
    counters = found_in(
        row(1, hour(9), more=",,counter"), row(2, hour(12), more=",,counter"), row(3, hour(13), more=",,counter")
    )
    assert codes(counters) == ([], ["PK1821"])
    assert len(counters.readings) == 1
    more = [row(value, hour(h), more=",,counter") for value, h in ((1, 8), (2, 9), (3, 12), (4, 13))]
    assert codes(found_in(*more)) == ([], ["PK1821"])


def test_a_counter_that_falls_is_found_by_row():
    rows = [row(v, hour(9 + i), more=",,counter") for i, v in enumerate((100, 200, 50, 60))]
    found = found_in(*rows)
    assert codes(found)[0] == ["PK1816"]
    assert found.faults[0].where.row == 3


def test_a_stuck_meter_is_a_notice():
    same = [row(7, hour(h % 24, 1 + h // 24), "mill", "consumption") for h in range(24)]
    assert codes(found_in(*same)) == ([], ["PK1818"])
    assert codes(found_in(*same[:23])) == ([], [])
    zero = [line.replace(",7,", ",0,") for line in same]
    assert codes(found_in(*zero)) == ([], [])


def test_a_changing_offset_is_daylight_saving():
    found = found_in(row(1, hour(9)), row(2, "2026-07-01T11:00+09:00"))
    assert codes(found)[0] == ["PK1307"]


def test_a_last_row_without_its_end_may_be_cut():
    assert codes(read(csv_of(row(), header=LONG, end=""))) == ([], ["PK1830"])
    assert codes(read(csv_of(f"{hour(9)},1", header="start,pv.generation [kWh]", end="")))[1] == ["PK1830"]


def test_finer_than_a_wh_is_a_notice():
    found = found_in(row("0.0019"))
    assert codes(found) == ([], ["PK1820"])
    assert found.readings[0].wh == 1


def sunny(shift_h, days=10):
    """PV that follows the sun of the park, its times `shift_h` hours late."""
    mids = np.datetime64(START.replace(tzinfo=None), "s") + np.arange(days * 24) * np.timedelta64(3600, "s")
    height = np.clip(cos_zenith(mids + np.timedelta64(1800, "s"), 33.8, 120.5), 0.0, None)
    starts = [utc(int((at(h + shift_h)).timestamp())) for h in range(days * 24)]
    return [row(f"{8000 * high:.3f}", start) for high, start in zip(height, starts, strict=True)]


def test_pv_by_the_sun_is_fine():
    assert codes(found_in(*sunny(0))) == ([], [])


@pytest.mark.parametrize("shift", [8, -8, 3, -3])
def test_pv_by_night_is_a_fault_with_its_shift(shift):
    found = found_in(*sunny(shift))
    assert codes(found)[0] == ["PK1817"]
    facts = found.faults[0].facts
    assert facts["shift"] == abs(shift) * 60
    assert str(facts["way"]) == ("late" if shift > 0 else "early")


@pytest.mark.parametrize("shift", [1, -1])
def test_an_hour_off_is_seen(shift):
    faults, notices = codes(found_in(*sunny(shift)))
    assert faults + notices in (["PK1817"], ["PK1829"])


def test_a_day_alone_says_nothing_of_the_clock():
    assert codes(found_in(*sunny(8, days=1))) == ([], [])
