"""The plan as data against its printed text, and what a plan's folder may not say."""

from __future__ import annotations

import hashlib
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from luban.core.errors import ConfigError, InputError
from luban.norms.plans import Indicator, Term, load_plan, plans, read_file, table

DATA = Path(__file__).parent / "data"
PARK = Path(__file__).parents[2] / "examples" / "park_plan"
PLAN = load_plan("mic2025")


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


# ---- as printed


def printed(language: str) -> tuple[list[list[str]], list[str]]:
    """Rows and footnotes of the printed table: a cell stands on a line of its own."""
    text = (DATA / f"mic2025_table.{language}.txt").read_text("utf-8")
    body, *notes = re.split(r"\n\s*(?=\d(?:、|\.\s?\D))", text)
    cells = bare_cells(body)
    return [cells[at : at + 5] for at in range(0, len(cells), 5)], notes


def bare_cells(body: str) -> list[str]:
    """Indicator and four figures of each row; headings and categories are left out."""
    names = {bare(word) for one in PLAN.indicators.values() for word in (one.category.zh, one.category.ko)}
    lines = [bare(line) for line in body.splitlines()[1:]]
    joined, held = [], ""
    for line in lines:  # a category may be broken over two lines
        held += line
        if held in names or any(name.startswith(held) for name in names):
            held = "" if held in names else held
            continue
        joined.append(held)
        held = ""
    return joined[joined.index("2025年" if "2025年" in joined else "2025년") + 1 :]


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_the_table_is_the_printed_one(language: str) -> None:
    rows, notes = printed(language)
    made = table(PLAN, language)
    assert [[bare(cell) for cell in row[1:]] for row in made.rows] == rows
    assert len(rows) == 12
    assert [(number, bare(text)) for number, text in made.notes] == [
        (note[0], bare(re.sub(r"^\d[、.]", "", note.strip()))) for note in notes
    ]


def test_a_figure_that_moved_would_be_seen() -> None:
    rows, _ = printed("zh")
    assert rows[0][1:] == ["0.88", "0.95", "1.26", "1.68"]
    assert rows[11][1:] == ["62", "65", "73", "79"]
    assert [row[1] for row in rows].count("-") == 5


def test_values_are_what_is_printed() -> None:
    for one in PLAN.indicators.values():
        for milestone in one.milestones:
            figures = re.findall(r"(?<!\d)\d+(?:\.\d+)?(?=左右|个百分点|%|$)", milestone.printed.zh)
            assert milestone.value == (float(figures[-1]) if figures else None), (one.id, milestone.printed.zh)


FIVES = frozenset(
    int.from_bytes(content[at : at + 4], "big")
    for content in [(DATA / "mic2025_fives.zh.bin").read_bytes()]
    for at in range(0, len(content), 4)
)


def strange(term: str) -> list[str]:
    """Five characters in a row of a term that stand nowhere in the text."""
    term = bare(term)
    fives = (term[at : at + 5] for at in range(len(term) - 4))
    return [
        one
        for one in fives
        if int.from_bytes(hashlib.blake2s(one.encode(), digest_size=4).digest(), "big") not in FIVES
    ]


def test_chinese_terms_are_words_of_the_text() -> None:
    tasks = (*PLAN.tasks, *PLAN.supports)
    terms = [measure.name.zh for measure in PLAN.measures]
    terms += [paragraph.name.zh for task in tasks for paragraph in task.paragraphs]
    terms += [one.name.zh for one in (*tasks, *PLAN.programmes, *PLAN.sectors)]
    terms += [part.zh for one in PLAN.sectors for part in one.parts]
    terms += [entry.zh for one in PLAN.lists.values() for entry in one.entries]
    terms += [text.zh for item in PLAN.items.values() for text in (item.name, item.scope)]
    terms += [milestone.printed.zh for item in PLAN.items.values() for milestone in item.milestones]
    assert len(terms) > 600
    assert {term: found for term in terms if (found := strange(term))} == {}
    assert strange("关键工序数控化车")  # a word that is not there would be seen


