"""Park files: every fault together, each with its line, its field and a remedy in both languages."""
# ruff: noqa: E501

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from parkopt.errors import Faults, ParkoptError
from parkopt.models import technologies
from parkopt.park.loader import json_schema, load_park
from parkopt.park.series import SeriesSpec
from parkopt.park.yaml import Document

PARKS = Path(__file__).resolve().parents[2] / "parks"
IDS = ("dafeng", "huanghai", "sheyang", "ydz")
KINDS = technologies()
TARIFF = "tariff: tariffs/retail_tou.yaml"


@pytest.fixture
def folder(tmp_path):
    """A copy of the park ydz."""
    return Path(shutil.copytree(PARKS / "ydz", tmp_path / "ydz"))


def edit(folder, *changes, name="park.yaml"):
    """Replace the first occurrence of each text."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path):
    with pytest.raises(ParkoptError) as caught:
        load_park(path, KINDS)
    fault = caught.value
    return list(fault.faults) if isinstance(fault, Faults) else [fault]


def line_of(path, text):
    return next(i for i, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize("park", IDS)
def test_the_parks_load(park):
    file = load_park(PARKS / park / "park.yaml", KINDS)
    assert file.park.id == park
    assert len(file.sha256) == 64
    assert len(file.park.of_kind("grid")) == 1
    assert file.folder == PARKS / park
    assert set(file.park.assets) == set(Document(PARKS / park / "park.yaml").data["assets"])


@pytest.mark.parametrize("park", IDS)
def test_a_park_comes_back_from_its_own_dump(tmp_path, park):
    first = load_park(PARKS / park / "park.yaml", KINDS).park
    plain = first.model_dump(mode="json", exclude_none=True)
    with (tmp_path / "park.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(plain, file)
    assert load_park(tmp_path / "park.yaml", KINDS).park == first


def test_the_hash_covers_the_tariff_file(folder):
    before = load_park(folder / "park.yaml", KINDS).sha256
    assert load_park(folder / "park.yaml", KINDS).sha256 == before
    edit(folder, ("0.3957", "0.3958"), name="tariffs/retail_tou.yaml")
    assert load_park(folder / "park.yaml", KINDS).sha256 != before


ONE = {
    "unknown key": ("    om: 20 yuan/MWh", "    omm: 20 yuan/MWh", "PK1202", "assets.roof_pv.omm", "omm", "did you mean 'om'", "是否想写 'om'"),
    "unknown key at the top": ("\noffshore: []", "\noffshor: []", "PK1202", "offshor", "offshor:", "did you mean 'offshore'", "可用的键"),
    "missing key": ("    energy: 300 MWh\n", "", "PK1203", "assets.ess", "    kind: storage", "Add it: energy: 120 MWh", "请补上：energy: 120 MWh"),
    "missing kind": ("    kind: pv\n", "", "PK1203", "assets.roof_pv", "    capacity: 150 MWp", "Add it: kind: wind", "请补上"),
    "wrong unit": ("energy: 300 MWh", "energy: 300 MW", "PK1101", "assets.ess.energy", "energy: 300 MW", "such as '120 MWh'", "例如 '120 MWh'"),
    "missing unit": ("energy: 300 MWh", "energy: 300", "PK1102", "assets.ess.energy", "energy: 300", "such as '120 MWh'", "请写明单位"),
    "out of range": ("soc_max: 0.9", "soc_max: 9", "PK1103", "assets.ess.soc_max", "soc_max: 9", "outside 0 to 1", "超出范围 0 至 1"),
    "below 0": ("import_limit: 320 MW", "import_limit: -1 MW", "PK1103", "assets.grid.import_limit", "import_limit", "-1 MW is outside 0.0 MW", "超出范围"),
    "wrong word": ("connection: direct", "connection: wire", "PK1204", "assets.roof_pv.connection", "connection: wire", "'wire' is not allowed", "应为"),
    "levels out of order": ("soc_max: 0.9", "soc_max: 0.2", "PK1204", "assets.ess", "    kind: storage", "must not exceed", "不得大于"),
    "unknown kind": ("kind: storage", "kind: batery", "PK1205", "assets.ess.kind", "kind: batery", "Known kinds:", "可用类型"),
    "unknown enterprise": ("enterprise: yd-data", "enterprise: yd-dat", "PK1206", "assets.data_hall.enterprise", "enterprise: yd-dat,", "yd-data", "请先定义"),
    "unknown asset": ("entitlements: {offshore_green: 0.8}", "entitlements: {offshore: 0.8}", "PK1206", "enterprises.yd-battery.entitlements.offshore", "  yd-battery:", "offshore_green", "没有定义"),
    "wrong id": ("id: ydz", "id: Y D Z", "PK1204", "id", "id: Y D Z", "pattern", "应符合"),
    "wrong zone": ('zone: "+08:00"', "zone: Asia/Shanghai", "PK1112", "zone", "zone:", "'+08:00'", "固定时差"),
    "latitude": ("latitude: 33.36", "latitude: 133.36", "PK1204", "location.latitude", "latitude", "less than or equal to 90", "应不大于 90"),
    "text for a mapping": ("name: {en: Yancheng Economic and Technological Development Zone, zh: 盐城经济技术开发区}", "name: Yancheng", "PK1204", "name", "name: Yancheng", "'Yancheng'", "应为键值映射"),
    "no tariff file": (TARIFF, "tariff: tariffs/none.yaml", "PK1003", "assets.grid.tariff", "tariffs/none.yaml", "none.yaml", "不存在"),
    "two carriers": ("  ess:\n", "  warm: {kind: heat_load, enterprise: yd-battery, demand: 1 MW, heat_bus: dc}\n  spare: {kind: load, enterprise: yd-battery, archetype: continuous, annual: 1 GWh/yr, bus: dc}\n  ess:\n", "PK1204", "assets.spare", "  spare:", "one bus carries one thing", "母线"),
    "a lonely bus": ("  ess:\n", "  spare: {kind: load, enterprise: yd-battery, archetype: continuous, annual: 1 GWh/yr, bus: dc}\n  ess:\n", "PK1204", "assets.spare", "  spare:", "no other asset", "没有其他设备"),
}  # fmt: skip


@pytest.mark.parametrize("case", ONE)
def test_one_fault_is_named_with_line_field_and_remedy(folder, case):
    old, new, code, field, at, english, chinese = ONE[case]
    path = edit(folder, (old, new))
    (fault,) = faults_of(path)
    assert (fault.code, fault.where.field) == (code, field)
    assert (fault.where.file, fault.where.line) == (str(path), line_of(path, at))
    assert english in fault.text("en")
    assert chinese in fault.text("zh")
    assert fault.exit_code == 3


def test_no_grid(folder):
    text = (folder / "park.yaml").read_text(encoding="utf-8")
    start, end = text.index("  grid:\n"), text.index("  offshore_green:")
    (folder / "park.yaml").write_text(text[:start] + text[end:], encoding="utf-8")
    (fault,) = faults_of(folder / "park.yaml")
    assert (fault.code, fault.facts["count"]) == ("PK1208", 0)


@pytest.mark.parametrize("assets", ["", "assets: {}", "assets: []", "assets: 5"])
def test_no_assets(folder, assets):
    text = (folder / "park.yaml").read_text(encoding="utf-8")
    start, end = text.index("assets:\n"), text.index("enterprises:\n")
    (folder / "park.yaml").write_text(f"{text[:start]}{assets}\n{text[end:]}", encoding="utf-8")
    assert [fault.facts["key"] for fault in faults_of(folder / "park.yaml") if fault.code == "PK1203"] == ["assets"]


FILES = {
    "empty": (b"", "PK1201", 1),
    "comments alone": (b"# nothing\n", "PK1201", 1),
    "a list": (b"- a\n", "PK1201", 1),
    "a word": (b"hello\n", "PK1201", 1),
    "bad YAML": (b"id: ydz\nname: {en: x\nzone: y\n", "PK1201", 3),
    "a tab": (b"id: ydz\nname:\n\ten: x\n", "PK1201", 3),
    "not UTF-8": ("id: ydz\nname: 盐城\n".encode("gb18030"), "PK1201", None),
    "a control sign": (b"id: yd\x01z\n", "PK1201", None),
    "a key twice": (b"id: a\nname: {en: x, zh: x}\nid: b\n", "PK1207", 3),
    "an unknown tag": (b"id: !!python/object/apply:os.system [exit]\n", "PK1204", 1),
    "an alias to nothing": (b"id: *x\n", "PK1201", 1),
}


@pytest.mark.parametrize("case", FILES)
def test_what_is_no_park_file(tmp_path, case):
    data, code, line = FILES[case]
    path = tmp_path / "park.yaml"
    path.write_bytes(data)
    found = faults_of(path)
    assert code in [fault.code for fault in found]
    fault = next(fault for fault in found if fault.code == code)
    assert fault.where.file == str(path)
    if line is not None:
        assert fault.where.line == line
    assert fault.text("zh")


def test_an_absent_file(tmp_path):
    assert [fault.code for fault in faults_of(tmp_path / "park.yaml")] == ["PK1003"]


@pytest.mark.parametrize(
    ("change", "code", "field", "at"),
    [
        (("base: 0.3957 yuan/kWh", "base: 0.3957 yuan"), "PK1101", "energy.time_of_use.base", "base:"),
        (("mode: retail_tou", "mod: retail_tou"), "PK1202", "mod", "mod:"),
        (('peak: ["14-22"]', 'peak: ["14-25"]'), "PK1204", "energy.time_of_use.seasons.0.windows.peak.0", '"14-25"'),
        (("demand:\n", "demand: {\n"), "PK1201", "", "export:"),
        (("deep: 0.28", "dep: 0.28"), "PK1204", "energy.time_of_use.multipliers.dep", "dep: 0.28"),
    ],
)
def test_a_fault_in_the_tariff_file_names_that_file_and_its_line(folder, change, code, field, at):
    tariff = edit(folder, change, name="tariffs/retail_tou.yaml")
    found = faults_of(folder / "park.yaml")
    fault = next(fault for fault in found if fault.code == code)
    assert fault.where.file == str(tariff)
    assert fault.where.field.startswith(field)
    assert fault.where.line in (line_of(tariff, at), line_of(tariff, at) - 1)
    assert {Path(fault.where.file).name for fault in found} == {"retail_tou.yaml"}


def test_a_missing_data_file_is_named_where_it_is_asked_for(folder):
    old = "car_works: {kind: load, enterprise: yd-cars, archetype: two_shift, annual: 150 GWh/yr, basis: synthetic}"
    new = "car_works: {kind: load, enterprise: yd-cars, profile: {file: data/none.csv, column: x, unit: kW}}"
    path = edit(folder, (old, new))
    (fault,) = faults_of(path)
    assert (fault.code, fault.where.field) == ("PK1003", "assets.car_works.profile.file")
    assert fault.where.line == line_of(path, "none.csv")
    (folder / "data").mkdir()
    (folder / "data/none.csv").write_text("time,x\n", encoding="utf-8")
    assert isinstance(load_park(path, KINDS).park.assets["car_works"].profile, SeriesSpec)


PLANT = """    plant:
      kind: pv
      capacity: 5 MWp
      ac_limt: 4 MW
      tilt: 22 MW
      azimuth: 180 deg
