"""The composite index: monotone in every part, withheld where one is missing, honest about its weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.composite import Part, composite, sensitivity


@dataclass(frozen=True)
class Own:
    id: str
    weight: float
    low: float
    high: float


PARTS = (Own("quality", 2.0, 0.0, 10.0), Own("loss", 1.0, 5.0, 0.0), Own("research", 1.0, 0.0, 4.0))


def test_by_hand() -> None:
    found = composite({"a": {"quality": 5.0, "loss": 1.0, "research": 4.0}}, PARTS).scores["a"]
    # marks 0.5, 0.8, 1.0, weights 1/2, 1/4, 1/4: 0.7, on 60 … 100
    assert found.value == pytest.approx(88.0)


def test_one_missing_and_the_index_is_withheld() -> None:
    found = composite({"a": {"quality": 5.0, "loss": None}}, PARTS).scores["a"]
    assert found.value is None
    assert found.missing == ("loss", "research")


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(0, 12), min_size=3, max_size=3), step=st.floats(0, 5), at=st.integers(0, 2)
)  # fmt: skip
def test_monotone_in_every_part(values: list[float], step: float, at: int) -> None:
    known = {one.id: value for one, value in zip(PARTS, values, strict=True)}
    part = PARTS[at]
    better = known | {part.id: known[part.id] + step * (1 if part.high > part.low else -1)}
    scores = composite({"was": known, "now": better}, PARTS).scores
    was, now = scores["was"].value, scores["now"].value
    assert was is not None
    assert now is not None
    assert 60 - 1e-9 <= was <= now + 1e-9 <= 100 + 1e-9


def test_the_plan_s_own_index_is_one() -> None:
    parts: tuple[Part, ...] = load_plan("mic2025").indicator("I03").definition.parts
    assert len(parts) == 12
    best = {one.id: one.high for one in parts}
    worst = {one.id: one.low for one in parts}
    scores = composite({"best": best, "worst": worst}, parts).scores
    assert (scores["best"].value, scores["worst"].value) == (100.0, 60.0)


def test_who_is_best_in_everything_is_first_whatever_the_weights() -> None:
    values: dict[str, dict[str, float | None]] = {
        "top": {"quality": 9.0, "loss": 0.5, "research": 3.0},
        "a": {"quality": 8.0, "loss": 4.0, "research": 1.0},
        "b": {"quality": 3.0, "loss": 1.0, "research": 2.5},
        "none": {"quality": 3.0},
    }
    found = sensitivity(values, PARTS, draws=300)
    assert found.ranks["top"].first == 1.0
    assert set(found.ranks["top"].variants.values()) == {1}
    assert (found.ranks["a"].low, found.ranks["a"].high) == (2.0, 3.0)  # a and b change places with the weights
    assert "none" not in found.ranks
    assert found.shift > 0


def test_ranks_are_those_of_drawing_by_hand() -> None:
    values = {"a": {"quality": 8.0, "loss": 4.0, "research": 1.0}, "b": {"quality": 3.0, "loss": 1.0, "research": 2.5}}
    found = sensitivity(values, PARTS, draws=4000, spread=0.5, seed=9)
    rng = np.random.default_rng(123)
    w = np.array([2.0, 1.0, 1.0]) * rng.uniform(0.5, 1.5, (40_000, 3))
    a, b = np.array([0.8, 0.2, 0.25]), np.array([0.3, 0.8, 0.625])
    assert found.ranks["a"].first == pytest.approx(float((w @ a > w @ b).mean()), abs=0.03)


@pytest.mark.parametrize("bad", [(), (Own("x", 0.0, 0.0, 1.0),), (Own("x", 1.0, 1.0, 1.0),)])
def test_bad_parts_are_named(bad: tuple[Own, ...]) -> None:
    with pytest.raises(InputError):
        composite({"a": {"x": 1.0}}, bad)


def test_an_order_needs_two() -> None:
    with pytest.raises(InputError, match="needs two"):
        sensitivity({"a": {"quality": 5.0}}, PARTS)
