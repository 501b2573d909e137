"""Models as people write them."""

from __future__ import annotations

import pytest

from luban.core.errors import InputError
from luban.decide.improve.formula import full_model, read_model, read_term


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a + b", "a + b"),
        ("a*b", "a + b + a·b"),
        ("(a + b + c)**2", "a + b + c + a·b + a·c + b·c"),
        ("a*b*c - a:b:c", "a + b + c + a·b + a·c + b·c"),
        ("x + I(x**2)", "x + x²"),
        ("x + x^2", "x + x²"),
        ("x² + y·x", "x² + y·x"),
        ("y ~ a + 1", "a"),
        ("a - 1", "0 + a"),
        ("0 + a:b", "0 + a·b"),
        ("1", "1"),
        ("a + a", "a"),
        ("`oven temperature`*b", "oven temperature + b + oven temperature·b"),
        ("I(a*b**2)", "a·b²"),
    ],
)
def test_notation(text: str, read: str) -> None:
    assert str(read_model(text)) == read


def test_patsy_reads_the_same_terms() -> None:
    desc = pytest.importorskip("patsy").ModelDesc
    for text in ("(a + b + c)**3", "a*b + c:d", "a*b*c - a:b", "(a + b):(c + d)", "a + b*c - 1", "(a*b)**2"):
        theirs = {frozenset(f.name() for f in term.factors) for term in desc.from_formula(text).rhs_termlist}
        assert {frozenset(term.powers) for term in read_model(text).terms} == theirs, text


@pytest.mark.parametrize("text", ["a +", "a b", "(a", "a ** x", "3*a", "a $ b", "I(a + b)", "a ** 0"])
def test_what_is_no_model_is_said(text: str) -> None:
    with pytest.raises(InputError, match="the model cannot be read"):
        read_model(text)


def test_terms_are_the_same_however_they_are_written() -> None:
    assert read_term("x1:x2").key == read_term("x2·x1").key == read_term("x1*x2").key
    assert read_term("I(x1**2)").key == read_term("x1²").key
    with pytest.raises(InputError, match="not one term"):
        read_term("a + b")


def test_common_shapes() -> None:
    assert str(full_model(["a", "b"])) == "a + b + a² + b² + a·b"
    assert str(full_model(["a", "b", "c"], "saturated")).endswith("a·b·c")
    assert str(full_model(["a"], categorical=["m"])) == "a + m + a² + a·m"
    with pytest.raises(InputError, match="not known"):
        full_model(["a"], "cubic")
