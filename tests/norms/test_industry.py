"""Industry codes against what the standards print."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.norms.industry import (
    divisions,
    from_older,
    groups,
    industries,
    industry,
    isic_of,
    known_prefix,
    of_isic,
    parent,
)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


ISIC = {row["code"] for row in rows(Path(__file__).parent / "data" / "isic_rev4_codes.csv")}


def test_as_many_as_the_standard_says() -> None:
    # GB/T 4754-2017: manufacturing has 31 divisions, 179 groups and 609 classes
    classes = sum(known_prefix(f"{group.code}{digit}") for group in groups("C") for digit in range(10))
    assert (len(divisions("C")), len(groups("C")), classes) == (31, 179, 609)
    assert [len(divisions(section)) for section in "BD"] == [7, 3]
    assert [one.code for one in divisions("C")] == [f"C{number}" for number in range(13, 44)]


def test_every_isic_code_beside_ours_is_one() -> None:
    for one in industries().values():
        assert one.isic
        assert not set(one.isic) - ISIC, one.code
        assert all((part[0] in "BCD" or part[0].isdigit() or part == "J") for part in one.isic)


def test_names_and_levels() -> None:
    one = industry("c3421")
    assert (one.code, one.level, one.name("zh"), one.name("ko"), one.name("fr")) == (
        "C3421", "class", "金属加工机械制造", "금속 가공 기계", "metal-working machinery",
    )  # fmt: skip
    assert [industry(code).level for code in ("C", "C34", "C342")] == ["section", "division", "group"]
    assert isic_of("C374") == ("303",)
    assert [parent(code) for code in ("C3421", "C342", "C34", "C")] == ["C342", "C34", "C", ""]


def test_isic_both_ways() -> None:
    assert of_isic("303") == ("C374",)
    assert "C342" in of_isic("28")
    assert "C342" in of_isic("2822")
    assert of_isic("99") == ()
    for one in groups():
        assert all(one.code in of_isic(code) for code in one.isic)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("C3130", ("C3391",)),  # castings went from smelting to metal products
        ("C3250", ("C3392",)),
        ("C3140", ("C313",)),
        ("C3467", ("C405",)),  # scales went to instruments
        ("C3468", ("C3467",)),
        ("C3963", ("C397",)),  # integrated circuits
        ("C376", ("C376", "C377")),
        ("C3762", ("C377",)),
        ("C366", ("C362", "C367")),
        ("C3421", ("C3421",)),  # the same in both
        ("C3513", ("C351",)),  # classes of the group were renumbered
        ("C34", ("C34",)),
    ],
)
def test_codes_of_2011(old: str, new: tuple[str, ...]) -> None:
    assert from_older(old) == new
    assert all(known_prefix(code) for code in new)


def test_every_code_of_2011_leads_to_one_of_2017() -> None:
    old = rows(Path(__file__).parents[2] / "src/luban/norms/industry/gbt4754_2011.csv")
    codes = [code for row in old for code in (row["code"], *(row["code"] + digit for digit in row["classes"]))]
    assert len(codes) > 700
    assert all(known_prefix(new) for code in codes for new in from_older(code))
    assert industry("C3963", "2011").name("zh") == "电子器件制造"


def test_a_code_of_the_older_edition_says_what_it_became() -> None:
    with pytest.raises(InputError, match="a code of an older edition") as caught:
        industry("C3468")
    assert caught.value.hint == "a code of the edition of 2011; now C3467"
    with pytest.raises(InputError, match="a code of another edition"):
        industry("C405", "2011")


@pytest.mark.parametrize(
    ("code", "said"), [("C99", "no such"), ("34", "not an industry code"), ("", "not an"), ("C3", "not an")]
)
def test_what_is_no_code(code: str, said: str) -> None:
    assert not known_prefix(code)
    with pytest.raises(InputError, match=said):
        industry(code)
