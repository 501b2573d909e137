"""Balances close, by the changes that are counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.energy.process import Stream, reconcile

# heat exchanger with a bypass; of six equal meters each path has two, so that F2 = (64.45 + 64.20) / 2 + d,
# F3 = (34.65 + 36.44) / 2 + d and F1 = (101.91 + 98.88) / 2 - d with d = (100.395 - 64.325 - 35.545) / 3 = 0.175
WAYS = {"F1": ("", "split"), "F2": ("split", "hot"), "F3": ("split", "valve"), "F4": ("hot", "mix"),
        "F5": ("valve", "mix"), "F6": ("mix", "")}  # fmt: skip
MEASURED = {"F1": 101.91, "F2": 64.45, "F3": 34.65, "F4": 64.20, "F5": 36.44, "F6": 98.88}
RECONCILED = {"F1": 100.22, "F2": 64.50, "F3": 35.72, "F4": 64.50, "F5": 35.72, "F6": 100.22}


def test_by_hand() -> None:
    found = reconcile([Stream(name, *WAYS[name], MEASURED[name], 1.0) for name in WAYS])
    assert {one.name: round(one.value, 2) for one in found.streams} == RECONCILED
    assert found.closure < 1e-12
    assert found.before == pytest.approx((36.44 - 34.65) / ((36.44 + 34.65) / 2))  # of the valve
    assert found.checks == 4
    assert found.misfit == pytest.approx(sum((RECONCILED[n] - MEASURED[n]) ** 2 for n in WAYS), rel=0.01)
    assert found.suspects == ()


def test_what_is_not_measured_follows_or_is_unknown() -> None:
    some = [Stream(n, *WAYS[n], MEASURED[n] if n in {"F1", "F2"} else None, 1.0) for n in WAYS]
    found = {one.name: one for one in reconcile(some).streams}
    assert found["F5"].value == pytest.approx(101.91 - 64.45)
    assert found["F5"].error == pytest.approx(math.sqrt(2))
    assert math.isnan(found["F1"].score)  # nothing to check it against
    only = {one.name: one for one in reconcile([*some[:1], *(Stream(n, *WAYS[n]) for n in list(WAYS)[1:])]).streams}
    assert only["F6"].value == pytest.approx(101.91)
    assert math.isnan(only["F2"].value)


def test_a_gross_error_is_named() -> None:
    off = MEASURED | {"F4": 90.0}
    found = reconcile([Stream(name, *WAYS[name], off[name], 1.0) for name in WAYS])
    assert found.p < 0.001
    assert found.suspects[0] in {"F2", "F4"}


def test_heat_and_substance_balance_with_the_mass() -> None:
    warm = [
        Stream("hot", "", "mix", 4.0, 0.4, {"heat": 80.0, "salt": 0.1}),
        Stream("cold", "", "mix", 6.5, 0.4, {"heat": 20.0, "salt": 0.0}),
        Stream("out", "mix", "", 9.8, 0.4, {"heat": 44.0, "salt": 0.04}),
    ]
    found = reconcile(warm)
    hot, cold, out = (one.value for one in found.streams)
    assert hot + cold == pytest.approx(out)
    assert 80 * hot + 20 * cold == pytest.approx(44 * out)
    assert hot / out == pytest.approx(0.4)
    assert found.closure < 1e-12


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 1000))
def test_any_drawn_process_closes_in_any_unit(seed: int, scale: float) -> None:
    g = np.random.default_rng(seed)
    values = np.array([100, 60, 40, 60, 40, 100]) * g.normal(1, 0.05, 6)
    errors = g.uniform(0.5, 5, 6)
    one = reconcile([Stream(n, *WAYS[n], v, e) for n, v, e in zip(WAYS, values, errors, strict=True)])
    two = reconcile([Stream(n, *WAYS[n], v * scale, e * scale) for n, v, e in zip(WAYS, values, errors, strict=True)])
    assert one.closure < 1e-10
    assert [s.value * scale for s in one.streams] == pytest.approx([s.value for s in two.streams])
    assert all(s.error < e for s, e in zip(one.streams, errors, strict=True))


def test_bad_input_is_said() -> None:
    for streams, said in (
        ([Stream("a", "", "")], "nowhere"),
        ([Stream("a", "", "x", 1.0)], "how good"),
        ([Stream("a", "", "x")], "nothing is measured"),
        ([Stream("a", "", "x", 1, 1), Stream("a", "x", "", 1, 1)], "one name"),
        ([Stream("a", "", "x", 1, 1)], "stands still"),
    ):
        with pytest.raises(InputError, match=said):
            reconcile(streams)
