"""From the bytes of a meter file to rows of cells: CSV in long or wide form, or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from parkopt.errors import Text
from parkopt.faults import CutShort, NoLastLineBreak, NoReadings, NotMeterFile, WrongCells, WrongMeterColumns
from parkopt.metering.findings import Findings
from parkopt.metering.words import COLUMNS, UNITS, Column, column_of, wide_of

MAGIC = {
    b"PK\x03\x04": Text("an Excel or ZIP file", "Excel 或 ZIP 文件"),
    b"\xd0\xcf\x11\xe0": Text("an old Excel file", "旧版 Excel 文件"),
    b"\x1f\x8b": Text("a gzip file", "gzip 压缩文件"),
    b"%PDF": Text("a PDF file", "PDF 文件"),
    b"\xff\xfe": Text("text in UTF-16", "UTF-16 编码的文本"),
    b"\xfe\xff": Text("text in UTF-16", "UTF-16 编码的文本"),
}
NEEDED: tuple[Column, ...] = ("device", "register", "start", "value")
OTHER_CODE = Text("text in GBK or another encoding", "GBK 或其他编码的文本")
BINARY = Text("a binary file", "二进制文件")
ITEM: tuple[Column, ...] = tuple(dict.fromkeys(COLUMNS.values()))
MOST_COLUMNS, SHOWN_COLUMNS, SHOWN_LETTERS = 2000, 40, 60
"""More columns than this are no meter file; how many names, and how much of each, a message repeats."""


@dataclass(frozen=True)
class RawRow:
    """One reading as written: row 1 is the first data row; `cells` as in `Table.columns`."""

    row: int
    line: int | None
    cells: list[str]


@dataclass
class Table:
    """Rows of a file: which column is where, and the unit that the header says."""

    columns: dict[Column, int]
    unit: str
    rows: Iterator[RawRow]


def read_table(data: bytes, findings: Findings) -> Table | None:
    """Return the rows of a file, or None after a fault that forbids reading on."""
    text = _decoded(data, findings)
    if text is None:
        return None
    if not text.strip():
        findings.add(NoReadings(findings.at()))
        return None
    if text.lstrip()[0] in "{[":
        return _json_table(text, findings)
    return _csv_table(text, findings)


def _decoded(data: bytes, findings: Findings) -> str | None:
    found: Text | None = next((what for magic, what in MAGIC.items() if data.startswith(magic)), None)
    if found is None and b"\x00" in data:
        found = BINARY
    if found is None:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            found = OTHER_CODE
    findings.add(NotMeterFile(findings.at(), found=found))
    return None


def _csv_table(text: str, findings: Findings) -> Table | None:
    lines = text.splitlines(keepends=True)
    skipped = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    if skipped == len(lines):
        findings.add(NoReadings(findings.at()))
        return None
    separator = max(",;\t", key=lines[skipped].count)
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), delimiter=separator, strict=True)
    try:
        header = [cell.strip() for cell in next(reader)]
    except csv.Error as error:
        _unreadable(findings, skipped + 1, error)
        return None
    if not text.endswith(("\n", "\r")):
        findings.add(NoLastLineBreak(findings.at(line=len(lines))))
    if len(header) > MOST_COLUMNS:
        count = f"{len(header)} columns are more than {MOST_COLUMNS}", f"{len(header)} 列超过 {MOST_COLUMNS} 列"
        _blame(findings, header, *count, "")
        return None
    whole = _whole_rows(reader, len(header), skipped, text, findings)
    wide = [wide_of(name) for name in header]
    if any(wide):
        return _wide_table(header, wide, whole, findings)
    return _long_table(header, whole, findings)


def _whole_rows(reader: Any, width: int, skipped: int, text: str, findings: Findings) -> Iterator[RawRow]:
    """Yield rows with as many cells as the header; a last row without its end is a file cut short."""
    row, short = 0, None
    for cells in _read_on(reader, skipped, findings):
        if not cells or not any(map(str.strip, cells)):
            continue
        if short is not None:
            findings.add(WrongCells(findings.at("", *short[:2]), got=short[2], expected=width))
            short = None
        row += 1
        if len(cells) == width:
            yield RawRow(row, reader.line_num + skipped, cells)
        else:
            short = (row, reader.line_num + skipped, len(cells))
    if short is None:
        return
    if short[2] < width and not text.endswith(("\n", "\r")):
        reason = Text(
            f"the last row has {short[2]} of {width} cells", f"最后一行只有 {width} 个单元格中的 {short[2]} 个"
        )
        findings.add(CutShort(findings.at("", *short[:2]), reason=reason))
    else:
        findings.add(WrongCells(findings.at("", *short[:2]), got=short[2], expected=width))


def _read_on(reader: Any, skipped: int, findings: Findings) -> Iterator[list[str]]:
    """Yield the rows of a CSV up to its end, or to where it cannot be read on."""
    try:
        yield from reader
    except csv.Error as error:
        _unreadable(findings, reader.line_num + skipped, error)


def _unreadable(findings: Findings, line: int, error: csv.Error) -> None:
    reason = Text(f"the CSV cannot be read on ({error})", f"CSV 无法继续读取（{error}）")
    findings.add(CutShort(findings.at(line=line), reason=reason))


def _long_table(header: list[str], rows: Iterator[RawRow], findings: Findings) -> Table | None:
    columns: dict[Column, int] = {}
    unit, before = "", len(findings.faults)
    for index, name in enumerate(header):
        column, own = column_of(name)
        if column is None:
            shown = _short(name)
            _blame(findings, header, f"the column {shown!r} is unknown", f"列 {shown!r} 无法识别", name)
        elif column in columns:
            _blame(findings, header, f"the column {column} stands twice", f"列 {column} 出现两次", name)
        else:
            columns[column] = index
            unit = own or unit
    for column in NEEDED:
        if column not in columns:
            _blame(findings, header, f"the column {column} is missing", f"缺少列 {column}", column)
    if not unit and "unit" not in columns:
        _blame(findings, header, "no column says the unit", "没有任何列说明单位", "unit")
    return Table(columns, unit, rows) if len(findings.faults) == before else None


def _blame(findings: Findings, header: list[str], en: str, zh: str, field: str) -> None:
    findings.add(WrongMeterColumns(findings.at(_short(field)), problem=Text(en, zh), known=_named(header)))


def _named(names: Iterable[str]) -> str:
    """Return the first names of many, for a message that must not grow with the file."""
    return ", ".join(_short(name) for name in islice(names, SHOWN_COLUMNS))


def _short(name: str) -> str:
    return name if len(name) <= SHOWN_LETTERS else f"{name[:SHOWN_LETTERS]}..."


def _wide_table(
    header: list[str], wide: list[tuple[str, str, str] | None], rows: Iterator[RawRow], findings: Findings
) -> Table | None:
    """Return a table of start, then one column a register, as long rows; an empty cell is no reading."""
    shared: dict[Column, int] = {}
    before = len(findings.faults)
    for index, (name, own) in enumerate(zip(header, wide, strict=True)):
        if own is not None:
            continue
        column, _ = column_of(name)
        if column in ("start", "end", "minutes", "quality", "revision", "comment") and column not in shared:
            shared[column] = index
        else:
            shown = _short(name)
            _blame(findings, header, f"the column {shown!r} is unknown", f"列 {shown!r} 无法识别", name)
    if "start" not in shared:
        _blame(findings, header, "the column start is missing", "缺少列 start", "start")
    if len(findings.faults) != before:
        return None
    places = list(shared.values())
    registers = [(index, own) for index, own in enumerate(wide) if own is not None]

    def spread() -> Iterator[RawRow]:
        for one in rows:
            common = [one.cells[place] for place in places]
            for index, (device, register, unit) in registers:
                if one.cells[index].strip():
                    yield RawRow(one.row, one.line, [device, register, unit, one.cells[index], *common])

    first: tuple[Column, ...] = ("device", "register", "unit", "value")
    return Table({name: place for place, name in enumerate((*first, *shared))}, "", spread())


def _json_table(text: str, findings: Findings) -> Table | None:
    try:
        told = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        place = getattr(error, "lineno", None)
        reason = Text(f"the JSON cannot be read ({error})", f"JSON 无法读取（{error}）")
        findings.add(CutShort(findings.at(line=place), reason=reason))
        return None
    items = told.get("readings") if isinstance(told, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        _blame(
            findings, ["-"], 'the JSON is not {"readings": [{...}, ...]}', 'JSON 不是 {"readings": [{...}, ...]}', ""
        )
        return None
    return Table({name: index for index, name in enumerate(ITEM)}, "", _items(items, findings))


def _items(items: list[dict[str, Any]], findings: Findings) -> Iterator[RawRow]:
    for row, item in enumerate(items, 1):
        cells = dict.fromkeys(ITEM, "")
        for name, value in item.items():
            column, unit = column_of(str(name))
            if column is None:
                shown = _short(name)
                problem = Text(f"the field {shown!r} is unknown", f"字段 {shown!r} 无法识别")
                findings.add(WrongMeterColumns(findings.at(shown, row), problem=problem, known=_named(item)))
                continue
            cells[column] = "" if value is None else str(value)
            if unit:
                cells["unit"] = cells["unit"] or unit
        yield RawRow(row, None, list(cells.values()))


def known_unit(text: str) -> str | None:
    """Return kWh, MWh or Wh for a unit as written, or None."""
    return UNITS.get(text.strip().lower())
