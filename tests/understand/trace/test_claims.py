"""Warranty claims: rights by the calendar, proof by facts, and what faulty lots have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.stats import hypergeom

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.ledger import Ledger, LedgerWriter
from luban.plant import Warranty
from luban.understand.trace import Trace
from luban.understand.trace.claims import Claim, claim_row, claims_of, proof_of, rights, sales_of
from luban.understand.trace.suspects import suspects_of, tail

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("sold", "claimed", "expected"),
    [
        ("2026-01-31T23:59", "2026-02-07T00:01", ("refund", "replace", "repair")),  # the seventh day
        ("2026-01-31T00:01", "2026-02-07T23:59", ("refund", "replace", "repair")),
        ("2026-01-31T23:59", "2026-02-08T00:01", ("replace", "repair")),
        ("2026-01-31T12:00", "2026-02-15T12:00", ("replace", "repair")),  # the fifteenth
        ("2026-01-31T12:00", "2026-02-16T12:00", ("repair",)),
        ("2026-01-31T12:00", "2027-01-31T12:00", ("repair",)),
        ("2026-01-31T12:00", "2027-02-01T00:01", ()),
        ("2024-02-29T12:00", "2025-02-28T23:00", ("repair",)),  # a year after the 29th of February
        ("2024-02-29T12:00", "2025-03-01T00:00", ()),
        ("2026-01-31T12:00", "2026-01-30T12:00", ()),  # before it was sold
    ],
)
def test_rights_follow_the_calendar(sold: str, claimed: str, expected: tuple[str, ...]) -> None:
    own = Warranty("box", 12, 7, 15)
    assert rights(own, parse_time(sold, ZONE), parse_time(claimed, ZONE), ZONE) == expected


def moved(rows: list[tuple[int, str, str | None, str | None, str | None]]) -> Trace:
    trace = Trace(partners=["ACME"])
    time, lot, origin, to, order = (list(one) for one in zip(*rows, strict=True))
    trace.add("movement", {
        "time": time, "seq": list(range(1, len(rows) + 1)), "subject": ["box"] * len(rows), "lot": lot,
        "origin": origin, "destination": to, "quantity": [1.0] * len(rows), "order": order,
    })  # fmt: skip
    return trace


SOLD: list[tuple[int, str, str | None, str | None, str | None]] = [
    (1, "B1", None, "store", None), (1, "B2", None, "store", None), (2, "B1", "store", "ACME", "SO1"),
]  # fmt: skip


def seqs(trace: Trace, remedy: str, **more: Any) -> list[int | None]:
    claim = Claim("C-1", "B1", "ACME", "noise", "repair", 1.0, 2, 10, remedy, **more)
    return [one.seq for one in proof_of(trace, claim)]


def test_only_facts_prove_that_a_claim_was_settled() -> None:
    assert sales_of(moved(SOLD), "B1") == {"ACME": (1.0, 2)}
    early = moved([*SOLD, (5, "B1", "ACME", "store", None), (6, "B1", "store", "ACME", None)])
    assert seqs(early, "repair") == [None, None]  # all that was before the claim
    back = [*SOLD, (20, "B1", "ACME", "store", "C-1")]
    assert seqs(moved(back), "repair") == [4, None]
    assert seqs(moved([*back, (30, "B1", "store", "ACME", "C-1")]), "repair") == [4, 5]
    assert seqs(moved([*back, (30, "B2", "store", "ACME", "SO2")]), "replace") == [4, None]  # of another order
    assert seqs(moved([*back, (30, "B2", "store", "ACME", "C-1")]), "replace") == [4, 5]
    assert seqs(moved(back), "refund") == [4, None]
    assert seqs(moved(back), "refund", voucher="V7") == [4, 0]
    assert seqs(moved(back), "refuse") == []


def test_a_claim_goes_from_entry_to_entry(tmp_path: Path) -> None:
    data = {"lot": "B1", "customer": "ACME", "wanted": "replace", "quantity": 1.0, "sold": 5}
    with LedgerWriter(tmp_path) as writer:
        for code, own, text in (
            ("register", data, "noise"), ("decide", {"remedy": "refund"}, "no spare"),
            ("settle", {"voucher": "V1"}, ""), ("close", {"proven": True}, ""),
        ):  # fmt: skip
            writer.append("event", claim_row("C-1", code, person="li", text=text, data=own), source="t")
    ledger = Ledger(tmp_path)
    assert [claims_of(ledger, as_of=seq)["C-1"].state for seq in (1, 2, 3, 4)] == [
        "registered", "decided", "decided", "closed",
    ]  # fmt: skip
    own = claims_of(ledger)["C-1"]
    assert (own.fault, own.wanted, own.remedy, own.voucher, own.proven) == ("noise", "replace", "refund", "V1", True)
    ledger.close()
    for code, wrong in (("register", data | {"wanted": "gift"}), ("register", {}), ("decide", {"remedy": "gift"}),
                        ("lose", {})):  # fmt: skip
        with pytest.raises(InputError):
            claim_row("C-1", code, person="li", data=wrong)


def test_the_tail_is_that_of_the_hypergeometric_distribution() -> None:
    chance = np.random.default_rng(7)
    for _ in range(200):
        delivered = int(chance.integers(2, 400))
        faulty, reach = (int(chance.integers(1, delivered + 1)) for _ in range(2))
        hit = int(chance.integers(0, min(faulty, reach) + 1))
        assert tail(hit, faulty, reach, delivered) == pytest.approx(hypergeom.sf(hit - 1, delivered, reach, faulty))


def test_the_lot_that_was_bad_stands_first_among_what_is_common() -> None:
    chance, trace = np.random.default_rng(3), Trace(partners=["ACME"])
    bought = [f"S{number}" for number in range(12)]
    units = [f"U{number}" for number in range(240)]
    made_of = {unit: chance.choice(bought, 3, replace=False).tolist() for unit in units}
    bad = {unit for unit in units if "S4" in made_of[unit]}
    n = 3 * len(units)
    trace.add("genealogy", {
        "time": [10] * n, "subject": [unit for unit in units for _ in range(3)],
        "input": [one for unit in units for one in made_of[unit]], "quantity": [1.0] * n,
    })  # fmt: skip
    trace.add("movement", {
        "time": [20] * len(units), "subject": ["box"] * len(units), "lot": units, "origin": ["store"] * len(units),
        "destination": ["ACME"] * len(units), "quantity": [1.0] * len(units), "order": ["SO"] * len(units),
    })  # fmt: skip
    faulty = [*sorted(bad)[:8], next(unit for unit in units if unit not in bad)]  # one with another cause
    first, *rest = suspects_of(trace, faulty)
    assert (first.kind, first.name, first.hit, first.faulty, first.reach) == ("lot", "S4", 8, 9, len(bad))
    assert first.chance == pytest.approx(hypergeom.sf(7, 240, len(bad), 9))
    assert first.expected < 0.05
    assert all(one.chance > first.chance for one in rest)
    with pytest.raises(InputError, match="2 lots or more"):
        suspects_of(trace, ["U1", "U1"])
