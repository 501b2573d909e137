"""One tree of errors, each a message for the user."""

from __future__ import annotations

import pytest

from luban.core import errors
from luban.core.errors import ConfigError, InputError, LubanError, UnitError


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_in_the_tree_and_in_the_drawing(name):
    error = getattr(errors, name)
    assert issubclass(error, LubanError)
    assert error.__doc__
    assert name in (errors.__doc__ or "")


def test_message_says_where_what_came_and_what_to_do():
    error = ConfigError("unknown unit", came="'KWH'", expected="a unit", where="plant.toml:7", hint="did you mean kWh?")
    assert str(error) == "plant.toml:7: unknown unit · came: 'KWH' · expected: a unit · hint: did you mean kWh?"
    assert error.as_dict() == {
        "error": "ConfigError",
        "message": "unknown unit",
        "came": "'KWH'",
        "expected": "a unit",
        "where": "plant.toml:7",
        "hint": "did you mean kWh?",
    }


def test_empty_parts_are_left_out():
    assert str(LubanError("no")) == "no"
    assert LubanError("no").as_dict() == {"error": "LubanError", "message": "no"}


def test_a_bad_unit_is_bad_input():
    assert issubclass(UnitError, InputError)
    assert issubclass(ConfigError, InputError)
