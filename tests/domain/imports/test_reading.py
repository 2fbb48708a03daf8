"""The reading layer on files nobody here wrote, and on files made to hurt."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils import translation

from kniga.imports.tabular.encodings import find_encoding
from kniga.imports.tabular.errors import TabularError
from kniga.imports.tabular.limits import Limits
from kniga.imports.tabular.table import ReadOptions, open_table
from kniga.imports.tabular.values import number_style_of, parse_date, parse_number

RUSSIAN = "Название;ИНН;Город;Сумма\r\nООО «Ёлка»;7707083893;Тверь;1 234,50\r\nАО Щит;7707083893;Орёл;12,00\r\n"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


def written(folder: Path, data: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def refusal(path: Path, options: ReadOptions | None = None, limits: Limits | None = None) -> TabularError:
    with pytest.raises(TabularError) as caught:
        list(open_table(path, options, limits or Limits()).rows())
    assert caught.value.place and caught.value.problem and caught.value.cure
    return caught.value


@pytest.mark.shared_data("cyrillic_encodings_chardet")
def test_every_cyrillic_encoding_is_found(shared_data: Path) -> None:
    folder = shared_data / "cyrillic_encodings_chardet"
    for name, truth in json.loads((folder / "GROUND_TRUTH.json").read_text()).items():
        data = (folder / name).read_bytes()
        text = data.decode(find_encoding(folder / name).name)
        assert hashlib.sha256(text.encode()).hexdigest() == truth["sha256_of_utf8_text"], name


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251", "koi8-r", "cp866", "mac-cyrillic"]
)
def test_a_short_russian_table_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    body = RUSSIAN.replace("«", "").replace("»", "") if encoding in {"koi8-r", "cp866"} else RUSSIAN
    table = open_table(written(tmp_path, body.encode(encoding)))
    assert [column.name for column in table.columns] == ["Название", "ИНН", "Город", "Сумма"]
    assert table.columns[3].profile.number_style == "comma"
    assert table.encoding is not None and "лка" in table.encoding.sample + body


@pytest.mark.shared_data("csv_spectrum")
def test_the_csv_acid_test_gives_the_expected_cells(shared_data: Path) -> None:
    folder = shared_data / "csv_spectrum"
    truth = json.loads((folder / "GROUND_TRUTH.json").read_text())
    for name, facts in truth.items():
        if not facts["python_csv_equals_expected"]:
            continue
        table = open_table(folder / name)
        names = [column.name for column in table.columns]
        got = [dict(zip(names, row.cells, strict=True)) for row in table.rows()]
        expected = json.loads((folder / "json" / f"{Path(name).stem}.json").read_text())
        assert [{key: value.replace("\r\n", "\n") for key, value in row.items()} for row in got] == [
            {key: value.replace("\r\n", "\n").strip() for key, value in row.items()} for row in expected
        ], name


@pytest.mark.shared_data("messytables_horror")
def test_the_horror_files_are_read_or_refused_with_a_cure(shared_data: Path) -> None:
    outcomes = {}
    for path in sorted((shared_data / "messytables_horror").iterdir()):
        if path.suffix in {".json", ".md"}:
            continue
        try:
            table = open_table(path)
            assert sum(1 for _row in table.rows()) == table.row_count
            outcomes[path.name] = table.row_count
        except TabularError as error:
            outcomes[path.name] = error.code  # type: ignore[assignment]
    assert outcomes == {
        "blank_line.ods": "open_document", "complex.csv": 3, "encrypted_no_password.xls": "old_excel",
        "excel_properties.xls": "old_excel", "large.ods": "open_document", "large.xlsx": 31,
        "libreoffice.xlsx": "empty", "long.csv": 3999, "mixedGLB.csv": 133, "multilineods.ods": "open_document",
        "simple.ods": "open_document", "simple.psv": 28, "simple.ssv": 6, "simple.unknown": "empty",
        "simple.xls": "old_excel", "simple.xlsx": 6, "simple.zip": "archive", "sw_gen.xlsx": 15,
        "utf-16le_encoded.csv": 327, "utf8bom.csv": 0, "weird_head_padding.csv": 76,
    }  # fmt: skip


def test_a_date_order_is_decided_over_the_whole_column(tmp_path: Path) -> None:
    table = open_table(
        written(tmp_path, "a,b,c,d\n1/2/2020,1/2/2020,1/2/2020,2020-02-01\n3/4/2020,13/4/2020,3/14/2020,\n")
    )
    orders = [(column.profile.date_order, column.profile.is_ambiguous) for column in table.columns]
    assert orders == [(None, True), ("dmy", False), ("mdy", False), ("iso", False)]


@pytest.mark.parametrize(
    ("cells", "style"),
    [(("7707083893", "12"), None), (("7707083893", "1,5"), "comma"), (("12", "1,234"), None)],
    ids=["whole numbers", "a decimal", "in doubt"],
)
def test_a_style_of_numbers_is_told_only_where_a_cell_tells_it(
    tmp_path: Path, cells: tuple[str, ...], style: str | None
) -> None:
    table = open_table(written(tmp_path, ("A;B\n" + "".join(f"{cell};x\n" for cell in cells)).encode()))
    assert table.columns[0].profile.content == "number"
    assert table.columns[0].profile.number_style == style


def test_dates_and_numbers_are_read_as_people_write_them() -> None:
    assert parse_date("2.3.2024", "iso") == parse_date("3/2/24", "mdy") == parse_date("2 марта 2024 г.", "dmy")
    assert parse_date("2 May 2024", "iso") == parse_date("2 мая 2024", "iso") == date(2024, 5, 2)
    assert parse_date("31.02.2024", "dmy") is None
    assert parse_date("2023-10-26T9:45:00", "iso") == date(2023, 10, 26)
    assert parse_number("1 234,56 ₽", "point") == parse_number("1,234.56", "comma") == Decimal("1234.56")
    assert parse_number("1,234", "point") == 1234 and parse_number("1,234", "comma") == Decimal("1.234")
    assert parse_number("(5)", "point") == -5 and parse_number("12 шт", "point") is None
    assert number_style_of("1,234") == "either" and number_style_of("1.234.567") == "comma"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 100, "program"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "program"),
        (b"#!/bin/sh\nrm -rf /\n", "program"),
        (b"%PDF-1.7\n1 0 obj", "pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "image"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 50, "image"),
        (b"\x1f\x8b\x08" + b"\x00" * 50, "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 50, "old_excel"),
        (b"<!DOCTYPE html><html><table>", "web_page"),
        (b'{"clients": [1, 2]}', "json"),
        (bytes(range(256)) * 20, "binary"),
        (b"   \n\n", "empty"),
        (b"PK\x03\x04 and then nothing of an archive", "broken_workbook"),
    ],
)
def test_what_is_no_table_is_refused_whatever_its_name(tmp_path: Path, data: bytes, code: str) -> None:
    assert refusal(written(tmp_path, data)).code == code


def test_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    wide = written(tmp_path, ",".join(f"c{i}" for i in range(100_000)) + "\n1\n")
    assert refusal(wide).code == "too_many_columns"
    assert refusal(written(tmp_path, "a\n" * 50), limits=Limits(rows=10)).code == "too_many_rows"
    with written(tmp_path, b"").open("r+b") as file:
        file.truncate(2 * 1024**3)
    assert refusal(tmp_path / "table.csv").code == "too_large"
    assert refusal(written(tmp_path, "x" * 5_000_000)).code == "line_too_long"


def test_a_quote_that_never_closes_names_its_line(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, 'a,b\n1,2\n3,"open\n' + "4,5\n" * 60_000))
    assert error.code == "unclosed_quote" and error.place == "Line 3"


def test_a_wrong_encoding_names_the_line_and_torn_utf8_is_not_guessed_at(tmp_path: Path) -> None:
    cp1251 = written(tmp_path, RUSSIAN.encode("cp1251"))
    error = refusal(cp1251, ReadOptions(encoding="utf-8"))
    assert error.code == "undecodable" and error.place == "Line 1"
    torn = refusal(written(tmp_path, "Имя\nПётр\n".encode() * 5 + b"\xd0\n"))
    assert torn.code == "undecodable" and torn.place == "Line 11"
    assert refusal(cp1251, ReadOptions(encoding="klingon")).code == "unknown_encoding"


def test_ragged_and_long_rows_are_flagged_not_lost(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, "a,b\n1,2\n1,2,3\n1\n" + "x" * 40_000 + ",2\n"))
    problems = [bool(row.problem) for row in table.rows()]
    assert problems == [False, True, False, True]


def test_formulas_in_text_are_text_and_counted(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, "a,phone\n\"=cmd|' /C calc'!A0\",+7 495 913-04-78\n@SUM(1),-5\n"))
    assert [column.profile.formulas for column in table.columns] == [2, 0]


def workbook_bytes(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_gives_text_dates_and_numbers(tmp_path: Path) -> None:
    data = workbook_bytes([["Имя", "Дата", "Сумма"], ["Ёлка", date(2024, 3, 2), 1234.567], ["Щит", None, 7]])
    table = open_table(written(tmp_path, data, "table.xlsx"))
    assert [row.cells for row in table.rows()] == [["Ёлка", "2024-03-02", "1234.5670"], ["Щит", "", "7"]]
    assert table.columns[1].profile.date_order == "iso"


def test_a_formula_without_a_value_is_flagged(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, workbook_bytes([["a", "b"], [1, "=A2*2"]]), "table.xlsx"))
    assert [bool(row.problem) for row in table.rows()] == [True]


def repacked(data: bytes, part: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return stream.getvalue()


def test_damaged_workbooks_and_bombs_are_refused(tmp_path: Path) -> None:
    honest = workbook_bytes([["a"], ["b"]])
    sheet = "xl/worksheets/sheet1.xml"
    assert refusal(written(tmp_path, honest[: len(honest) // 2])).code == "broken_workbook"
    assert refusal(written(tmp_path, repacked(honest, sheet, b"<worksheet><sheetData><row"))).code == "broken_workbook"
    bomb = repacked(honest, sheet, b"<worksheet>" + b" " * 60_000_000 + b"</worksheet>")
    assert refusal(written(tmp_path, bomb)).code == "unpacks_too_large"
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    assert refusal(written(tmp_path, repacked(honest, sheet, laughs))).code == "entities"


def test_one_endless_row_of_a_workbook_is_cut_off(tmp_path: Path) -> None:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cells = '<c t="inlineStr"><is><t>x</t></is></c>' * 300_000
    sheet = f'<worksheet xmlns="{space}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'.encode()
    data = repacked(workbook_bytes([["a"]]), "xl/worksheets/sheet1.xml", sheet)
    tracemalloc.start()
    assert refusal(written(tmp_path, data), limits=Limits(unpacked_ratio=10_000)).code == "too_many_columns"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000


def test_numbers_of_taxpayers_are_not_taken_for_phones(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, "inn,phone\n7707083893,9161234567\n7707083890,89165551212\n"))
    assert [column.profile.content for column in table.columns] == ["number", "phone"]
