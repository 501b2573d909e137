"""The quality books: charts as they stand, limits frozen and revised, points left out, what comes live."""

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError, MissingServiceError
from luban.core.time import SECOND
from luban.screens.i18n import words
from luban.screens.service import PlantView
from luban.screens.service.quality import QualityBooks
from luban.screens.service.quality_charting import Charted, Wanted, as_group, capable, cut, keys_of, read
from luban.screens.service.quality_view import decimals, drawn, histogram, rule_mark
from luban.screens.users import Act
from luban.understand.book import entries
from luban.understand.quality.spc import RULES, control_chart
from tests.screens import quality_shop as shop

# of a moving range of two, E(range)/sigma: 2/sqrt(pi)
D2 = 2 / math.sqrt(math.pi)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = shop.write(tmp_path / "plant")
    shop.seed(made)
    return made


@pytest.fixture
def acts() -> list[Act]:
    return []


@pytest.fixture
def books(folder: Path, acts: list[Act], monkeypatch: pytest.MonkeyPatch) -> QualityBooks:
    monkeypatch.setattr("luban.screens.service.quality._FRESH", 0.0)
    return QualityBooks(PlantView(folder), shop.recorder(folder, acts))


def beyond(made: Charted) -> set[int]:
    """Points of the first panel at which the first rule fired."""
    return {own.point for own in made.signals if own.rule == "nelson_1" and own.panel == 0}


def test_the_limits_of_phase_one_rest_on_the_newest_points(books: QualityBooks):
    made = books.chart(shop.DIAMETER, Wanted(newest=60))
    values = np.array(shop.diameters()[-60:])
    sigma = np.abs(np.diff(values)).mean() / D2
    assert made.chart.phase == 1
    assert made.chart.panels[0].centre[0] == pytest.approx(values.mean(), rel=1e-12)
    assert made.chart.panels[0].upper[0] == pytest.approx(values.mean() + 3 * sigma, rel=1e-12)
    assert beyond(made) == set(np.flatnonzero(np.abs(values - values.mean()) > 3 * sigma).tolist())


def test_what_is_usual_follows_how_it_was_measured(books: QualityBooks):
    assert books.chart(shop.DIAMETER).wanted.group == "single"
    made = books.chart(shop.WIDTH)
    assert (made.wanted.group, made.chart.kind, len(made.chart.labels)) == ("lot", "xbar_r", 40)
    means = np.array(shop.widths()).mean(axis=1)
    assert np.allclose(made.chart.panels[0].values, means, rtol=1e-12)
    assert made.chart.labels[28] == "G-268"


def test_the_inspection_plan_says_how_to_chart(folder: Path):
    told = shop.INSPECTION + "gear,,face width,,,4,,xbar_s,\n"
    (folder / "inspection.csv").write_text(told, "utf-8")
    made = QualityBooks(PlantView(folder)).chart(shop.WIDTH)
    assert (made.wanted.group, made.chart.kind, len(made.chart.labels)) == (4, "xbar_s", 50)


def test_a_point_is_left_out_with_its_reason_and_comes_back(books: QualityBooks, acts: list[Act]):
    before = books.chart(shop.WIDTH)
    key = int(keys_of(before.own)[28])
    with pytest.raises(InputError, match="reason"):
        books.exclude(shop.WIDTH, key, "  ", person="li")
    books.exclude(shop.WIDTH, key, "nozzle bent", person="li")
    made = books.chart(shop.WIDTH)
    kept = np.delete(np.array(shop.widths()).mean(axis=1), 28)
    assert made.out == {28: "nozzle bent"}
    assert made.chart.panels[0].centre[0] == pytest.approx(kept.mean(), rel=1e-12)
    assert (acts[-1].person, acts[-1].code, acts[-1].subject) == ("li", "quality exclude", shop.WIDTH)
    books.include(shop.WIDTH, key, person="li")
    assert books.chart(shop.WIDTH).chart.panels[0].centre[0] == before.chart.panels[0].centre[0]
    with pytest.raises(InputError, match="not left out"):
        books.include(shop.WIDTH, key, person="li")


