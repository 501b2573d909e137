"""Suppression: nothing that is withheld can be computed, and not much more is withheld than must be."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.rollup.protect import Release, Rules, Table, attack, link, suppress, tabulate
from tests.rollup.protect.test_attack import square
from tests.rollup.protect.worlds import firms

DEPTH = {"region": 1, "industry": 3}


def only_primary(table: Table) -> Release:
    return Release(table, tuple("primary" if one else "published" for one in table.reasons))


def plain(inner: list[list[float]], sensitive: dict[int, float], alone: dict[int, str] | None = None) -> Table:
    values, sums = square(np.array(inner))
    count = values.size
    reasons = tuple(("p %",) if cell in sensitive else () for cell in range(count))
    width = np.array([sensitive.get(cell, 0.0) for cell in range(count)])
    names = tuple((alone or {}).get(cell, "") for cell in range(count))
    keys = tuple((str(cell),) for cell in range(count))
    return Table("plain", ("cell",), keys, values, np.full(count, 5), reasons, width, names, np.zeros(count),
                 np.full(count, np.inf), sums)  # fmt: skip


def test_the_attacker_undoes_what_has_no_complement_and_not_what_we_give() -> None:
    undone = 0
    for seed in range(12):
        table = tabulate(firms(seed), "x", depth=DEPTH)
        undone += bool(attack(only_primary(table)))
        assert attack(suppress(table)) == ()
    assert undone >= 11


@pytest.mark.parametrize("seed", range(3))
def test_not_much_worse_than_trying_every_pattern(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inner = rng.integers(1, 40, (3, 3)).astype(float).tolist()
    at = int(rng.integers(0, 9))
    cell = at // 3 * 4 + at % 3
    table = plain(inner, {cell: 0.15 * inner[at // 3][at % 3]})

    def pattern(own: int, others: tuple[int, ...]) -> Release:
        names = {own: "primary"} | dict.fromkeys(others, "complementary")
        return Release(table, tuple(names.get(one, "published") for one in range(16)))

    inside = [row * 4 + column for row in range(3) for column in range(3) if row * 4 + column != cell]
    best = next(size for size in range(9) for some in combinations(inside, size) if not attack(pattern(cell, some)))
    assert suppress(table).loss.complementary <= best + 1


def test_losses_are_found_and_protected() -> None:
    world = firms(2)
    x = world["x"].to_numpy().copy()
    x[::20] *= -3
    table = tabulate(world.set_column(4, "x", [x]), "x", depth=DEPTH)
    assert (table.low == -np.inf).all()
    assert attack(suppress(table)) == ()
    assert (tabulate(world, "x", depth=DEPTH).low == 0).all()


def test_one_who_stands_alone_learns_no_neighbour() -> None:
    table = plain([[20, 50, 10], [8, 19, 22], [17, 32, 12]], {0: 3.0, 2: 1.5}, {0: "a", 2: "b"})
    pair = Release(table, tuple("primary" if one in (0, 2) else "complementary" if one in (4, 6) else "published"
                                for one in range(16)))  # fmt: skip
    assert attack(pair, insiders=False) == ()
    assert {one.insider for one in attack(pair)} == {"a", "b"}
    assert attack(suppress(table)) == ()


def test_linked_tables_are_safe_together_and_not_one_by_one() -> None:
    world = firms(1, 40, regions=1, divisions=2)
    kinds = replace(tabulate(world, "x", by=("industry",)), dimensions=("what",))
    sizes = replace(tabulate(world, "x", by=("size",)), dimensions=("what",))
    at = kinds.index(("C30",))
    kinds = replace(kinds, reasons=tuple(("minimum",) if one == at else () for one in range(len(kinds))),
                    width=np.where(np.arange(len(kinds)) == at, 0.15 * kinds.values[at], 0.0))  # fmt: skip
    sizes = replace(sizes, reasons=((),) * len(sizes), width=np.zeros(len(sizes)))
    known = [("C31",)]
    alone = suppress(kinds, opened=known)
    assert alone.value(("",)) is None  # the total is withheld in one table …
    both = link(kinds, sizes)
    assert len(both) == len(kinds) + len(sizes) - 1
    states = [alone.state(key) if key in kinds.keys and key != ("",) else "published" for key in both.keys]
    assert {one.key for one in attack(Release(both, tuple(states)))} == {("C30",)}  # … and told by the other
    together = suppress(both, opened=known)
    assert together.unprotected == () == attack(together)
    assert {together.state(("large",)), together.state(("small",))} != {"published"}


def test_totals_are_true_and_counts_are_told() -> None:
    world = firms(3)
    table = tabulate(world, "x", depth=DEPTH)
    release = suppress(table)
    at = table.index(("CN", ""))
    assert table.values[at] == pytest.approx(float(np.sum(world["x"].to_numpy())))
    assert table.counts[at] == world.num_rows
    assert release.value(("CN", "")) == pytest.approx(table.values[at])
    assert all(table.values[line.total] == pytest.approx(sum(table.values[part] for part in line.parts))
               for line in table.sums)  # fmt: skip


def test_one_owner_of_three_works_is_one_unit() -> None:
    world = firms(1, 3, regions=1, divisions=1).append_column("owner", [["a", "a", "a"]])
    assert "minimum" not in tabulate(world, "x", by=("region",)).reasons[0]
    assert "minimum" in tabulate(world, "x", by=("region",), holder="owner").reasons[0]


def test_what_cannot_be_protected_is_said() -> None:
    table = plain([[20, 50, 10], [8, 19, 22], [17, 32, 12]], {6: 3.0})
    release = suppress(table, opened=[(str(cell),) for cell in range(16) if cell != 6])
    assert release.unprotected == (("6",),)
    assert [one.key for one in attack(release)] == [("6",)]


def test_a_figure_below_zero_may_be_anything() -> None:
    world = firms(2).set_column(4, "x", [np.linspace(-5, 40, 120)])
    assert attack(suppress(tabulate(world, "x", depth=DEPTH, rules=Rules(signed=True)))) == ()


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="column is missing"):
        tabulate(firms(0), "revenue")
    with pytest.raises(InputError, match="no figure is known"):
        tabulate(firms(0, 3).set_column(4, "x", [np.full(3, np.nan)]), "x")
    with pytest.raises(InputError, match="no such cell"):
        suppress(tabulate(firms(0), "x")).value(("CN/99", "C"))


def test_everybody_knows_that_a_share_ends_at_one() -> None:
    rng = np.random.default_rng(3)
    for seed in range(4):
        world = firms(seed, 60)
        world = world.set_column(4, "x", [(rng.random(60) < 0.9).astype(float)])
        rules = Rules(4, None, None)
        table = tabulate(world, "x", depth=DEPTH, rules=rules, ceiling=1.0)
        assert (table.high == table.counts).all()
        assert len(table.sensitive) > 0
        assert attack(suppress(table)) == ()
        exposed = attack(replace(only_primary(table)))
        assert all(one.high <= table.counts[table.index(one.key)] + 1e-6 for one in exposed)
