"""A plan on paper: written in three languages, whole and for a part, with any name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from luban.core.time import parse_time
from luban.screens.i18n import catalogue
from luban.screens.report.schedule_pdf import PDF_WORDS, schedule_pdf
from tests.decide.schedule.shops import shop, witness
from tests.decide.schedule.test_dispatch import line

ZONE = ZoneInfo("Asia/Shanghai")
START = parse_time("2026-01-05T08:00:00", ZONE)


def text_of(made: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    (tmp_path / "plan.pdf").write_bytes(made)
    command = ["pdftotext", "-layout", str(tmp_path / "plan.pdf"), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_a_plan_is_written_in_each_language(language: str) -> None:
    made = schedule_pdf(
        line(parse_time("2026-01-05T08:00:00", ZONE), 60_000_000), "周计划 주간", zone=ZONE, language=language
    )
    assert made.startswith(b"%PDF-")
    assert len(made) > 5_000


def test_it_says_what_the_lists_say(tmp_path: Path) -> None:
    text = text_of(schedule_pdf(line(START, 60_000_000), "Week 2", zone=ZONE), tmp_path)
    for said in ("Week 2", "saw", "01-05 08:05", "A/1", "2 orders, 1 late", "crew"):
        assert said in text, said


@pytest.mark.parametrize("seed", range(4))
def test_any_plan_and_any_part_can_be_written(seed: int) -> None:
    plan = witness(
        shop(seed, flexible=True, setups=True, interrupts=seed > 1, batches=True, maintenance=True, dues=True)
    )
    assert schedule_pdf(plan, '#read("x") *a* $b$ \\').startswith(b"%PDF-")
    assert schedule_pdf(plan, "part", begin=60, end=90).startswith(b"%PDF-")


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_every_word_of_the_paper_is_translated(language: str) -> None:
    assert sorted(set(PDF_WORDS) - set(catalogue(language))) == []
