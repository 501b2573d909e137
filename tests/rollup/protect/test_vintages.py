"""Two vintages, and two indicators over one denominator: their differences tell on nobody."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from luban.core.errors import InputError
from luban.rollup.protect import Release, Rules, attack, changes, since, suppress, tabulate
from tests.rollup.protect.worlds import firms


def revised(world: pa.Table, new: float) -> pa.Table:
    """The world with one firm more, and one return put right."""
    more = pa.table({"unit": ["new"], "region": ["CN/11"], "industry": ["C300"], "size": ["large"], "x": [new]})
    x = world["x"].to_numpy().copy()
    x[5] += 0.5
    return pa.concat_tables([world.set_column(4, "x", [x]), more])


def test_a_newcomer_shows_in_the_difference_and_not_in_ours() -> None:
    before = firms(1)
    after = revised(before, 60.0)
    first, second = suppress(tabulate(before, "x")), tabulate(after, "x")
    changed = changes(before, after, "x")
    cell = ("CN/11", "C30")
    assert changed[cell].units == 1
    assert changed[cell].value == pytest.approx(60.0)
    assert changed[cell].alone == "new"
    made = since([(first, changed)], second)
    assert cell in made.differences
    assert attack(made.joint) == ()
    naive = suppress(second)
    told = [key for key in changed if first.value(key) is not None and naive.value(key) is not None]
    assert told, "protected by itself, the second vintage tells the newcomer's revenue as a difference"
    joint = made.joint
    states = tuple(
        "published" if key[0] == "now" and naive.value(key[1:]) is not None else state
        for key, state in zip(joint.table.keys, joint.states, strict=True)
    )
    assert any(abs(one.high - one.low) < 1 for one in attack(Release(joint.table, states)))


def test_an_unchanged_table_stays_as_it_was() -> None:
    world = firms(4)
    first = suppress(tabulate(world, "x"))
    assert changes(world, world, "x") == {}
    again = since([(first, {})], tabulate(world, "x"))
    assert again.release.states == first.states
    assert again.differences == ()


def test_a_correction_alone_tells_no_level() -> None:
    world = firms(4)
    x = world["x"].to_numpy().copy()
    x[3] += 7.0
    changed = changes(world, world.set_column(4, "x", [x]), "x")
    assert changed
    assert all(one.reasons == () and one.value == pytest.approx(7.0) for one in changed.values())


def test_a_correction_by_ten_thousand_times_tells_what_there_was() -> None:
    world = firms(4)
    x = world["x"].to_numpy().copy()
    x[3] /= 1e4
    changed = changes(world, world.set_column(4, "x", [x]), "x")
    assert {one.reasons for one in changed.values()} == {("differencing",)}


def test_of_yes_and_no_every_change_is_an_answer_and_a_no_that_comes_as_well() -> None:
    rules = Rules(dominance=None, p=None, zeros=False)
    world = firms(4).set_column(4, "x", [np.zeros(120)])
    more = pa.table({"unit": ["new"], "region": ["CN/11"], "industry": ["C300"], "size": ["large"], "x": [0.0]})
    came = changes(world, pa.concat_tables([world, more]), "x", rules=rules)
    assert {(one.value, one.width, one.reasons) for one in came.values()} == {(0.0, 1.0, ("differencing",))}
    x = np.zeros(120)
    x[3] = 1.0
    turned = changes(world, world.set_column(4, "x", [x]), "x", rules=rules)
    assert {(one.value, one.width, one.reasons) for one in turned.values()} == {(1.0, 1.0, ("differencing",))}


def test_dimensions_must_be_the_same() -> None:
    world = firms(4)
    with pytest.raises(InputError, match="same dimensions"):
        since([(suppress(tabulate(world, "x")), {})], tabulate(world, "x", by=("region",)))


def test_a_newcomer_without_an_industry_shows_in_every_total() -> None:
    world = firms(4)
    more = pa.table({"unit": ["new"], "region": ["US/1"], "industry": [""], "size": ["large"], "x": [60.0]})
    later = pa.concat_tables([world, more])
    changed = changes(pa.concat_tables([world, more.set_column(0, "unit", [["old"]])]), later, "x")
    assert {key for key in tabulate(later, "x").keys if key in changed} == set(changed)
    assert ("", "") in changed
    assert ("US/1", "--") in changed


def test_leaving_counts_like_coming() -> None:
    world = firms(6)
    keep = np.arange(world.num_rows) != 9
    changed = changes(world, world.filter(pa.array(keep)), "x")
    assert [one.value for one in changed.values()] == pytest.approx([-float(world["x"][9].as_py())] * len(changed))
    assert all(one.reasons == ("differencing",) for one in changed.values())
