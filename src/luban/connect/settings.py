"""What settings of several connectors share: durations with their unit, passwords from the environment."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import BeforeValidator

from luban.core.errors import InputError, SecurityError
from luban.core.time import parse_duration

__all__ = ["Duration", "password_from"]


def _duration(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except InputError as error:
            raise ValueError(error.expected) from error
    if value != 0:
        raise ValueError("a duration needs its unit, e.g. '250ms'")
    return value


# [µs]; a user writes "250ms", "2s" or "10min"
Duration = Annotated[int, BeforeValidator(_duration)]


def password_from(variable: str, url: str) -> str:
    """The password in an environment variable, '' where none is named. Raises SecurityError if it is missing."""
    if not variable:
        return ""
    found = os.environ.get(variable)
    if found is None:
        raise SecurityError(
            "the password is not in the environment",
            where=url,
            expected=f"variable {variable}",
            hint=f"export {variable}=… before starting luban",
        )
    return found
