import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from openpyxl import load_workbook

from luban.core.errors import InputError
from luban.screens.cli.output import Output
from luban.screens.cli.sheets import give
from luban.screens.report.plot import TONES, Plot
from luban.screens.report.sheet import (
    Figure,
    Figures,
    Grid,
    Note,
    Picture,
    Sheet,
    sheet_html,
    sheet_part,
    sheet_pdf,
    sheet_xlsx,
)


def drawn(plot: Plot) -> ET.Element:
    return ET.fromstring(plot.svg())


def paths(plot: Plot, tone: str) -> list[str]:
    return [node.get("d") for node in drawn(plot).iter() if node.get("class") == f"p-s-{tone}"]


def sheet() -> Sheet:
    plot = Plot(x=(0, 2), y=(0, 1))
    plot.line([0, 1, 2], [0, 1, 0.5])
    return Sheet(
        "Capability <of> a/b",
        "200 values",
        (
            Figures((Figure("Cpk", "1.41", "1", "1.20 … 1.62", "good"), Figure("mean", "10.003", "mm"))),
            Note("in control", "good"),
            Grid(("point", "value"), [("20", "1,033.5"), ("=1+1", "–")], "Violations", frozenset({1}), {1: "bad"}),
            Picture(plot.svg(), "Values", "three values"),
        ),
        {"source": "a & b.csv"},
    )


def test_a_plot_puts_values_where_the_axes_say():
    plot = Plot(x=(0, 10), y=(0, 1), width=1000, height=300)
    plot.dots([0, 5, 10], [0, 0.5, 1], "accent")
    places = [(float(n.get("cx")), float(n.get("cy"))) for n in drawn(plot).iter() if n.tag.endswith("circle")]
    (x0, y0), (x1, y1), (x2, y2) = places
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.11)
    assert x0 < x2 < 1000
    assert y0 > y2 > 0


def test_a_line_breaks_where_nothing_is_known_and_a_step_goes_level():
    plot = Plot(x=(0, 4), y=(0, 1))
    plot.line([0, 1, 2, 3, 4], [0, 1, np.nan, 1, 0], "accent")
    assert paths(plot, "accent")[0].count("M") == 2
    plot.line([0, 1], [0, 1], "second", step=True)
    assert re.fullmatch(r"M\S+ \S+H\S+V\S+", paths(plot, "second")[0])


def test_many_points_are_thinned_and_no_extreme_is_lost():
    values = np.zeros(100_000)
    values[77_777] = 1
    plot = Plot(x=(0, 1e5), y=(-1, 1))
    plot.line(np.arange(100_000), values, "accent")
    path = paths(plot, "accent")[0]
    assert path.count("L") <= 4000
    heights = {float(part.split()[1]) for part in re.split("[ML]", path) if part}
    assert len(heights) == 2


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(InputError, match="low end below"):
        Plot(x=(1, 0), y=(0, 1))
    with pytest.raises(InputError, match="no such tone"):
        Plot(x=(0, 1), y=(0, 1)).line([0], [0], "pink")
    with pytest.raises(InputError, match="as many x as y"):
        Plot(x=(0, 1), y=(0, 1)).dots([0, 1], [0])
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in TONES.values())


def test_the_page_escapes_asks_for_nothing_and_says_everything():
    page = sheet_html(sheet(), "zh")
    assert '<html lang="zh">' in page
    assert "Capability &lt;of&gt; a/b" in page
    assert "a &amp; b.csv" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    for text in ("Cpk", "1.20 … 1.62", "in control", "1,033.5", "three values", "p-t-bad"):
        assert text in sheet_part(sheet())


def test_the_workbook_has_numbers_as_numbers_and_no_formula():
    book = load_workbook(io.BytesIO(sheet_xlsx(sheet())))
    assert book.sheetnames == ["Capability <of> a b", "Violations"]
    table = book["Violations"]
    assert table["B2"].value == 1033.5
    assert table["A3"].value == "=1+1"
    assert table["A3"].data_type == "s"
    first = [tuple(cell.value for cell in row) for row in book.worksheets[0].iter_rows()]
    assert ("Cpk", 1.41, "1", "1.20 … 1.62") in first
    assert ("source", "a & b.csv", None, None) in first


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_the_paper_is_a_pdf(language: str):
    assert sheet_pdf(sheet(), language).startswith(b"%PDF-")


def test_a_command_gives_text_a_document_or_a_file(tmp_path, capsys):
    give(Output(as_json=False), sheet(), {"cpk": 1.41}, tmp_path / "a.html")
    said = capsys.readouterr()
    assert "Capability <of> a/b" in said.out
    assert "Values: three values" in said.out
    assert "written" in said.err
    give(Output(as_json=True), sheet(), {"cpk": 1.41}, tmp_path / "a.json")
    assert capsys.readouterr().out == '{"cpk": 1.41}\n'
    assert (tmp_path / "a.json").read_text() == '{\n  "cpk": 1.41\n}'
    for ending in (".pdf", ".xlsx"):
        give(Output(as_json=True), sheet(), {}, tmp_path / f"a{ending}")
    assert sorted(one.suffix for one in tmp_path.iterdir()) == [".html", ".json", ".pdf", ".xlsx"]


@pytest.mark.parametrize(
    ("out", "language", "message"),
    [
        ("a.doc", "en", "no report of that kind"),
        ("no/a.pdf", "en", "could not be written"),
        ("a.pdf", "fr", "language"),
    ],
)
def test_a_report_that_cannot_be_written_is_an_answer(tmp_path, out: str, language: str, message: str):
    with pytest.raises(InputError, match=message):
        give(Output(as_json=True), sheet(), {}, tmp_path / out, language)
    assert not list(tmp_path.iterdir())