def test_frozen_limits_hold_until_they_are_revised_or_withdrawn(folder: Path, books: QualityBooks):
    assert books.freeze(shop.DIAMETER, Wanted(newest=100), "steady", person="li") == 1
    first = books.chart(shop.DIAMETER)
    held = first.chart.panels[0].upper[-1]
    assert first.chart.phase == 2
    assert first.basis == (first.first, len(first.chart.labels))
    newest = shop.measure(folder, shop.DIAMETER, [25.05, 25.0, 25.001])
    later = books.chart(shop.DIAMETER)
    assert later.chart.panels[0].upper[-1] == held
    assert len(later.chart.labels) - 3 in beyond(later)
    # the second revision judges what comes after it, and nothing before
    assert books.freeze(shop.DIAMETER, Wanted(newest=30), "new insert", person="li") == 2
    shop.measure(folder, shop.DIAMETER, [25.0] * 2, since=newest + SECOND)
    revised = books.chart(shop.DIAMETER)
    upper = revised.chart.panels[0].upper
    assert upper[-3] == held
    assert upper[-1] != held
    assert [(at, own.limits.revision) for at, own in revised.stages] == [(0, 1), (len(upper) - 2, 2)]
    told = drawn(revised, words("en"), books.view.plant.zone)
    assert told["stages"] == [{"at": told["count"] - 2, "text": "Limits 2"}]
    books.withdraw(shop.DIAMETER, "wrong points", person="li")
    again = books.standing(shop.DIAMETER)
    assert again.newest is not None
    assert again.newest.limits.revision == 1
    assert [entry.code for entry in entries(books.view.ledger, "limits")] == ["freeze", "freeze", "withdraw"]
    assert books.chart(shop.DIAMETER).chart.panels[0].upper[-1] == held
    books.withdraw(shop.DIAMETER, "all of it", person="li")
    assert books.chart(shop.DIAMETER).chart.phase == 1
    with pytest.raises(InputError, match="no limits are frozen"):
        books.withdraw(shop.DIAMETER, "once more", person="li")


def test_what_is_drawn_equals_the_batch(books: QualityBooks):
    books.freeze(shop.DIAMETER, Wanted(newest=100, rules=("nelson",)), "steady", person="li")
    made = books.chart(shop.DIAMETER, Wanted(newest=50))
    newest = books.standing(shop.DIAMETER).newest
    assert newest is not None
    whole = read(books.view.ledger, books.view.plant, shop.DIAMETER, "single").sample
    batch = control_chart("i_mr", whole, rules="nelson", limits=newest.limits)
    wanted = {(own.panel, own.point, own.rule) for own in batch.violations if own.point >= len(whole) - 50}
    shift = len(whole) - len(made.chart.labels)
    assert {(own.panel, own.point + shift, own.rule) for own in made.signals} == wanted
    assert len(drawn(made, words("en"), books.view.plant.zone)["marks"]) == len(wanted) > 3
    paper = cut(made)
    assert len(paper.labels) == 50
    assert len(paper.violations) == len(wanted)


def test_of_very_many_values_the_newest_are_read_in_the_same_subgroups(
    folder: Path, books: QualityBooks, monkeypatch: pytest.MonkeyPatch
):
    shop.measure(folder, shop.DIAMETER, [25.0, 25.001, 24.999] * 141)
    whole = books.chart(shop.DIAMETER, Wanted(group=3, newest=10))
    monkeypatch.setattr("luban.screens.service.quality_charting._LEAST_FACTS", 30)
    monkeypatch.setattr("luban.screens.service.quality_charting.LEAD", 3)
    few = QualityBooks(books.view).chart(shop.DIAMETER, Wanted(group=3, newest=10))
    assert len(few.own.seqs) <= 78 < len(whole.own.seqs) + 60
    assert keys_of(few.own)[few.first :].tolist() == keys_of(whole.own)[whole.first :].tolist()
    assert few.own.sample.sizes.tolist() == [3] * len(few.own.sample)


