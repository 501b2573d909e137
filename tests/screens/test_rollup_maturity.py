"""`luban maturity`: a plant's folder in, a sheet with evidence out; answers go on record."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from luban.ledger import LedgerWriter
from luban.norms.maturity import maturity_model, maturity_models
from luban.plant import load
from luban.rollup.maturity import assess
from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG
from luban.screens.i18n import words
from luban.screens.report.rollup_maturity import maturity_sheet
from luban.screens.report.sheet import Figures, Grid, Note, Picture

TINY = Path(__file__).parents[2] / "examples" / "tiny_workshop"


def ask(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = OK) -> str:
    told = run(None, [str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert told == code, err
    return out if code == OK else err


def test_a_plant_is_answered_from_its_books_and_by_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "plant"
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("facts", ".luban"))
    assert "no books yet" in ask(capsys, "maturity", folder, code=WRONG)
    unit = load(folder).work_units[0]
    state = {"time": [1], "subject": [unit], "quality": [0], "state": ["producing"], "mapping": ["generic@1"]}
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        writer.append("state", state, source="s")
    before = json.loads(ask(capsys, "maturity", folder, "--json"))
    assert before["verified"] is False
    assert before["answers"]["skills.1"]["mark"] is None
    said = ("--answer", "skills.1=0.8", "--document", "training plan 2026")
    out = tmp_path / "m.html"
    text = ask(capsys, "maturity", folder, *said, "-o", out)
    for word in ("from memory", "below the first level", "training plan 2026", "work units report their state"):
        assert word in text
    assert "GB/T 39116-2020" in out.read_text("utf-8")
    after = json.loads(ask(capsys, "maturity", folder, "--json"))
    assert after["known"] == before["known"] + 1
    assert after["low"] == pytest.approx(before["low"] + 0.8 / 20)
    old = json.loads(ask(capsys, "maturity", folder, "--as-of", before["seq"], "--json"))
    assert old == before
    told = ask(capsys, "maturity", folder, "--answer", "sales=n/a", "--document", "contract maker")
    assert "contract maker" in told
    assert "sales.1" not in told
    assert "needs what shows it" in ask(capsys, "maturity", folder, "--answer", "skills.2=1", code=WRONG)
    assert "no such model" in ask(capsys, "maturity", folder, "--model", "cmmm", code=WRONG)


@pytest.mark.parametrize("language", ["zh", "ko"])
@pytest.mark.parametrize("name", maturity_models())
def test_no_english_is_left_on_a_sheet_in_another_language(language: str, name: str) -> None:
    model = maturity_model(name)
    sheet = maturity_sheet(model, assess(model, {}), words(language))
    texts = [sheet.title, *sheet.provenance]
    for block in sheet.blocks:
        if isinstance(block, Grid):
            texts += [block.title, *block.heads, *(cell for row in block.rows for cell in row[1:])]
        elif isinstance(block, Figures):
            texts += [text for one in block.rows for text in (one.label, one.value, one.note)]
        elif isinstance(block, (Note, Picture)):
            texts.append(block.text)
    for text in texts:
        assert not set(re.findall(r"[A-Za-z]{2,}", text)) - {"luban", "GB", "SIRI"}, text
