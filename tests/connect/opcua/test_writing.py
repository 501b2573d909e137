from __future__ import annotations

import pytest
from asyncua import ua

from luban.connect.opcua.writing import cast
from luban.core.errors import InputError


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (42.0, "Int16", 42), (7, "Byte", 7), (0.1, "Float", 0.10000000149011612), (1, "Boolean", True),
        ("a", "String", "a"), (3, "Double", 3.0),
    ],
)  # fmt: skip
def test_cast(value: object, kind: str, expected: object) -> None:
    found = cast(value, ua.VariantType[kind])  # type: ignore[arg-type]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(40_000, "Int16"), (1.5, "Int32"), (-1, "UInt32"), (float("nan"), "Double"), (1e40, "Float"), ("1", "Int32"),
     (2, "Boolean"), (None, "Double"), (1, "String"), (1, "ByteString")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(value: object, kind: str) -> None:
    with pytest.raises(InputError, match="does not fit"):
        cast(value, ua.VariantType[kind])  # type: ignore[arg-type]
