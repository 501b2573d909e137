from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.conftest import T0

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter, correction

COUNT = {"time": [T0], "subject": ["p/m"], "good": [220.0], "scrap": [1.0], "rework": [0.0], "quality": [0]}


def test_a_correction_is_the_old_fact_with_what_is_right(writer: LedgerWriter, folder: Path) -> None:
    seq = writer.append("count", {**COUNT, "item": ["shaft"]}, source="plc").first_seq
    stream, rows = correction(Ledger(folder), seq, {"good": "22", "time": "2023-11-14T22:00:00Z"})
    writer.append(stream, rows, source="li")
    (row,) = Ledger(folder).table("count").to_pylist()
    assert (row["good"], row["scrap"], row["item"], row["supersedes"]) == (22.0, 1.0, "shaft", seq)
    assert row["time"] == 1_700_000_000_000_000 - 800_000_000
    with pytest.raises(InputError, match=f"corrected already.*seq {row['seq']}"):
        correction(Ledger(folder), seq, {"good": "23"})
    assert correction(Ledger(folder), row["seq"], {"item": ""})[1]["item"] == [None]


@pytest.mark.parametrize(
    ("seq", "changes", "message"),
    [
        (9, {"good": "1"}, "no such fact.*expected: 1 … 1"),
        (1, {}, "nothing to change"),
        (1, {"god": "1"}, "no such column.*good"),
        (1, {"good": "many"}, "does not fit.*piece"),
        (1, {"good": ""}, "cannot be empty"),
        (1, {"good": "220"}, "says what the fact says"),
        (1, {"source": "me"}, "no such column"),
    ],
)
def test_bad_corrections_are_told_in_words(
    writer: LedgerWriter, folder: Path, seq: int, changes: dict[str, str], message: str
) -> None:
    writer.append("count", COUNT, source="plc")
    with pytest.raises(InputError, match=message):
        correction(Ledger(folder), seq, changes)
