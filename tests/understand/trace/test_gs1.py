"""GS1 identifiers against published examples."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from luban.core.errors import InputError
from luban.understand.trace.gs1 import check_digit, epc_uri, is_valid, parse_gs1, with_check_digit

# GS1 General Specifications, section 7.9; EPC Tag Data Standard, examples of sections 6.3 and 7
PUBLISHED = [
    ("629104150021", "3"), ("0614141" + "12345", "2"), ("10614141234567890", "8"), ("8061414112345", "8"),
]  # fmt: skip


@pytest.mark.parametrize(("digits", "check"), PUBLISHED)
def test_published_check_digits(digits: str, check: str) -> None:
    assert check_digit(digits) == check
    assert is_valid(digits + check)


@pytest.mark.parametrize(
    ("uri", "elements", "prefix"),
    [
        ("urn:epc:id:sgtin:0614141.812345.6789", "(01)80614141123458(21)6789", 7),
        ("urn:epc:class:lgtin:4012345.012345.998877", "(01)04012345123456(10)998877", 7),
        ("urn:epc:id:sscc:0614141.1234567890", "(00)106141412345678908", 7),
        ("urn:epc:id:sgln:0614141.12345.400", "(414)0614141123452(254)400", 7),
        ("urn:epc:id:giai:0614141.12345400", "(8004)061414112345400", 7),
    ],
)
def test_one_identifier_in_all_its_forms(uri: str, elements: str, prefix: int) -> None:
    found = parse_gs1(uri)
    assert found.element_string == elements
    assert epc_uri(parse_gs1(elements), prefix) == uri
    assert parse_gs1(found.digital_link).element_string == elements


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 13), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(digits: str, place: int, off: int) -> None:
    right = with_check_digit(digits)
    wrong = right[:place] + str((int(right[place]) + off) % 10) + right[place + 1 :]
    assert is_valid(right)
    assert not is_valid(wrong)
    with pytest.raises(InputError, match="wrong check digit"):
        parse_gs1(f"(01){wrong}")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="()"), min_size=1, max_size=20))
def test_any_serial_survives_a_link(serial: str) -> None:
    found = parse_gs1(f"(01)80614141123458(21){serial}")
    assert parse_gs1(found.digital_link) == found
    assert parse_gs1(epc_uri(found, 7)).serial == serial


@pytest.mark.parametrize("text", ["", "lot 7", "urn:epc:id:sgtin:12.3.4", "https://id.gs1.org/01", "(99)1", "1234567"])
def test_what_is_none_is_said(text: str) -> None:
    with pytest.raises(InputError):
        parse_gs1(text)


@pytest.mark.parametrize(("ai", "good"), [("8003", "09521141012345"), ("253", "9521141012345")])
def test_the_check_digit_of_a_numbered_key_is_looked_at(ai: str, good: str) -> None:
    assert is_valid(good)
    assert parse_gs1(f"({ai}){good}AB1").key == f"{good}AB1"
    with pytest.raises(InputError, match="wrong check digit"):
        parse_gs1(f"({ai}){good[:-1]}{(int(good[-1]) + 1) % 10}AB1")
