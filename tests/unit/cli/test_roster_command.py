"""`xoai roster read`: one JSON object for a list, or one that says why not and exit code 1."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from typer.testing import CliRunner

from cli.main import app

LIST = [
    ["TRƯỜNG TIỂU HỌC HOA MAI"],
    [],
    ["STT", "Họ và tên", "Ngày sinh", "Giới tính", "Lớp", "Mã HS", "SĐT", "Tiền ăn", "Bảo hiểm", "Tổng cộng"],
    [1, "Nguyễn Văn An", "05/09/2015", "Nam", "3A", "HS1", "0912345678", 450_000, "1.250.000", 1_700_000],
    [],
    [2, "Trần Thị Bình", "31/02/2015", "Nữ", "3A", "HS2", "912345679", "-", 1_250_000, 1_250_000],
    ["", "Tổng cộng", "", "", "", "", "", 450_000, 2_500_000, 2_950_000],
]


def xlsx(folder: Path, **sheets: list[list[Any]]) -> Path:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    path = folder / "ds.xlsx"
    path.write_bytes(out.getvalue())
    return path


def run(*arguments: object) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["roster", "read", *map(str, arguments)])
    return result.exit_code, json.loads(result.stdout)


def test_a_list_as_the_import_sees_it(tmp_path: Path) -> None:
    """Every field of the promise, in its form."""
    code, answer = run(xlsx(tmp_path, DS=LIST))
    assert code == 0
    assert (answer["ok"], answer["sheet"], answer["header_row"]) == (True, "DS", 3)
    assert answer["columns"] == {
        "full_name": "Họ và tên",
        "birth_date": "Ngày sinh",
        "sex": "Giới tính",
        "class_name": "Lớp",
        "pupil_code": "Mã HS",
        "phone": "SĐT",
    }
    assert answer["totals"] == {"rows": 2, "ok": 1, "wrong": 1}
    first, second = answer["rows"]
    assert first == {
        "row": 4,
        "outcome": "ok",
        "pupil": {
            "full_name": "Nguyễn Văn An",
            "birth_date": "2015-09-05",
            "sex": "nam",
            "class_name": "3A",
            "pupil_code": "HS1",
            "ministry_code": None,
            "personal_number": None,
            "phone": "+84912345678",
        },
        "items": {"Tiền ăn": 450_000, "Bảo hiểm": 1_250_000},
        "problems": [],
    }
    assert (second["row"], second["outcome"], second["items"]) == (6, "wrong", {"Bảo hiểm": 1_250_000})
    assert second["pupil"]["phone"] == "+84912345679"
    (problem,) = second["problems"]
    assert (problem["column"], problem["found"]) == ("Ngày sinh", "31/02/2015")
    assert problem["expected"]


def test_a_named_sheet_and_the_further_ones(tmp_path: Path) -> None:
    """The first sheet with a heading is read, the others are named; `--sheet` takes one of them."""
    path = xlsx(tmp_path, Bìa=[["Trường"]], **{"3A": LIST, "3B": LIST[2:]})
    assert [run(path)[1][name] for name in ("sheet", "sheets")] == ["3A", ["3B"]]
    assert [run(path, "--sheet", "3B")[1][name] for name in ("sheet", "header_row")] == ["3B", 1]
    code, answer = run(path, "--sheet", "3C")
    assert (code, answer["ok"], answer["error"]["reason"]) == (1, False, "ROSTER_SHEET_UNKNOWN")
    assert run(path, "--sheet", "Bìa")[1]["error"]["reason"] == "ROSTER_NO_HEADING"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "ROSTER_EMPTY"),
        (b"%PDF-1.7", "ROSTER_NOT_A_SPREADSHEET"),
        (b"PK", "ROSTER_DAMAGED"),
        (b"a,b\n1,2\n", "ROSTER_NO_HEADING"),
        (b"a" * (10 * 1024 * 1024 + 1), "ROSTER_TOO_LARGE"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes, reason: str) -> None:
    """Exit code 1 and one JSON object with the reason."""
    path = tmp_path / "ds.csv"
    path.write_bytes(content)
    code, answer = run(path)
    assert (code, answer["ok"], answer["error"]["reason"]) == (1, False, reason)
    assert answer["error"]["detail"]


def test_no_such_file_a_folder_and_a_device(tmp_path: Path) -> None:
    """What is no file is refused in the same form; a device is never read from."""
    for path in (tmp_path / "khong-co.xlsx", tmp_path, Path("/dev/zero"), Path("/dev/null")):
        code, answer = run(path)
        assert (code, answer["error"]["reason"]) == (1, "FILE_UNREADABLE")
