"""Job shop files: what they say is read as it is said, and what is wrong with them is named."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.schedule.problem import LIMIT, NONE
from luban.decide.schedule.read import read_problem
from luban.decide.schedule.read.text import read_text_problem

HERE = Path(__file__).parents[1] / "data"

FT06_FIRST = [(2, 1), (0, 3), (1, 6), (3, 7), (5, 3), (4, 6)]


def test_ft06() -> None:
    p = read_problem(HERE / "ft06.txt")
    assert (p.name, p.job_count, p.machine_count, p.operation_count) == ("ft06", 6, 6, 36)
    assert [p.modes(o)[0] for o in range(6)] == FT06_FIRST
    assert p.machines[0] == "M0"
    assert p.operations[:2] == ("J0/1", "J0/2")
    assert p.places[6] == "ft06.txt:3"
    assert p.is_plain
    assert int(p.mode_time.sum()) == 197


def test_flexible_file_counts_machines_from_0() -> None:
    p = read_problem(HERE / "mk01.txt")
    assert (p.job_count, p.machine_count, p.operation_count) == (10, 6, 55)
    assert p.modes(0) == [(0, 5), (2, 4)]
    assert p.is_plain


def test_classic_fjs_counts_machines_from_1() -> None:
    text = (HERE / "mk01.txt").read_text().splitlines()
    rows = [text[0] + " 2.5"]
    for line in text[1:]:
        numbers = list(map(int, line.split()))
        at = 1
        while at < len(numbers):
            for pair in range(numbers[at]):
                numbers[at + 1 + 2 * pair] += 1
            at += 1 + 2 * numbers[at]
        rows.append(" ".join(map(str, numbers)))
    p, q = read_text_problem("\n".join(rows), "mk01.fjs"), read_problem(HERE / "mk01.txt")
    assert p.machines[0] == "M1"
    assert np.array_equal(p.mode_machine, q.mode_machine)


def test_setups_of_a_small_file() -> None:
    """The blocks of Fattahi_setup_01: from the operation of the row to that of the column, a block a machine."""
    p = read_problem(HERE / "Fattahi_setup_01.fjs")
    assert (p.machine_count, p.operation_count) == (2, 4)
    assert p.modes(0) == [(0, 25), (1, 37)]
    first, second = p.setup_time[:, :4, :4]
    assert first[0].tolist() == [6, 3, 4, 4]
    assert first[3].tolist() == [4, 4, 4, 8]
    assert second[0].tolist() == [6, 3, 4, 3]
    assert second[3].tolist() == [3, 4, 3, 6]
    assert not p.setup_time[:, 4].any(), "the first operation of a machine has no setup"
    assert p.family.tolist() == [0, 1, 2, 3]
    assert p.machine_table.tolist() == [0, 1]
    assert (p.machine_family == NONE).all()


def test_operations_of_no_length_have_no_setup() -> None:
    p = read_text_problem("1 1 1\n2 1 1 0 1 1 5\n\n0 4\n4 0\n", "zero.fjs")
    assert p.family.tolist() == [NONE, 1]


def test_setups_that_cannot_meet_are_none() -> None:
    p = read_problem(HERE / "Fattahi_setup_11.fjs")
    assert p.setup_time.shape == (6, 16, 16)
    assert int(p.setup_time.max()) < 100
    assert p.setup_time[0, 0].tolist()[:4] == [23, 0, 0, 11]


TAILLARD = """2 3 840612802 398197754 24 20
{times}
 10 20 30
 4 5 6
{machines}
 3 1 2
 1 2 3
"""


@pytest.mark.parametrize("titles", [("Times", "Machines"), ("", "")])
def test_taillard(titles: tuple[str, str]) -> None:
    text = TAILLARD.format(times=titles[0], machines=titles[1])
    p = read_text_problem("Nb of jobs, Nb of Machines, Time seed, Machine seed\n" + text, "tai.txt")
    assert [p.modes(o)[0] for o in range(6)] == [(2, 10), (0, 20), (1, 30), (0, 4), (1, 5), (2, 6)]


def test_notes_uneven_jobs_and_jobs_that_come_back() -> None:
    p = read_text_problem("# made by hand\nan instance\n2 2\n0 3 1 2 0 1\n# a note\n1 4\n", "notes.txt")
    assert np.diff(p.job_first).tolist() == [3, 1]
    assert p.places == ("notes.txt:4",) * 3 + ("notes.txt:6",)


def test_zero_times_and_large_numbers_are_taken() -> None:
    p = read_text_problem(f"1 2\n0 0 1 {2**40}\n", "large.jsp")
    assert p.mode_time.tolist() == [0, 2**40]


def test_the_kind_can_be_told() -> None:
    text = "1 2\n1 1 0 5\n"
    assert read_text_problem(text, "one.txt", "jsp").operation_count == 2
    assert read_text_problem(text, "one.txt", "fjsp").operation_count == 1
    assert read_text_problem(text, "one.fjs").operation_count == 1
    assert read_text_problem(text, "one.jsp").operation_count == 2


WRONG = [
    ("", "x.txt:1: no numbers"),
    ("2 2\n0 3 1 2\n", "x.txt:2: not as many lines of jobs as the first line says · came: 1 lines · expected: 2 jobs"),
    ("1 2\n0 3 1 2\n0 3 1 2\n0 3 1 2\n", "x.txt:3: not as many lines of jobs as the first line says"),
    ("2 2\n0 3 1 2\n1 2 0\n", "x.txt:3: a job that does not read to its end · came: 1 2 0 · expected: pairs"),
    ("2 2\n0 3 1 2\n1 2 3 4\n", "x.txt:3: unknown machine · came: 3 · expected: 0 to 1"),
    ("2 2\n0 3 1 2\n1 two 0 4\n", "x.txt:3:3: not a whole number · came: 'two' · expected: a whole number"),
    ("2 2\n0 3 1 2\n1 2 0 -4\n", "x.txt:3:7: a number out of range · came: -4 · expected: 0 to"),
    (f"1 1\n0 {LIMIT + 1}\n", "x.txt:2:3: a number out of range"),
    ("1 1\n0 2.5\n", "x.txt:2:3: not a whole number · came: '2.5'"),
    ("0 2\n", "x.txt:1: no jobs or no machines"),
    ("1 2\n1 2 0 5 0 6\n", "x.txt:2: a machine given twice for one operation · came: M0"),
    ("1 2 1.5\n2 1 1 5 1 2 6 1 2\n", "x.txt:2: a job that does not read to its end"),
    ("1 2\n2 1 1 5 1 2 6\n\n0 1\n1 0\n0 1\n", "x.txt:6: not a table of setup times for each machine"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_text_problem(text, "x.txt")
    assert str(caught.value).startswith(said)


def test_unknown_kind() -> None:
    with pytest.raises(InputError, match="unknown kind of file"):
        read_text_problem("1 1\n0 1\n", "x.txt", "xyz")


@pytest.mark.skipif("LUBAN_DATA" not in os.environ, reason="the data set of all instances is not here")
def test_every_instance_has_the_size_that_is_published() -> None:
    root = Path(os.environ["LUBAN_DATA"]) / "scheduling"
    with (root / "bounds.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if (root / row["path"]).exists()]
    for row in rows:
        p = read_problem(root / row["path"])
        assert (p.job_count, p.operation_count) == (int(row["jobs"]), int(row["operations"])), row["path"]
        assert len(set(p.mode_machine.tolist())) == int(row["machines_used"]), row["path"]
        assert (len(p.mode_machine) > p.operation_count) == (row["problem"] == "fjsp"), row["path"]
