"""The tables of MIL-STD-105E against their printed cells, and against a federal regulation that prints some of them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.norms.sampling import (
    KINDS,
    LETTERS,
    LEVELS,
    SEVERITIES,
    aql_steps,
    code_letter,
    limit_number,
    switching_rules,
    table_plan,
)

DATA = Path(__file__).parent / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        yield from csv.DictReader(file)


def test_every_single_plan_agrees_with_the_printed_cell() -> None:
    wrong = []
    listed = list(rows("mil_std_105e_single.csv"))
    for row in listed:
        plan = table_plan(row["code_letter"], row["aql"], row["inspection"])  # type: ignore[arg-type]
        found = plan.used, plan.size, *plan.numbers[0]
        if found != (row["used_letter"], int(row["n"]), int(row["ac"]), int(row["re"])):
            wrong.append((row, found))
    assert len(listed) == 1088
    assert wrong == []


def test_every_code_letter_agrees_at_both_ends_of_its_row() -> None:
    for row in rows("mil_std_105e_code_letters.csv"):
        for level in LEVELS:
            assert code_letter(int(row["lot_from"]), level) == row[level]
            assert code_letter(int(row["lot_to"] or 10**9), level) == row[level]


@pytest.mark.parametrize(
    ("letter", "size", "numbers"),
    [
        ("G", 8, [(None, 4), (1, 5), (2, 6), (3, 7), (5, 8), (7, 9), (9, 10)]),
        ("H", 13, [(None, 4), (1, 6), (3, 8), (5, 10), (7, 11), (10, 12), (13, 14)]),
        ("J", 20, [(None, 5), (3, 8), (6, 10), (8, 13), (11, 15), (14, 17), (18, 19)]),
        ("K", 32, [(1, 7), (4, 10), (8, 13), (12, 17), (17, 20), (21, 23), (25, 26)]),
        ("L", 50, [(2, 9), (7, 14), (13, 19), (19, 25), (25, 29), (31, 33), (37, 38)]),
    ],
)
def test_multiple_plans_are_those_of_46_cfr_160_066_12(letter: str, size: int, numbers: list[tuple[int, int]]) -> None:
    """The regulation prints five plans of AQL 6.5; with the first sample of H and J it never accepts."""
    plan = table_plan(letter, 6.5, "normal", "multiple")
    assert plan.size == size
    for (accept, reject), (printed, printed_reject) in zip(plan.numbers, numbers, strict=True):
        assert reject == printed_reject
        assert printed is None or accept == printed


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_leads_to_a_plan_that_can_decide(kind: str, severity: str) -> None:
    for letter in LETTERS[:-1]:
        for aql in aql_steps():
            plan = table_plan(letter, aql, severity, kind)  # type: ignore[arg-type]
            numbers = plan.numbers
            assert plan.size > 0
            assert len(numbers) == {"single": 1, "double": 2, "multiple": 7}[plan.kind]
            assert all(accept < reject for accept, reject in numbers)
            assert list(numbers) == [(max(a for a, _ in numbers[: i + 1]), r) for i, (_, r) in enumerate(numbers)]
            gap = numbers[-1][1] - numbers[-1][0]
            assert gap == 1 or severity == "reduced"


def test_larger_letters_never_accept_more_at_the_same_quality() -> None:
    for severity in SEVERITIES:
        for aql in aql_steps():
            plans = [table_plan(letter, aql, severity) for letter in LETTERS[:-1]]
            assert [plan.size for plan in plans] == sorted(plan.size for plan in plans) or aql in {"10", "15"}


def test_limit_numbers_are_those_of_the_printed_table() -> None:
    """Columns of Table VIII as ANSI/ASQ Z1.4-2003 prints them, from the row named to the last."""
    lowest = [20, 30, 50, 80, 130, 200, 320, 500, 800, 1250, 2000, 3150, 5000, 8000, 12500, 20000, 31500]
    columns = {
        "0.40": (1250, [2, 4, 8, 14, 24, 40, 68, 111]),
        "0.65": (800, [2, 4, 8, 14, 25, 42, 69, 115, 186]), "1.0": (500, [2, 4, 7, 14, 24, 40, 68, 110, 181]),
        "1.5": (320, [1, 3, 7, 13, 22, 38, 63, 105, 169]), "2.5": (200, [2, 4, 7, 14, 24, 40, 67, 110, 181]),
        "4.0": (130, [2, 4, 8, 14, 24, 40, 68, 111]), "10": (50, [2, 4, 7, 14, 24, 40, 68, 110, 181]),
        "25": (20, [2, 3, 7, 14, 25, 40, 68, 110, 181]), "65": (20, [8, 13, 25, 42, 72, 115, 189]),
        "100": (20, [14, 22, 40, 68, 115, 181]), "250": (20, [40, 63, 110, 181, 301, 471]),
        "400": (20, [68, 105, 181, 297, 490]), "650": (20, [115, 178, 301]), "1000": (20, [181, 277]),
    }  # fmt: skip
    for aql, (first, printed) in columns.items():
        at = lowest.index(first)
        for units, number in zip(lowest[at:], printed, strict=False):
            assert limit_number(units, aql) == number, (aql, units)
    assert limit_number(19, 1000) is None
    assert limit_number(1249, 0.1) is None
    assert limit_number(10**7, 1.0) == limit_number(31500, 1.0)


def test_switching_numbers_have_their_clause() -> None:
    rules = switching_rules()
    assert {name: rule.value for name, rule in rules.items()} == {
        "tighten_lots": 5, "tighten_rejected": 2, "relax_accepted": 5, "reduce_lots": 10, "stop_rejected": 5,
    }  # fmt: skip
    assert all("MIL-STD-105E" in rule.provenance.reference for rule in rules.values())


@pytest.mark.parametrize(
    ("ask", "part"),
    [
        (lambda: code_letter(1), "at least 2"),
        (lambda: code_letter(100, "IV"), "level"),
        (lambda: table_plan("I", 1.0), "code letter"),
        (lambda: table_plan("F", 1.1), "no such AQL"),
        (lambda: table_plan("F", "x"), "no such AQL"),
        (lambda: table_plan("F", 1.0, "hard"), "severity"),  # type: ignore[arg-type]
        (lambda: table_plan("F", 1.0, "normal", "triple"), "kind"),  # type: ignore[arg-type]
    ],
)
def test_what_the_tables_do_not_have_is_refused(ask: object, part: str) -> None:
    with pytest.raises(InputError, match=part):
        ask()  # type: ignore[operator]
