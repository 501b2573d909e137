"""Symbols, read back by a scanner's own program."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.trace.symbols import Modules, code128, datamatrix, elements_of

GS1 = ["(01)09521141012345(21)2017", "(01)09521141012345(10)ABC(21)99", "(00)106141412345678908", "(10)A1(17)261231"]


def read(modules: Modules, quiet: int, tall: int = 1) -> list[Any]:
    image = np.where(np.pad(np.repeat(modules, tall, axis=0), quiet), 0, 255).astype(np.uint8)
    return list(zxingcpp.read_barcodes(np.kron(image, np.ones((3, 3), np.uint8))))


@pytest.mark.parametrize("text", ["A", "123456", "HELLO-7", "x" * 60, "0123456789" * 12, "Lot 7/3 " * 40, *GS1[:3]])
def test_datamatrix_of_every_size_is_read(text: str) -> None:
    found = read(datamatrix(text), 2)
    assert [(one.text, str(one.format)) for one in found] == [(text, "Data Matrix")]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="("), min_size=1, max_size=40))
def test_any_text_comes_back_from_both_symbols(text: str) -> None:
    assert [one.text for one in read(datamatrix(text), 2)] == [text]
    assert [one.text for one in read(code128(text), 12, 20)] == [text]


@pytest.mark.parametrize("text", GS1[:3])
def test_element_strings_are_gs1_symbols(text: str) -> None:
    for found in (read(datamatrix(text), 2), read(code128(text), 12, 20)):
        assert [(one.text, "GS1" in str(one.content_type)) for one in found] == [(text, True)]


def test_what_has_a_fixed_length_comes_first_and_needs_no_separator() -> None:
    letters = "".join("^" if one < 0 else chr(one) for one in elements_of("(10)A1(17)261231(21)7"))
    assert letters == "^1726123110A1^217"


def test_the_worked_example_of_the_standard() -> None:
    """ISO/IEC 16022, annex O: 123456 as codewords 142 164 186, checks 114 25 5 88 102, in 10 by 10 modules."""
    rows = re.findall(
        r"[01]{10}",
        """
    1010101010 1100101101 1100000100 1100011101 1100001000 1000001111 1110110000 1111011001 1001110100 1111111111
    """,
    )
    made = datamatrix("123456").astype(int)
    assert ["".join(map(str, row)) for row in made.tolist()] == rows


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("", datamatrix), ("é", datamatrix), ("(1)2", code128), ("x" * 81, code128), ("x" * 900, datamatrix),
        ("a\nb", code128),
    ],
)  # fmt: skip
def test_what_does_not_go_into_a_symbol_is_said(text: str, symbol: Any) -> None:
    with pytest.raises(InputError):
        symbol(text)
