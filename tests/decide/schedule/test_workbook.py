"""The workbook read back: it says what the plan says."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from luban.core.time import parse_time
from luban.decide.schedule.late import lateness_causes
from luban.decide.schedule.workbook import write_workbook
from tests.decide.schedule.shops import shop, witness
from tests.decide.schedule.test_dispatch import line

ZONE = ZoneInfo("Asia/Shanghai")


def test_times_are_wall_clock_of_the_plant(tmp_path: Path) -> None:
    plan = line(parse_time("2026-01-05T08:00:00", ZONE), 60_000_000)
    write_workbook(tmp_path / "plan.xlsx", plan, zone=ZONE)
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["Orders", "Operations", "Dispatch lists", "Load", "What binds"]
    heads, first, *_ = book["Dispatch lists"].iter_rows(values_only=True)
    row = dict(zip(heads, first, strict=True))
    assert (row["machine"], row["order"], row["setup from"], row["pools"]) == ("saw", "A", "red", "crew")
    assert str(row["begin"]) == "2026-01-05 08:05:00"
    assert row["setup [h]"] == pytest.approx(4 / 60, abs=1e-4)
    orders = {row[0]: row for row in book["Orders"].iter_rows(min_row=2, values_only=True)}
    assert orders["A"][6] == pytest.approx(21 / 60, abs=1e-4)
    assert orders["B"][3] is None
    assert sorted(tmp_path.iterdir()) == [tmp_path / "plan.xlsx"]


def test_abstract_time_stays_in_ticks_and_words_are_translated() -> None:
    made = BytesIO()
    write_workbook(made, line(), say=lambda text: f"«{text}»")
    book = openpyxl.load_workbook(made)
    assert book.sheetnames[0] == "«Orders»"
    assert [cell.value for cell in book["«Operations»"][1]][:3] == ["«order»", "«operation»", "«machine»"]
    assert book["«Operations»"]["G2"].value == 5


def test_a_name_is_no_formula() -> None:
    plan = line()
    object.__setattr__(plan.problem, "jobs", ("=1+1", "http://x"))
    made = BytesIO()
    write_workbook(made, plan)
    sheet = openpyxl.load_workbook(made)["Orders"]
    assert [(sheet[at].value, sheet[at].data_type) for at in ("A2", "A3")] == [("=1+1", "s"), ("http://x", "s")]
    assert sheet["A3"].hyperlink is None


@pytest.mark.parametrize("seed", range(8))
def test_any_plan_can_be_written(seed: int) -> None:
    names = (
        "flexible",
        "setups",
        "interrupts",
        "dues",
        "moves",
        "pools",
        "batches",
        "maintenance",
        "in_progress",
        "tariff",
    )
    plan = witness(shop(seed, **dict.fromkeys(names[seed % 3 :: 1 + seed % 2], True)))
    made = BytesIO()
    write_workbook(made, plan)
    book = openpyxl.load_workbook(made)
    assert book["Operations"].max_row == plan.problem.operation_count + 1
    shares = [row[2] for row in book["What binds"].iter_rows(min_row=2, values_only=True)]
    causes = lateness_causes(plan)
    hours = plan.problem.tick / 3.6e9 if plan.problem.tick else 1
    told = sum(share for share in shares[: len(causes.causes)] if share)
    assert told == pytest.approx(causes.total * hours, abs=1e-3 * len(shares))
