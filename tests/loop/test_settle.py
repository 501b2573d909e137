"""Which proposals go: against every subset, and by hand."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.loop.deciding.floor import Act, Proposal
from luban.loop.deciding.settle import BUSY, LOST, NO_GAIN, TOO_OLD, UNPRICED, settle


def proposal(
    lever: str, worth: float | None, takes: dict[str, tuple[int, int]] | None = None, target: str = "",
    expires: int | None = None,
) -> Proposal:  # fmt: skip
    act = Act("dispatch", target or f"{lever} {worth} {takes}", ())
    return Proposal(lever, "luban test", act, worth, takes=takes or {}, expires=expires)


def conflict(one: Proposal, other: Proposal) -> bool:
    if (one.act.kind, one.act.target) == (other.act.kind, other.act.target):
        return True
    return any(
        one.takes[name][0] < other.takes[name][1] and other.takes[name][0] < one.takes[name][1]
        for name in one.takes.keys() & other.takes.keys()
    )


SPANS = st.tuples(st.integers(0, 8), st.integers(1, 5)).map(lambda two: (two[0], two[0] + two[1]))
PROPOSALS = st.lists(
    st.builds(
        proposal,
        st.sampled_from("abcd"),
        st.one_of(st.none(), st.integers(-3, 12).map(float)),
        st.dictionaries(st.sampled_from(["lathe", "mill", "order 7"]), SPANS, max_size=2),
        st.sampled_from(["", "", "", "lathe queue"]),
    ),
    max_size=9,
)


@settings(max_examples=150, deadline=None)
@given(PROPOSALS)
def test_no_other_choice_is_worth_more(proposals: list[Proposal]) -> None:
    settled = settle(proposals)
    assert settled.proved
    priced = [one for one in proposals if one.worth is not None]
    best = max(
        math.fsum(one.worth or 0.0 for one in subset)
        for size in range(len(priced) + 1)
        for subset in itertools.combinations(priced, size)
        if not any(conflict(a, b) for a, b in itertools.combinations(subset, 2))
    )
    assert math.fsum(one.worth or 0.0 for one in settled.taken) == pytest.approx(best)
    assert not any(conflict(a, b) for a, b in itertools.combinations(settled.taken, 2))
    assert len(settled.taken) + len(settled.dropped) == len(proposals)
    for lost in settled.dropped:
        in_the_way = [one for one in settled.taken if conflict(one, lost.proposal)]
        if lost.reason == NO_GAIN:
            assert lost.proposal.worth is not None
            assert lost.proposal.worth < 0
        else:
            assert {id(one) for one in lost.to} == {id(one) for one in in_the_way}
            assert in_the_way
            assert (lost.reason == UNPRICED) == (lost.proposal.worth is None)


def test_two_small_ones_win_against_the_one_between_them() -> None:
    left, between, right = (
        proposal("a", 5.0, {"lathe": (0, 10)}),
        proposal("b", 8.0, {"lathe": (5, 15)}),
        proposal("c", 4.0, {"lathe": (10, 20)}),
    )
    settled = settle([between, left, right])
    assert settled.taken == (left, right) or settled.taken == (right, left)
    assert [(one.proposal, one.reason, set(map(id, one.to))) for one in settled.dropped] == [
        (between, LOST, {id(left), id(right)})
    ]


def test_ties_go_by_the_order_of_levers() -> None:
    one, other = proposal("dispatch", 5.0, {"lathe": (0, 10)}), proposal("maintenance", 5.0, {"lathe": (0, 10)})
    assert settle([one, other]).taken == (one,)
    assert settle([one, other], order=("maintenance", "dispatch")).taken == (other,)


def test_what_is_taken_or_too_old_does_not_go() -> None:
    held, late, free = (
        proposal("a", 50.0, {"lathe": (0, 10)}),
        proposal("b", 9.0, expires=99),
        proposal("c", None, {"lathe": (20, 30)}),
    )
    settled = settle([held, late, free], {"lathe": (5, 20)}, now=100)
    assert settled.taken == (free,)
    assert [one.reason for one in settled.dropped] == [BUSY, TOO_OLD]


def test_a_large_knot_is_settled_and_says_whether_it_is_sure() -> None:
    """Forty cuts of one machine, each over the next: the even or the odd ones, known by hand."""
    chain = [proposal(f"lever {n}", 10.0 + n % 2, {"lathe": (n * 10, n * 10 + 15)}) for n in range(40)]
    settled = settle(chain)
    assert settled.proved
    assert sum(one.worth or 0.0 for one in settled.taken) == 20 * 11


@pytest.mark.parametrize(
    "bad",
    [
        proposal("a", math.nan),
        proposal("a", 1.0, {"lathe": (10, 5)}),
        Proposal("a", "luban test", Act("explode", "lathe")),
    ],
)
def test_bad_input_is_said(bad: Proposal) -> None:
    with pytest.raises(InputError):
        settle([bad])
