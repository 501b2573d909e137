"""A project beside dated catalogues: the edition of its day, the line that is cited, what cannot be told."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.rollup.catalogue import Fit, Project, fit, read_editions, read_projects

HEAD = "catalogue,edition,since,line,stance,industry,region,words,text\n"
LINES = """relocation,2012,2012-07-01,51-3,鼓励,C39,CN/51,,Sichuan takes in makers of electronics
relocation,2018,2018-11-15,51-7,encouraged,C397,CN/51,,Sichuan takes in makers of components
relocation,2018,2018-11-15,31-1,restricted,C,CN/31,cast iron;铸铁,no new foundries in the city
phased out,2011,2011-06-01,8,barred,C3130,,"blast furnace;高炉",furnaces below 400 m³
phased out,2011,2011-06-01,9,restricted,C31,,,new capacity of steel
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalogues.csv"
    path.write_text(HEAD + LINES, "utf-8")
    return path


def asked(file: Path, catalogue: str, day: str, industry: str, region: str = "", text: str = "") -> Fit:
    project = Project("p", date.fromisoformat(day), industry, region, text)
    return next(one for one in fit(project, read_editions(file)) if one.catalogue == catalogue)


def told(found: Fit) -> tuple[str, list[str]]:
    return found.stance, [line.id for line in found.lines]


def test_the_edition_of_the_day_is_asked_and_its_line_cited(file: Path) -> None:
    old, new = (asked(file, "relocation", day, "C3911", "CN/51/5101") for day in ("2018-11-14", "2018-11-15"))
    assert (told(old), told(new)) == (("encouraged", ["51-3"]), ("", []))
    assert old.edition is not None
    assert new.edition is not None
    assert (old.edition.name, new.edition.name) == ("2012", "2018")
    assert (old.lines[0].place, old.lines[0].text) == ("catalogues.csv:2", "Sichuan takes in makers of electronics")
    assert old.edition.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    before = asked(file, "relocation", "2012-06-30", "C3911", "CN/51")
    assert (before.edition, before.stance) == (None, "")


def test_a_region_is_its_path_and_no_part_of_another_name(file: Path) -> None:
    for region, stance in (("CN/51", "encouraged"), ("CN/51/5101", "encouraged"), ("CN/510", ""), ("CN/52", "")):
        assert asked(file, "relocation", "2015-01-01", "C3911", region).stance == stance


def test_the_strictest_line_counts_and_words_decide_in_any_language(file: Path) -> None:
    def steel(text: str) -> tuple[str, list[str]]:
        return told(asked(file, "phased out", "2020-01-01", "C3130", "CN/13", text))

    assert steel("a Blast Furnace of 300 m³") == steel("300 立方米高炉") == ("barred", ["8", "9"])
    assert steel("an arc furnace") == ("restricted", ["9"])
    file.write_text((HEAD + LINES).replace("furnace;高炉", "furnace；高炉"), "utf-8")
    assert steel("300 立方米高炉") == ("barred", ["8", "9"])


def test_what_is_coarser_than_a_line_is_not_decided(file: Path) -> None:
    found = asked(file, "relocation", "2020-01-01", "C39", "CN/51")
    assert (found.stance, [line.id for line in found.unclear]) == ("", ["51-7"])
    nowhere = asked(file, "relocation", "2020-01-01", "C3972")
    assert (nowhere.stance, [line.id for line in nowhere.unclear]) == ("", ["51-7"])
    for region in ("CN/51", ""):  # another industry is another industry, wherever it is built
        assert asked(file, "relocation", "2020-01-01", "C34", region).unclear == (), region


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("relocation,2012,soon,9,named,,,,x", r"catalogues\.csv:7.*|not a date"),
        ("relocation,2012,2012-07-02,9,named,,,,x", "one first day"),
        ("relocation,2012,2012-07-01,51-3,named,,,,x", "each line once"),
        ("relocation,2012,2012-07-01,9,welcome,,,,x", "not a line of a catalogue"),
        ("relocation,2012,2012-07-01,9,named,C99,,,x", "no such industry"),
        ("relocation,2013,2012-07-01,1,named,,,,x", "two editions hold"),
    ],
)
def test_bad_lines_are_named(file: Path, line: str, said: str) -> None:
    file.write_text(f"{HEAD}{LINES}{line}\n", "utf-8")
    with pytest.raises(InputError, match=said) as caught:
        read_editions(file)
    assert caught.value.where.startswith("catalogues.csv")


def test_an_edition_in_two_files_is_refused(file: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text(f"{HEAD}phased out,2011,2011-06-01,10,barred,C3140,,,small mills\n", "utf-8")
    both = (*read_editions(file), *read_editions(more))
    with pytest.raises(InputError, match="two editions hold") as caught:
        fit(Project("p", date(2020, 1, 1), "C3140"), both)
    assert caught.value.came == "phased out, 2011-06-01"
    assert fit(Project("p", date(2011, 1, 1), "C3140"), both)[0].edition is None


def test_projects_of_a_table(tmp_path: Path) -> None:
    path = tmp_path / "projects.csv"
    path.write_text("id,day,industry,region,text\na,2020-01-01,c3130,CN/13,高炉\n", "utf-8")
    assert read_projects(path) == (Project("a", date(2020, 1, 1), "C3130", "CN/13", "高炉"),)
    for row, said in (
        ("a,2020-01-01,C31", "id of its own"),
        ("b,then,C31", "not a date"),
        ("b,2020-01-01,31", "not an"),
    ):
        path.write_text(f"id,day,industry\na,2020-01-01,C31\n{row}\n", "utf-8")
        with pytest.raises(InputError, match=said) as caught:
            read_projects(path)
        assert caught.value.where == "projects.csv:3"
