"""Durations and passwords, the same for every connector."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from luban.connect.settings import Duration, password_from
from luban.core.errors import SecurityError
from luban.core.time import MINUTE, SECOND

DURATION: TypeAdapter[int] = TypeAdapter(Duration)


def test_a_duration_has_its_unit() -> None:
    assert [DURATION.validate_python(text) for text in ("250ms", "1min 30s", 0)] == [SECOND // 4, 3 * MINUTE // 2, 0]


@pytest.mark.parametrize(("came", "says"), [(5, "needs its unit"), ("soon", "a number with us, ms, s")])
def test_what_is_no_duration_is_refused_with_what_is(came: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        DURATION.validate_python(came)


def test_a_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert password_from("", "mqtt://h") == ""
    monkeypatch.setenv("LUBAN_TEST_PASSWORD", "s3cret")
    assert password_from("LUBAN_TEST_PASSWORD", "mqtt://h") == "s3cret"
    monkeypatch.delenv("LUBAN_TEST_PASSWORD")
    with pytest.raises(SecurityError, match=r"mqtt://h.*LUBAN_TEST_PASSWORD"):
        password_from("LUBAN_TEST_PASSWORD", "mqtt://h")
