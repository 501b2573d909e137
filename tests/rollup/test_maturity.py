"""Maturity: the models' rules worked by hand, and what a plant's books answer by themselves."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import ConfigError, InputError
from luban.ledger import Ledger, LedgerWriter
from luban.norms.maturity import Model, maturity_model, maturity_models, model_of
from luban.plant import Plant, load
from luban.rollup.maturity import Answer, LeftOut, Shown, answer_row, answers_of, assess, maturity, scope_row
from luban.understand.book import row

DAY = 86_400_000_000
NOW = 1_780_000_000_000_000
CMMM, SIRI, BOTH = (maturity_model(name) for name in ("gbt_39116", "siri", "gbt_23020"))
TINY = Path(__file__).parents[2] / "examples" / "tiny_workshop"


def marks(model: Model, by_level: dict[int, float]) -> dict[str, Answer]:
    """The same mark for all requirements of a level; None stands for unknown."""
    return {
        one.id: Answer(one.id, by_level[one.level], "stated") for one in model.requirements if one.level in by_level
    }


# ---- the models as data


def test_what_the_models_are_made_of() -> None:
    assert maturity_models() == ("gbt_23020", "gbt_39116", "siri")
    assert (len(CMMM.dimensions), len(CMMM.groups), len(CMMM.requirements)) == (20, 4, 100)
    assert [name.zh[:2] for _, name in CMMM.levels] == ["一级", "二级", "三级", "四级", "五级"]
    by_group = [sum(one.group == group for one in CMMM.dimensions) for group, _ in CMMM.groups]
    assert by_group == [2, 3, 2, 13]  # 2 + 3 + 2 + (2 + 7 + 1 + 1 + 2)
    assert (len(SIRI.dimensions), len(SIRI.groups), len(SIRI.levels)) == (16, 3, 6)
    assert [sum(one.group == group for one in SIRI.dimensions) for group, _ in SIRI.groups] == [3, 9, 4]
    assert [name.zh for _, name in BOTH.levels] == ["起步建设", "单项覆盖", "集成提升", "创新突破"]


def test_what_nobody_could_check_is_marked() -> None:
    for name in maturity_models():
        model = maturity_model(name)
        assert not model.verified
        assert model.how in {"memory", "second hand", "own"}
        assert model.doubt.zh
        assert model.doubt.en
        assert model.doubt.ko
    with pytest.raises(InputError, match="no such model"):
        maturity_model("acatech")


def test_a_bad_model_names_file_table_and_key() -> None:
    text = 'title = "t"\nverified = false\n[[group]]\nid = "g"\nname = "G"\n[[ladder]]\nid = "l"\n'
    text += '[[dimension]]\nid = "d"\ngroup = "h"\nname = "D"\n'
    with pytest.raises(ConfigError) as caught:
        model_of("x", text, "x.toml")
    assert caught.value.where == "x.toml [[dimension]] 1 group"


# ---- rules, by hand


@pytest.mark.parametrize(
    ("by_level", "total", "grade"),
    [
        ({1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, 0.0, 0),
        ({1: 0.5, 2: 0, 3: 0, 4: 0, 5: 0}, 0.5, 0),
        ({1: 0.8, 2: 0, 3: 0, 4: 0, 5: 0}, 1.0, 1),  # passed counts 1
        ({1: 1, 2: 0.5, 3: 0.5, 4: 0, 5: 0}, 2.0, 2),  # 1 + 0.5 + 0.5
        ({1: 1, 2: 1, 3: 0.5, 4: 0.5, 5: 0}, 3.0, 3),
        ({1: 1, 2: 1, 3: 1, 4: 1, 5: 0.5}, 4.5, 4),
        ({1: 1, 2: 1, 3: 1, 4: 1, 5: 0.8}, 5.0, 5),
    ],
)
def test_levels_are_added_up(by_level: dict[int, float], total: float, grade: int) -> None:
    found = assess(CMMM, marks(CMMM, by_level))
    assert (found.low, found.high) == (pytest.approx(total), pytest.approx(total))
    assert (found.level_low, found.level_high) == (grade, grade)
    assert found.known == found.asked == 100


def test_unknown_makes_a_range_and_never_a_zero() -> None:
    found = assess(CMMM, marks(CMMM, {1: 1, 2: 1}))
    assert (found.low, found.high, found.level_low, found.level_high) == (2.0, 5.0, 2, 5)
    assert (found.known, found.asked) == (40, 100)
    open_ = found.answers["data.3"]
    assert (open_.mark, open_.reason) == (None, "nobody has answered it")
    nothing = assess(CMMM, {})
    assert (nothing.low, nothing.high, nothing.known) == (0.0, 5.0, 0)


def test_a_band_ends_at_the_first_gap() -> None:
    answers = marks(SIRI, {1: 1, 2: 1, 3: 0, 4: 1, 5: 1})
    answers["vertical.3"] = Answer("vertical.3", 1, "stated")
    found = assess(SIRI, answers)
    bands = {one.dimension: one.low for one in found.dimensions}
    assert (bands["vertical"], bands["horizontal"]) == (5, 2)
    assert (found.low, found.level_low) == (None, None)  # the index has no total
    open_ = assess(SIRI, {name: one for name, one in answers.items() if not name.startswith("vertical.")})
    (vertical,) = (one for one in open_.dimensions if one.dimension == "vertical")
    assert (vertical.low, vertical.high, vertical.known) == (0, 5, 0)


def test_stages_follow_one_another() -> None:
    def stage(**groups: float) -> int | None:
        answers = {
            one.id: Answer(
                one.id, groups.get(next(d.group for d in BOTH.dimensions if d.id == one.dimension), 0), "stated"
            )
            for one in BOTH.requirements
        }
        return assess(BOTH, answers).level_low

    assert stage(base=1) == 1
    assert stage(base=1, single=0.75) == 2
    assert stage(single=0.75, integration=0.75) == 3
    assert stage(integration=1, synergy=1) == 1  # without single applications there is no integration stage
    assert stage(single=1, integration=1, synergy=1) == 4


@given(st.sampled_from([CMMM, SIRI, BOTH]), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_more_is_never_less(model: Model, seed: int) -> None:
    draw = random.Random(seed)
    drawn = {one.id: draw.choice([None, *model.marks]) for one in model.requirements}
    answers = {name: Answer(name, mark, "stated") for name, mark in drawn.items() if mark is not None}
    raised = draw.choice(model.requirements).id
    more = answers | {raised: Answer(raised, 1.0, "stated")}
    before, after = assess(model, answers), assess(model, more)
    assert all(b.low <= a.low for b, a in zip(before.dimensions, after.dimensions, strict=True))
    if before.low is not None and after.low is not None and before.high is not None and after.high is not None:
        assert before.low <= after.low + 1e-9
        assert after.low <= after.high + 1e-9
        assert before.low <= before.high + 1e-9


def test_what_does_not_apply_has_no_weight() -> None:
    out = [LeftOut(name, "contract maker", "li", 7) for name in ("sales", "product_design", "customer_service")]
    answers = {one.id: Answer(one.id, 1.0, "stated") for one in CMMM.requirements if one.level <= 2}
    answers["skills.2"] = Answer("skills.2", 0.0, "stated")
    whole, part = assess(CMMM, answers), assess(CMMM, answers, out)
    assert (whole.asked, part.asked) == (100, 85)
    assert "sales.1" not in part.answers
    assert part.low == whole.low == 2.0  # 19 of 20, 16 of 17: both pass
    answers |= {f"{name}.2": Answer(f"{name}.2", 0.0, "stated") for name in ("data", "network", "energy")}
    whole, part = assess(CMMM, answers), assess(CMMM, answers, out)
    assert (whole.low, part.low) == (2.0, pytest.approx(1 + 13 / 17))  # 16 of 20 pass, 13 of 17 do not
    base = [LeftOut(one.id, "x", "li", 7) for one in BOTH.dimensions if one.group == "synergy"]
    groups = {one.group: one.low for one in assess(BOTH, {}, base).groups}
    assert groups["synergy"] is None
    with pytest.raises(InputError, match="every dimension is left out"):
        assess(SIRI, {}, [LeftOut(one.id, "x", "li", 7) for one in SIRI.dimensions])


# ---- a plant's books


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    shutil.copytree(TINY, tmp_path / "plant", ignore=shutil.ignore_patterns("facts", ".luban"))
    return load(tmp_path / "plant")


def states(plant: Plant, units: int, time: int = NOW) -> dict[str, list[object]]:
    subjects = list(plant.work_units[:units])
    n = len(subjects)
    return {
        "time": [time] * n,
        "subject": subjects,
        "quality": [0] * n,
        "state": ["producing"] * n,
        "mapping": ["generic@1"] * n,
    }


def test_the_books_answer_what_they_show(plant: Plant, tmp_path: Path) -> None:
    units = len(plant.work_units)
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("state", states(plant, units // 2), source="s")
        writer.append("event", row("workorder", "w1", "open", person="li", time=NOW), source="s")
    found = maturity(Ledger(tmp_path / "ledger"), plant, CMMM)
    half, all_ = found.answers["equipment.2"], found.answers["equipment.3"]
    assert half.shown is not None
    assert (half.mark, half.by, half.shown.basis, half.shown.amount) == (1, "books", "connected", 0.5)
    assert all_.mark == 0.5  # half of the units are more than half of 90 %, less than four fifths of it
    order = found.answers["maintenance.2"]
    assert order.shown == Shown("book:workorder", 1, 1, units // 2 + 1, units // 2 + 1)
    assert found.answers["planning.1"].shown == Shown("table:calendars", len(plant.calendars), len(plant.calendars))
    assert found.answers["energy.4"].reason == "the books show nothing of it"
    assert found.answers["skills.1"].reason == "nobody has answered it"


def test_key_processes_with_a_controller_are_a_sign(plant: Plant, tmp_path: Path) -> None:
    units = [unit.removeprefix(f"{plant.id}/") for unit in plant.work_units]
    table = "id,unit\n" + "".join(f"k{at},{unit}\n" for at, unit in enumerate(units[:4]))
    (tmp_path / "plant" / "key_processes.csv").write_text(table, "utf-8")
    own = load(tmp_path / "plant")
    fixed = states(own, 2) | {"mapping": ["packml@1", "power@1"]}  # a power meter is no controller
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("state", fixed, source="s")
    found = maturity(Ledger(tmp_path / "ledger"), own, CMMM).answers["operations.2"]
    assert (found.mark, found.by, found.shown) == (0.5, "books", Shown("controlled", 0.25, 1, 1, 1))


def test_old_facts_show_nothing(plant: Plant, tmp_path: Path) -> None:
    units = len(plant.work_units)
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("state", states(plant, units, NOW - 91 * DAY), source="s")
        writer.append("state", states(plant, 1), source="s")
    shown = maturity(Ledger(tmp_path / "ledger"), plant, CMMM).answers["equipment.3"].shown
    assert shown is None or shown.amount == pytest.approx(1 / units)


def test_the_same_books_give_the_same_score(plant: Plant, tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("state", states(plant, 2), source="s")
    ledger = Ledger(tmp_path / "ledger")
    before = maturity(ledger, plant, CMMM)
    entry = answer_row(CMMM, "skills.1", 0.8, person="li", document="training plan 2026")
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("event", entry, source="s")
    ledger = Ledger(tmp_path / "ledger")
    after = maturity(ledger, plant, CMMM)
    said = after.answers["skills.1"]
    assert (said.mark, said.by, said.document, said.person) == (0.8, "stated", "training plan 2026", "li")
    assert after.known == before.known + 1
    assert maturity(ledger, plant, CMMM, as_of=before.seq) == before
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("event", answer_row(CMMM, "skills.1", None, person="li", document=""), source="s")
    assert maturity(Ledger(tmp_path / "ledger"), plant, CMMM).answers["skills.1"].mark is None


def test_a_dimension_is_left_out_and_taken_in_again(plant: Plant, tmp_path: Path) -> None:
    rows = [scope_row(CMMM, "sales", applies=on, person="li", document="contract maker") for on in (False, True)]
    with LedgerWriter(tmp_path / "ledger") as writer:
        for entry in rows:
            writer.append("event", entry, source="s")
    ledger = Ledger(tmp_path / "ledger")
    (out,) = maturity(ledger, plant, CMMM, as_of=1).left_out
    assert (out.dimension, out.document, out.person, out.seq) == ("sales", "contract maker", "li", 1)
    assert maturity(ledger, plant, CMMM).left_out == ()
    for name, text in (("selling", "x"), ("sales", "")):
        with pytest.raises(InputError):
            scope_row(CMMM, name, applies=False, person="li", document=text)


def test_facts_count_before_statements() -> None:
    shown = {"connected": Shown("connected", 0.6, 10, 1, 10)}
    stated = {"equipment.2": Answer("equipment.2", 0.5, "stated", None, 0.5, "note", "li", 11)}
    found = answers_of(CMMM, shown, stated)["equipment.2"]
    assert (found.mark, found.by, found.stated, found.document) == (1, "books", 0.5, "note")


@pytest.mark.parametrize(
    ("requirement", "mark", "document", "said"),
    [
        ("skils.1", 1, "x", "no such requirement"),
        ("skills.1", 0.7, "x", "no such mark"),
        ("skills.1", 1, " ", "needs what shows it"),
    ],
)
def test_bad_answers_are_refused(requirement: str, mark: float, document: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        answer_row(CMMM, requirement, mark, person="li", document=document)