"""


def test_faults_of_a_contracts_plant_are_those_of_its_own_kind(folder):
    """The known keys of a PV plant were once those of a wind plant, and the line that of the whole plant."""
    path = edit(folder, ("    form: baseload\n", f"    form: pay_as_produced\n{PLANT}"), ("    volume: 60 MW\n", ""))
    found = {fault.code: fault for fault in faults_of(path)}
    assert set(found) == {"PK1101", "PK1202", "PK1203"}
    unknown = found["PK1202"]
    assert (unknown.where.field, unknown.where.line) == (
        "assets.offshore_green.plant.ac_limt",
        line_of(path, "ac_limt"),
    )
    assert "did you mean 'ac_limit'" in unknown.text()
    assert found["PK1101"].where.line == line_of(path, "tilt: 22 MW")


TEN = [
    ("id: ydz", "id: YDZ"),
    ("latitude: 33.36", "latitude: north"),
    ('zone: "+08:00"', "zone: CST"),
    ("capacity: 150 MWp", "capacity: 150 MWh"),
    ("tilt: 10 deg", "tilt: 10"),
    ("soc_min: 0.1", "soc_mn: 0.1"),
    ("    import_limit: 320 MW\n", ""),
    (TARIFF, "tariff: tariffs/none.yaml"),
    ("take_or_pay: 0.9", "take_or_pay: 90"),
    ("enterprise: yd-data", "enterprise: yd-none"),
]


def test_ten_faults_at_once_are_ten(folder):
    found = faults_of(edit(folder, *TEN))
    expected = ["PK1003", "PK1101", "PK1102", "PK1103", "PK1112", "PK1202", "PK1203", "PK1204", "PK1204", "PK1206"]
    assert sorted(fault.code for fault in found) == expected
    assert len({(fault.where.line, fault.where.field) for fault in found}) == 10


def test_an_empty_value_is_not_hidden_by_another_fault(folder):
    found = faults_of(edit(folder, ("tilt: 10 deg", "tilt: 10"), ("energy: 300 MWh", "energy:")))
    assert {fault.where.field for fault in found} == {"assets.roof_pv.tilt", "assets.ess.energy"}


def test_a_reference_is_checked_although_another_asset_is_broken(folder):
    found = faults_of(edit(folder, ("id: ydz", "id: YDZ"), ("enterprise: yd-data", "enterprise: yd-none")))
    assert [fault.code for fault in found] == ["PK1204", "PK1206"]


@pytest.mark.parametrize("enterprises", ["5", "[{a: b}]", "[[a]]", "yes", "text"])
def test_enterprises_of_another_shape_are_a_fault(folder, enterprises):
    text = (folder / "park.yaml").read_text(encoding="utf-8")
    start, end = text.index("enterprises:\n"), text.index("rules:\n")
    (folder / "park.yaml").write_text(f"{text[:start]}enterprises: {enterprises}\n{text[end:]}", encoding="utf-8")
    assert "enterprises" in [fault.where.field for fault in faults_of(folder / "park.yaml")]


def test_a_long_value_is_cut_in_the_message(folder):
    (fault,) = faults_of(edit(folder, ("soc_max: 0.9", "soc_max: 0.2")))
    assert len(fault.message()) < 250


# ---------------------------------------------------------------- JSON Schema

SCHEMA = json_schema(KINDS)
TYPES = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def misfits(data, schema, at="$"):
    """Yield where data break a schema: the part of JSON Schema that pydantic writes."""
    if "$ref" in schema:
        yield from misfits(data, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], at)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            fits = [not list(misfits(data, branch, at)) for branch in schema[word]]
            if not any(fits) or (word == "oneOf" and sum(fits) != 1):
                yield f"{at}: {sum(fits)} branches of {word} fit"
    if "type" in schema:
        allowed = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(isinstance(data, TYPES[name]) for name in allowed):
            yield f"{at}: {type(data).__name__} is none of {allowed}"
    if "const" in schema and data != schema["const"]:
        yield f"{at}: {data!r} is not {schema['const']!r}"
    if "enum" in schema and data not in schema["enum"]:
        yield f"{at}: {data!r} is none of {schema['enum']}"
    if isinstance(data, dict):
        own, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from (f"{at}: {name} is missing" for name in schema.get("required", []) if name not in data)
        for name, value in data.items():
            if name in own:
                yield from misfits(value, own[name], f"{at}.{name}")
            elif rest is False:
                yield f"{at}: {name} is unknown"
            elif isinstance(rest, dict):
                yield from misfits(value, rest, f"{at}.{name}")
    if isinstance(data, list) and "items" in schema:
        for i, value in enumerate(data):
            yield from misfits(value, schema["items"], f"{at}.{i}")


@pytest.mark.parametrize("park", IDS)
def test_the_parks_fit_the_json_schema(park):
    assert list(misfits(Document(PARKS / park / "park.yaml").data, SCHEMA)) == []


@pytest.mark.parametrize("park", IDS)
def test_a_dumped_park_fits_the_json_schema(park):
    dumped = load_park(PARKS / park / "park.yaml", KINDS).park.model_dump(mode="json")
    assert list(misfits(dumped, SCHEMA)) == []


@pytest.mark.parametrize(
    "case", ["unknown key", "missing key", "missing kind", "unknown kind", "wrong word", "missing unit"]
)
def test_the_json_schema_sees_faults_of_structure(folder, case):
    old, new = ONE[case][:2]
    assert list(misfits(Document(edit(folder, (old, new))).data, SCHEMA))


def test_each_kind_has_a_branch():
    branches = SCHEMA["properties"]["assets"]["additionalProperties"]["oneOf"]
    names = [branch["$ref"].removeprefix("#/$defs/") for branch in branches]
    assert {SCHEMA["$defs"][name]["properties"]["kind"]["const"] for name in names} == set(KINDS)


# ---------------------------------------------------------------- any file at all

DATA = {park: Document(PARKS / park / "park.yaml").data for park in ("dafeng", "ydz")}
DATA["ydz"]["assets"]["grid"]["tariff"] = Document(PARKS / "ydz/tariffs/retail_tou.yaml").data
VALUES = [None, 5, -1, 1.5, True, "", "abc", "60 MW", "{x}", "{0}", "14-75", "none", "grid", 10**30, float("inf"),
          float("nan"), [], {}, [1], ["a"], [[1]], {"a": 1}, [{"a": 1}], {"file": "x"}]  # fmt: skip


def paths(node, at=()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from paths(value, (*at, key))


PATHS = {park: list(paths(data)) for park, data in DATA.items()}


def changed(node, path, action, value):
    """Return a copy of `node` in which the part at `path` is deleted, renamed or set."""
    head, *rest = path
    copy = dict(node) if isinstance(node, dict) else list(node)
    if rest:
        copy[head] = changed(copy[head], rest, action, value)
    elif action == "set":
        copy[head] = value
    elif action == "rename" and isinstance(copy, dict):
        copy[f"{head}x"] = copy.pop(head)
    else:
        del copy[head]
    return copy


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from(sorted(DATA)), st.sampled_from(["delete", "rename", "set", "set"]))
def test_a_changed_park_file_loads_or_is_a_fault(tmp_path, data, park, action):
    path = data.draw(st.sampled_from(PATHS[park]))
    plain = changed(DATA[park], path, action, data.draw(st.sampled_from(VALUES)))
    shutil.copytree(PARKS / park / "tariffs", tmp_path / "tariffs", dirs_exist_ok=True)
    with (tmp_path / "park.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(plain, file)
    try:
        load_park(tmp_path / "park.yaml", KINDS)
    except ParkoptError as fault:
        said = [fault.text("en"), fault.text("zh"), str(fault.as_dict("zh"))]
    else:
        said = ["sound"]
    assert all(said)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_park_file_with_damaged_bytes_loads_or_is_a_fault(tmp_path, data):
    raw = bytearray((PARKS / "ydz/park.yaml").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 2))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    shutil.copytree(PARKS / "ydz/tariffs", tmp_path / "tariffs", dirs_exist_ok=True)
    (tmp_path / "park.yaml").write_bytes(bytes(raw))
    try:
        load_park(tmp_path / "park.yaml", KINDS)
    except ParkoptError as fault:
        code = fault.code
    else:
        code = "PK1000"
    assert code.startswith("PK1")