# ---- the traps of the text


def test_trap_1_twelve_indicators_and_twelve_parts_of_one_of_them() -> None:
    parts = PLAN.indicator("I03").definition.parts
    assert len(PLAN.indicators) == len(parts) == 12
    assert not {part.id for part in parts} & set(PLAN.indicators)
    assert not any(part.verified for part in parts)
    assert sum(part.weight for part in parts) == pytest.approx(1)
    assert [part.id for part in parts if part.direction == "down"] == ["Q04"]
    assert len({part.aspect.zh for part in parts}) == 2
    assert len({part.group.zh for part in parts}) == 6


def test_trap_2_changes_have_no_base_level_in_the_text() -> None:
    unknown = {"I04", "I05", "I09", "I10", "I11"}
    for one in PLAN.indicators.values():
        observed = [one.milestone(year) for year in (2013, 2015)]
        assert all(m and (m.value is None and m.printed.zh == "-") == (one.id in unknown) for m in observed)
        assert (one.base_year == 2015) == (one.id in unknown)
    assert {one.id: one.kind for one in PLAN.indicators.values() if one.base_year} == {
        "I04": "change in points", "I05": "average growth", "I09": "cut", "I10": "cut", "I11": "cut",
    }  # fmt: skip
    assert [m.relative_to for m in PLAN.indicator("I09").targets] == [2015, 2015]


def test_trap_3_only_the_first_of_three_cuts_is_above_scale() -> None:
    scale = {name: PLAN.indicator(name).definition.population.above_scale for name in ("I09", "I10", "I11")}
    assert scale == {"I09": True, "I10": None, "I11": None}
    for one in PLAN.indicators.values():  # who says 规模以上 in its name or its footnote is of those above the scale
        says = "规模以上" in one.name.zh + one.footnote.zh
        assert (one.definition.population.above_scale is True) == says, one.id


def test_trap_4_broadband_is_of_households() -> None:
    definition = PLAN.indicator("I06").definition
    assert definition.population.level == "region"
    assert definition.numerator == (Term("broadband_households"),)
    assert PLAN.element("households").level == "region"


def test_trap_5_samples_and_the_mean_of_rates() -> None:
    sampled = {name for name, one in PLAN.indicators.items() if one.definition.population.sample}
    assert sampled == {"I07", "I08"}
    assert PLAN.indicator("I08").definition.form == "mean of rates"
    assert PLAN.indicator("I07").definition.form == "share of units"
    assert PLAN.item("T30").milestones[0].value == 30_000


def test_trap_6_scale_of_patents_and_periods_of_growth() -> None:
    patents = PLAN.indicator("I02").definition
    revenue = 100 * 10_000  # 100 亿元 in 万元
    assert (PLAN.element("revenue").unit, patents.factor * 44 / revenue) == ("10⁴ CNY", pytest.approx(0.44))
    growth = PLAN.indicator("I05")
    assert [(m.period, m.about) for m in growth.targets] == [((2016, 2020), True), ((2021, 2025), True)]


def test_trap_7_who_is_bound_by_the_programmes() -> None:
    cost = PLAN.item("T14")
    assert (cost.scope.zh, [m.value for m in cost.milestones]) == ("试点示范项目", [30, 50])
    parts = PLAN.item("T18")
    assert (parts.scope.zh, [m.value for m in parts.milestones]) == ("核心基础零部件、关键基础材料", [40, 70])
    assert all(item.qualitative for item in PLAN.programmes[4].items)


def test_trap_8_pollutants_have_no_number_for_2025() -> None:
    item = PLAN.item("T22")
    assert [(m.year, m.value) for m in item.milestones] == [(2020, 20.0)]
    assert (item.scope.zh, item.milestone(2025)) == ("重点行业", None)


# ---- the rest of the plan