def test_each_machine_has_a_chart_and_limits_of_its_own(folder: Path, books: QualityBooks):
    other, own = f"{shop.DIAMETER}@jinan/milling", f"{shop.DIAMETER}@jinan/turning"
    values = [25.004 + 0.001 * (at % 3) for at in range(30)]
    shop.measure(folder, shop.DIAMETER, values, unit="jinan/milling")
    assert books.units(shop.DIAMETER) == ("jinan/milling", "jinan/turning")
    assert books.chart(other).own.sample.values.tolist() == values
    assert books.chart(own).own.sample.values.tolist() == shop.diameters()[-100:]
    assert len(books.chart(shop.DIAMETER, Wanted(newest=500)).chart.labels) == shop.COUNT + 30
    assert books.freeze(other, Wanted(), "its own", person="li") == 1
    assert books.chart(other).chart.phase == 2
    assert [books.chart(of).chart.phase for of in (shop.DIAMETER, own)] == [1, 1]
    key = int(keys_of(books.chart(other).own)[0])
    books.cause(other, key, "first piece", person="li")
    assert [entry.code for entry in books.standing(other).entries] == ["freeze", "cause"]
    assert books.standing(shop.DIAMETER).entries == ()
    with pytest.raises(InputError, match="no such characteristic"):
        books.chart(f"{shop.DIAMETER}@jinan/moon")


def test_a_chart_with_a_memory_does_not_forget_what_is_out_of_view(books: QualityBooks):
    books.freeze(shop.DIAMETER, Wanted("cusum", newest=100), "steady", person="li")
    many, few = (books.chart(shop.DIAMETER, Wanted(newest=newest)) for newest in (100, 5))
    assert many.chart.panels[0].values[-5:].tolist() == few.chart.panels[0].values[-5:].tolist()
    assert few.chart.panels[0].values[-5] > 0
    assert len(drawn(few, words("en"), books.view.plant.zone)["labels"]) == 5


def test_values_without_a_lot_are_said_where_lots_are_asked_for(books: QualityBooks):
    with pytest.raises(InputError, match="no point to chart") as caught:
        books.chart(shop.DIAMETER, Wanted(group="lot"))
    assert (caught.value.came, caught.value.hint) == ("160 values left out", "no lot is named")


def test_a_subgroup_waits_until_it_is_full(folder: Path, books: QualityBooks):
    made = books.chart(shop.DIAMETER, Wanted(group=4))
    assert (len(made.chart.labels), made.waiting, made.chart.kind) == (40, 0, "xbar_r")
    shop.measure(folder, shop.DIAMETER, [25.0, 25.001])
    made = books.chart(shop.DIAMETER, Wanted(group=4))
    assert (len(made.chart.labels), made.waiting) == (40, 2)


def test_the_list_says_how_each_characteristic_stands(folder: Path, books: QualityBooks):
    states = {own.id: own for own in books.characteristics()}
    assert list(states) == [shop.DIAMETER, shop.WIDTH, shop.HOLE, shop.BORE, shop.DEPTH]
    assert [own.state for own in states.values()] == ["signals", "signals", "signals", "few values", "no values"]
    assert states[shop.BORE].last == 40.012
    before = states[shop.BORE].version
    shop.measure(folder, shop.BORE, [40.012] * 2)
    after = {own.id: own for own in books.characteristics()}
    assert after[shop.BORE].version != before
    assert after[shop.BORE].n == 5
    assert after[shop.WIDTH] is states[shop.WIDTH]
    with pytest.raises(InputError, match="no point"):
        books.chart(shop.DEPTH)
    with pytest.raises(InputError, match="no such characteristic"):
        books.chart("shaft:colour")


def test_constant_values_have_no_limits_and_say_why(folder: Path, books: QualityBooks):
    shop.measure(folder, shop.DEPTH, [12.0] * 30)
    state = next(own for own in books.characteristics() if own.id == shop.DEPTH)
    assert (state.state, state.why) == ("no limits", "the values do not vary, so there are no limits")


