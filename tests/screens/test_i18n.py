import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import luban.screens
from luban.norms import kpi_catalogue, time_elements
from luban.screens.i18n import LANGUAGES, Words, catalogue, words
from luban.screens.i18n.from_data import sentences
from luban.screens.report.schedule_pdf import PDF_WORDS
from tests.screens import shop

SCREENS = Path(luban.screens.__file__).parent
OTHERS = [language for language in LANGUAGES if language != "en"]
# names of products, files and keys, and what a language writes as it is
KEPT = {
    "luban", "OEE", "plant", "toml", "role", "state", "mapping", "calendar", "routing", "csv", "ISO", "twin", "kWh",
    "Shift", "auto", "orders", "Tab", "schedule", "CL", "UCL", "LCL", "LSL", "USL", "api", "quality", "characteristics",
    "up", "mr", "xbar", "short", "inspection", "maintenance", "spares", "meters", "energy", "Excel", "Parquet", "xlsx",
    "json", "python",
}  # fmt: skip


def said_on_screens() -> set[str]:
    """Every sentence that a screen hands to `say`."""
    found = set()
    for file in [*SCREENS.glob("web/*.py"), *SCREENS.glob("report/*.py"), SCREENS / "words.py"]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "say" and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_missing_and_none_is_left_over(language: str):
    wanted = said_on_screens() | set(sentences()) | set(PDF_WORDS)
    assert len(wanted) > 100
    assert set(catalogue(language)) == wanted


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_over(language: str):
    for english, said in catalogue(language).items():
        left = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", said))) - KEPT
        assert not left, (english, said)
        assert said != english or not re.search(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", english))


@pytest.mark.parametrize("language", OTHERS)
def test_every_blank_is_filled_in_every_language(language: str):
    for english, said in catalogue(language).items():
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", said)), english


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogues_are_sound_gettext(language: str):
    with files("luban.screens.i18n").joinpath(f"{language}.po").open("rb") as file:
        read = read_po(file, locale=language, abort_invalid=True)
    assert not read.obsolete
    assert not [message.id for message in read if message.id and message.fuzzy]
    assert str(read.locale) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_figures_and_time_elements_exist_in_every_language(language: str):
    for names in [kpi.names for kpi in kpi_catalogue().values()] + [e.names for e in time_elements().values()]:
        assert names[language]


def test_sentences_of_lower_floors_are_translated_with_what_fills_them():
    reason = "only 29.5 % of the planned time is known, 90 % is needed: nobody can say what happened in 4 h 30 min"
    assert words("zh")(reason) == "只有 29.5 % 的计划时间已知，需要 90 %：无人能说明其余 4 小时 30 分 内发生了什么"
    assert "4시간 30분" in words("ko")(reason)
    assert words("en")(reason) == reason
    assert words("zh")("a sentence nobody knows") == "a sentence nobody knows"
    assert words("xx").language == "en"


@pytest.mark.parametrize("language", OTHERS)
def test_why_a_figure_is_withheld_is_said_in_the_language(language: str, view):
    """Whatever reasons the real figures give, none comes through in English."""
    newest = view.ledger.table("event")["end"].to_pylist()
    end = max(filter(None, newest))
    from luban.screens.service import Range

    say = words(language)
    kept = KEPT | {"APT", "FE", "PQ", "mtconnect", "execution", "jinan", "machining", "lathe", "mill"}
    for place in ("jinan", shop.MILL, shop.LATHE):
        for hours in (1, 8):
            for figure in view.board(place, Range(end - hours * 3_600_000_000, end)).figures:
                for text in filter(None, (figure.withheld, *figure.notes)):
                    left = set(re.findall(r"[A-Za-z]{2,}", say(text))) - kept
                    assert not left, (text, say(text))


def test_what_stands_twice_in_a_sentence_is_filled_in_twice(monkeypatch: pytest.MonkeyPatch):
    told = {"costs {then} {unit} instead of {now} {unit}": "{now} {unit} → {then} {unit}"}
    monkeypatch.setattr("luban.screens.i18n.catalogue", lambda _language: told)
    say = Words("zh")
    assert say("costs 5 CNY instead of 3 CNY") == "3 CNY → 5 CNY"
    assert say("costs 5 CNY instead of 3 EUR") == "costs 5 CNY instead of 3 EUR"


def test_of_two_patterns_that_fit_the_one_that_says_more_is_taken():
    assert (
        words("zh")("by its course it is met with a chance of 0%, 6 years known")
        == "按目前进展实现的概率为 0%，已知 6 年"
    )
    assert words("ko")("expected 1.2 (1.1 … 1.3), asked for 1.68") == "예상 1.2 (1.1 … 1.3), 목표 1.68"