def test_the_plan_is_complete() -> None:
    counts = (len(PLAN.tasks), len(PLAN.supports), len(PLAN.sectors), len(PLAN.programmes), len(PLAN.steps))
    assert counts == (9, 8, 10, 5, 3)
    assert len(PLAN.indicators) == 12
    assert set(PLAN.items) >= {f"T{number}" for number in range(13, 31)}
    assert (PLAN.issued, PLAN.reference) == (date(2015, 5, 8), "国发〔2015〕28号")
    assert [len(PLAN.lists[f"Z{at:02d}"].entries) for at in range(1, 18)] == [
        4, 5, 9, 8, 8, 6, 6, 9, 4, 6, 6, 4, 4, 3, 4, 6, 10,
    ]  # fmt: skip
    assert [len(one.measures) for one in PLAN.programmes] == [2, 5, 5, 5, 5]


def test_only_what_has_a_number_is_scored() -> None:
    scored = {name for name, item in PLAN.items.items() if not item.qualitative}
    assert scored == {"T13", "T14", "T15", "T16", "T18", "T19", "T20", "T21", "T22", "T30"}
    steps = [item for step in PLAN.steps for item in step.items]
    assert len(steps) >= 3
    assert all(item.qualitative for item in steps)
    assert [step.until for step in PLAN.steps] == [2025, 2035, 2049]


def test_every_measure_can_be_followed_to_its_place() -> None:
    measures = PLAN.measures
    assert len({measure.id for measure in measures}) == len(measures) >= 150
    assert all(re.fullmatch(r"[34]\.\d\.\d+\.\d+|column-\d\.\d", measure.id) for measure in measures)
    assert all(task.measures for task in (*PLAN.tasks, *PLAN.supports))


def test_terms_are_in_three_languages() -> None:
    def texts() -> list[tuple[str, str, str]]:
        tasks = (*PLAN.tasks, *PLAN.supports)
        named = [*PLAN.elements.values(), *PLAN.indicators.values(), *PLAN.items.values(), *tasks, *PLAN.sectors]
        found = [one.name for one in named] + [m.name for task in tasks for m in task.measures]
        found += [word for one in PLAN.lists.values() for word in one.entries]
        return [(one.zh, one.en, one.ko) for one in found]

    for zh, en, ko in texts():
        assert re.search(r"[一-鿿]", zh), zh
        assert not re.search(r"[一-鿿가-힣]", en), en
        assert re.search(r"[가-힣]", ko), ko


def test_definitions_have_a_digest_of_their_own() -> None:
    digests = {PLAN.definition_digest(name) for name in PLAN.indicators}
    assert len(digests) == 12
    assert PLAN.definition_digest("I12") == load_plan("mic2025").definition_digest("I12")


def test_names_that_are_not_there_are_errors() -> None:
    with pytest.raises(InputError, match="no such indicator"):
        PLAN.indicator("I13")
    with pytest.raises(ConfigError, match="no such plan"):
        load_plan("mic2035")
    assert plans() == ("mic2025",)
    assert read_file(PLAN, "absent.toml") == {}


# ---- a folder of one's own


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "own"
    shutil.copytree(Path(str(PLAN.folder)), made)
    return made


def test_another_folder_is_another_plan() -> None:
    park = load_plan(PARK)
    assert not set(park.indicators) & set(PLAN.indicators)
    assert all(isinstance(one, Indicator) for one in park.indicators.values())
    assert table(park, "en").heads == ("category", "indicator", *map(str, park.columns))
    assert park.tasks
    assert not park.supports


def test_the_plan_of_the_how_to_loads(tmp_path: Path) -> None:
    text = (PARK.parents[1] / "docs" / "how-to" / "own-plan.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    for name, block in zip(("plan", "elements", "indicators"), blocks, strict=True):
        (tmp_path / f"{name}.toml").write_text(block, "utf-8")
    firm = load_plan(tmp_path)
    assert [row[2:] for row in table(firm, "en").rows] == [("-", "12 % below 2024"), ("40", "95")]


def test_a_folder_reads_like_the_plan_it_was_copied_from(folder: Path) -> None:
    own = load_plan(folder)
    assert table(own, "ko") == table(PLAN, "ko")
    assert own.digest == PLAN.digest
    (folder / "lists.toml").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="no such list"):
        load_plan(folder)


