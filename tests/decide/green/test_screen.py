"""Signs of the six families in a plant's books."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.decide.green import FAMILIES, Sign, screen
from luban.ledger import Ledger
from luban.plant import load
from luban.understand.green import green_account
from tests.understand.green.green_shop import END, T0, factors_of, knit


def signs(folder: Path, *items: tuple[str, str], **window: int) -> dict[str, Sign]:
    ledger = Ledger(folder / ".luban" / "ledger")
    try:
        account = green_account(ledger, load(folder), factors_of(folder), **window)
    finally:
        ledger.close()
    return {one.family: one for one in screen(account, items)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return knit(tmp_path_factory.mktemp("screen"))


def test_what_the_books_show(folder: Path) -> None:
    found = signs(folder)
    assert list(found) == list(FAMILIES)
    assert {name for name, one in found.items() if one.applies} == {
        "waste heat", "water reuse", "substitution", "slag", "flue gas",
    }  # fmt: skip
    assert (found["water reuse"].most, found["water reuse"].unit) == (70, "m³")
    assert (found["slag"].most, found["substitution"].most) == (50, 200)
    assert found["waste heat"].text == "heat is used: natural gas"
    assert all(one.facts for one in found.values() if one.applies)
    assert found["heavy metals"].text == "no item or waste names a plating metal"


def test_names_of_items_are_signs_too(folder: Path) -> None:
    found = signs(folder, ("P7", "Nickel plating salt"), ("S1", "稀释溶剂"))
    assert found["heavy metals"].applies
    assert "s1 稀释溶剂" in found["substitution"].text


def test_nothing_on_record_is_no_sign_and_no_proof(folder: Path) -> None:
    found = signs(folder, start=T0 - 2 * (END - T0), end=T0 - (END - T0))
    assert not any(one.applies for one in found.values())
    assert all(one.text.startswith("no") for one in found.values())
