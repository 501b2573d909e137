"""A flaw: one thing that is wrong with a model, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from luban.core.errors import ConfigError
from luban.twin.model import Route, Step

__all__ = ["Flaw", "step_name"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a model.

    where    the thing and its place in the model, e.g. `route J01, step 20`
    warning  True: the run is possible and its figures may mislead
    """

    where: str
    message: str
    came: str = ""
    expected: str = ""
    hint: str = ""
    warning: bool = False

    def error(self) -> ConfigError:
        """The same as an exception."""
        return ConfigError(self.message, came=self.came, expected=self.expected, where=self.where, hint=self.hint)

    def as_dict(self) -> dict[str, str | bool]:
        """The same for `--json` and the REST service."""
        return {
            "where": self.where,
            "message": self.message,
            "came": self.came,
            "expected": self.expected,
            "hint": self.hint,
            "warning": self.warning,
        }

    def __str__(self) -> str:
        return str(self.error())


def step_name(route: Route, step: Step) -> str:
    """How a step is named in a flaw."""
    return f"route {route.id}, step {step.id}"
