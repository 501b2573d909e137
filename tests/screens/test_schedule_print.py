"""A plan as a workbook and on paper, each made in a process of its own."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from luban.core.errors import InputError
from luban.screens.report.schedule_print import printed
from tests.screens import schedule_shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = schedule_shop.write(tmp_path_factory.mktemp("print") / "plant")
    schedule_shop.seed(made, schedule_shop.problem(), name="Week 2")
    return made


@pytest.mark.parametrize(("language", "sheet"), [("en", "Orders"), ("zh", "订单"), ("ko", "주문"), ("xx", "Orders")])
def test_the_workbook_speaks_the_language(folder: Path, tmp_path: Path, language: str, sheet: str):
    file = tmp_path / "plan.xlsx"
    file.write_bytes(printed(folder, "P0001", "excel", language))
    book = load_workbook(file, read_only=True)
    assert sheet in book.sheetnames
    assert book[sheet].max_row >= 14
    book.close()


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_the_paper_is_one(folder: Path, language: str):
    assert printed(folder, "P0001", "pdf", language).startswith(b"%PDF")


def test_what_is_not_there_is_said(folder: Path):
    with pytest.raises(InputError, match="no such plan"):
        printed(folder, "P0009", "excel")
