from html.parser import HTMLParser
from pathlib import Path

from luban.core.time import HOUR, SECOND
from luban.screens.report.report import Report, write_report
from luban.screens.service import PlantView
from luban.understand import kpi
from tests.screens import shop


class Page(HTMLParser):
    """Text and attributes, and whether every element is closed."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.values: list[str] = []
        self.classes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.values += [value or "" for _, value in attrs]
        self.classes += [value or "" for name, value in attrs if name == "class"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def report_of(view: PlantView, path: Path) -> Page:
    end = max(filter(None, view.ledger.table("event")["end"].to_pylist()))
    start = end - HOUR
    figures = kpi.read(view.ledger, view.plant, start, end, [shop.LATHE, shop.MILL], names=("oee", "availability"))
    write_report(
        path,
        Report(
            "Shift <A>", view.plant, start, end, figures,
            losses=kpi.losses(view.ledger, view.plant, start, end, [shop.LATHE]),
            tiles=kpi.tiles(view.ledger, view.plant, start, end, [shop.LATHE, shop.MILL]).to_pylist(),
            gaps=[{"source": "okuma", "start": start, "end": start + 5 * SECOND, "reason": "connection lost"}],
            checks=[("books verify", True, "all"), ("a check", False, "it did not hold")],
            explanations=[kpi.explain(figures[1], view.ledger, view.plant)],
            provenance={"head of the books": "abc123"}, remarks=["one remark"],
        ),
    )  # fmt: skip
    page = Page()
    page.feed(path.read_text("utf-8"))
    assert page.open == []
    return page


def test_a_report_is_whole_and_asks_the_network_for_nothing(view: PlantView, tmp_path: Path):
    page = report_of(view, tmp_path / "report.html")
    text = " ".join(page.words)
    assert "http:" not in text + " ".join(page.values)
    assert "https:" not in text + " ".join(page.values)
    assert "//" not in "".join(page.values)
    assert "url(" not in text.replace("url(#hatch)", "")
    assert list(tmp_path.iterdir()) == [tmp_path / "report.html"]


def test_a_report_shows_gaps_reasons_proof_and_origin(view: PlantView, tmp_path: Path):
    page = report_of(view, tmp_path / "report.html")
    text = " ".join(page.words)
    assert "Shift <A>" in text
    for said in ("withheld", "connection lost", "1 of 2 checks hold", "it did not hold", "abc123", "one remark", "APT"):
        assert said in text
    assert any("k-unknown" in name for name in page.classes)
    assert any("k-production" in name for name in page.classes)
    assert "fact " in text