FAULTS = r"""
indicators | ["renewable"] | ["renewabel"] | [indicator.green-power] definition numerator | no such element
indicators | kind = "cut" | kind = "cutt" | [indicator.accidents] kind | did you mean cut?
indicators | value = 35, | value = "35", | [indicator.green-power] [[milestone]] 2 value | not a number
indicators | value = 35, | value = nan, | [indicator.green-power] [[milestone]] 2 value | not a number
indicators | value = 35, | vlaue = 35, | [indicator.green-power] [[milestone]] 2 vlaue | did you mean value?
indicators | { year = 2026 | { year = 2023 | [indicator.green-power] [[milestone]] year | order of their years
indicators | base_year = 2024 | | [indicator.yield] base_year | do not go together
indicators | period = [2025, 2028], | | [indicator.yield] [[milestone]] 1 period | without its period
indicators | [2025, 2028] | [2025, 2027] | [indicator.yield] [[milestone]] 1 period | ends in the milestone
indicators | form = "share | industries = ["C315"], form = "share | [indicator.books] definition industries | no such
indicators | factor = 1000000 | factor = 0 | [indicator.accidents] definition factor | not positive
indicators | ["planned"] | [] | [indicator.running] definition denominator | without a denominator
indicators | ceiling = 100 | ceilling = 100 | [indicator.green-power] ceilling | did you mean ceiling?
elements | kind = "flag" | kind = "bool" | [element.books] kind | not one of the words
elements | ["销售收入", "sales", | ["销售收入", | [element.sales] name | not a term
elements | kind = "stock" | kind = "stock"\nlevel = "region" | [indicator.yield] definition level | another level
plan | issued = 2024-11-20 | issued = "2024" | plan.toml issued | not a day
plan | issued = 2024-11-20 | issued = | plan.toml | not a TOML file
plan | id = "S1" | id = "books" | plan.toml | an id stands twice
programmes | task = "task-1" | task = "task-9" | programmes.toml [[programme]] 1 task | no such task
programmes | task = "task-1" | task = "task-1"\nlists = ["Z01"] | [[programme]] 1 lists | no such list
"""


@pytest.mark.parametrize("fault", FAULTS.strip().splitlines())
def test_what_does_not_load_is_named_with_file_table_and_key(tmp_path: Path, fault: str) -> None:
    file, old, new, where, said = (part.strip().replace("\\n", "\n") for part in fault.split("|"))
    shutil.copytree(PARK, tmp_path / "own")
    path = tmp_path / "own" / f"{file}.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path / "own")
    assert said in str(caught.value)
    assert caught.value.where.startswith("own/")
    assert where in caught.value.where


def test_a_plan_without_elements_or_with_a_wrong_index_does_not_load(tmp_path: Path) -> None:
    shutil.copytree(PARK, tmp_path / "own")
    path = tmp_path / "own" / "indicators.toml"
    text = path.read_text("utf-8")
    part = '{ id = "a", name = ["甲", "a", "가"], aspect = "x", group = "y", unit = "%", direction = "up", weight = 0, '
    part += 'low = 0, high = 1, definition = { numerator = ["busy"] } }'
    path.write_text(text + f'\n[indicator.mark]\ncategory = "c"\nname = "m"\nunit = "1"\ndirection = "up"\n'
                    f'kind = "level"\ndefinition = {{ form = "index", part = [{part}] }}\n', "utf-8")  # fmt: skip
    with pytest.raises(ConfigError, match="without weight"):
        load_plan(tmp_path / "own")
    (tmp_path / "own" / "elements.toml").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="a plan without elements"):
        load_plan(tmp_path / "own")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    shutil.copytree(PARK, tmp_path / "own")
    (tmp_path / "own" / "elements.toml").unlink()
    with pytest.raises(ConfigError, match="a file of the plan is missing") as caught:
        load_plan(tmp_path / "own")
    assert caught.value.where == "own/elements.toml"