def test_unusable_values_are_counted_not_dropped(folder: Path, books: QualityBooks):
    shop.measure(folder, shop.BORE, [40.01] * 2, quality=66)
    made = books.chart(shop.BORE)
    assert made.chart.used == 3
    assert [one.reason for one in made.chart.excluded] == ["quality of the value: out of range"] * 2


def test_a_correction_changes_the_chart(folder: Path, books: QualityBooks):
    made = books.chart(shop.BORE)
    wrong = int(made.own.seqs[-1])
    with shop.LedgerWriter(shop.places(folder).ledger) as writer:
        told = shop.rows(shop.BORE, [int(made.own.times[-1])], [40.02], gauge="bore gauge 1") | {"supersedes": [wrong]}
        writer.append("measurement", told, source="cmm")
    assert books.chart(shop.BORE).own.sample.values.tolist() == [40.011, 40.013, 40.02]


def test_a_point_leads_to_its_facts(books: QualityBooks):
    made = books.chart(shop.WIDTH)
    key = int(keys_of(made.own)[3])
    facts = books.facts(shop.WIDTH, key)
    assert [fact["value"] for fact in facts] == shop.widths()[3]
    assert {fact["lot"] for fact in facts} == {"G-243"}
    with pytest.raises(InputError, match="no such point"):
        books.facts(shop.WIDTH, 999_999)
    with pytest.raises(InputError, match="no such point"):
        books.cause(shop.DIAMETER, key, "wrong characteristic", person="li")


def test_the_histogram_holds_every_drawn_value_once(books: QualityBooks):
    made = books.chart(shop.DIAMETER, Wanted(newest=80))
    told = histogram(made, words("en"))
    values = np.array(shop.diameters()[-80:])
    assert sum(told["counts"]) == 80
    edges = told["edges"]
    inside = [int(((values >= a) & (values < b)).sum()) for a, b in pairwise(edges)]
    assert inside == told["counts"]
    assert [line["at"] for line in told["lines"]] == [24.985, 25, 25.015]
    area = sum(height for _, height in told["curve"]) * (told["curve"][1][0] - told["curve"][0][0])
    assert area == pytest.approx(80 * (edges[1] - edges[0]), rel=0.01)


def test_capability_belongs_to_the_drawn_points(books: QualityBooks):
    study = capable(books.chart(shop.DIAMETER, Wanted(newest=80)))
    assert study is not None
    values = np.array(shop.diameters()[-80:])
    expected = min(25.015 - values.mean(), values.mean() - 24.985) / (3 * values.std(ddof=1))
    assert study.index("Ppk").value == pytest.approx(expected, rel=1e-9)


def test_without_a_record_nothing_is_written(folder: Path):
    with pytest.raises(MissingServiceError):
        QualityBooks(PlantView(folder)).freeze(shop.DIAMETER, Wanted(), "steady", person="li")


@pytest.mark.parametrize(
    ("values", "digits"), [([25.0, 24.0], 0), ([24.985, 25.01], 3), ([1e-4, 0.25], 4), ([0.1 + 0.2], 1)]
)
def test_digits_are_those_in_which_values_were_written(values: list[float], digits: int):
    assert decimals(np.array(values)) == digits


def test_every_rule_has_a_mark_of_its_own():
    marks = [rule_mark(rule) for rule in RULES if rule != "beyond_limits"]
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize("text", ["pairs", "1", "101", "-5"])
def test_a_wrong_grouping_is_refused(text: str):
    with pytest.raises(InputError, match="grouping"):
        as_group(text)


@pytest.mark.parametrize("change", [lambda d: d.pop("limits"), lambda d: d.update(limits=7), lambda d: d.clear()])
def test_an_entry_that_cannot_be_read_does_not_break_the_page(
    folder: Path, books: QualityBooks, change: Callable[[dict[str, object]], object]
):
    from luban.understand.book import row

    data: dict[str, object] = {"limits": {}, "group": "single", "rules": []}
    change(data)
    shop.recorder(folder, [])(Act("x", "y", shop.DIAMETER, ""), "event", row("limits", shop.DIAMETER, "freeze",
                                                                             person="x", data=data))  # fmt: skip
    assert books.chart(shop.DIAMETER).chart.phase == 1
