"""`luban plan`: a plan's name or folder in, its parts as sheet, document and report out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from luban.norms.plans import load_plan
from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.rollup_plan import PARTS, definition_text, plan_sheet, population_text
from luban.screens.report.sheet import Grid, Note

PARK = Path(__file__).parents[2] / "examples" / "park_plan"


def ask(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = OK) -> str:
    told = run(None, [str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert told == code, err
    return out if code == OK else err


def test_the_table_and_a_definition_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    out = ask(capsys, "plan", "--lang", "zh")
    for word in ("中国制造2025", "比2015年下降18%", "7.5左右", "100 · Σ 研发经费内部支出 / Σ 主营业务收入", "规模以上"):
        assert word in out
    told = json.loads(ask(capsys, "plan", "--json"))
    assert told["indicators"]["I08"]["milestones"][3]["value"] == 64
    assert told["indicators"]["I04"]["milestones"][0]["value"] is None
    assert re.fullmatch(r"[0-9a-f]{64}", told["definitions"]["I12"])
    assert "folder" not in told


def test_parts_and_other_plans(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "80种标志性先进工艺" in ask(capsys, "plan", "programmes", "--lang", "zh")
    assert "3.2.4.1" in ask(capsys, "plan", "tasks")
    assert "I09, I10, I11" not in ask(capsys, "plan", PARK, "elements")
    (line,) = (one for one in ask(capsys, "plan", "elements").splitlines() if one.startswith("value_added"))
    assert "I04, I05, I09, I10, I11" in line
    assert "Willow Bridge Park" in ask(capsys, "plan", PARK)
    out = tmp_path / "plan.xlsx"
    ask(capsys, "plan", PARK, "tasks", "-o", out)
    assert out.stat().st_size > 4000
    assert "no such part" in ask(capsys, "plan", PARK, "targets", code=WRONG)
    assert "no such plan" in ask(capsys, "plan", tmp_path / "none", code=WRONG)


@pytest.mark.parametrize("language", ["zh", "ko"])
@pytest.mark.parametrize("part", PARTS)
def test_no_english_is_left_on_a_sheet_in_another_language(language: str, part: str) -> None:
    kept = {"luban", "ISIC", "GB", "CNY", "PPP", "component", "Public", "Private", "Partnership", "Operating", "system",
            "Pricing", "CRM", "OEM", "ICT", "TFT", "tce"}  # fmt: skip
    for block in plan_sheet(load_plan(), words(language), part).blocks:
        texts = [block.text] if isinstance(block, Note) else []
        if isinstance(block, Grid):
            texts = [block.title, *block.heads, *(cell for row in block.rows for cell in row)]
        for text in texts:
            left = set(re.findall(r"[A-Za-z]{3,}", text)) - kept
            assert not left or text in load_plan().elements, text


def test_how_values_are_made_is_said_in_the_plan_s_own_words() -> None:
    plan, say = load_plan(), words("en")
    texts = {name: definition_text(plan, one.definition, say) for name, one in plan.indicators.items()}
    assert texts["I02"] == "10000 · Σ invention patents in force / Σ main-business revenue"
    assert texts["I03"] == "weighted mean of 12 parts (luban weights)"  # nobody has published any
    assert texts["I08"].startswith(
        "100 · mean of every unit's own numerically controlled key processes / key processes"
    )
    assert texts["I09"].endswith("(constant prices)")
    assert population_text(plan.indicator("I06").definition, say) == "regions"
    assert (
        population_text(plan.indicator("I07").definition, say)
        == "enterprises; above scale; manufacturing; from a sample"
    )
