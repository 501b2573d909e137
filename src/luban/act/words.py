"""Every sentence of this package that reaches a screen, for the dictionaries."""

from __future__ import annotations

from typing import Final

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    "this may not be moved from here", "the value is in another unit", "the command is too old",
    "all automation is stopped", "the value is no number", "the value is outside the safe envelope",
    "this actuator only gives advice", "a person approves each command here",
    "the end of another command is not known yet", "written too soon after the last time",
    "an interlock does not hold", "where the actuator stands is not known", "the change is larger than allowed",
    "a command needs a reason and an author", "no such command", "this command cannot be approved",
    "this command cannot be withdrawn", "this command cannot be rolled back", "this command is not tried again",
    "no such actuator or mode", "nobody decided in time", "by rule: the actuator acts by itself",
    "it is not known whether it was written", "all automation was stopped before it left",
    "this is no actuator any more", "the device did not show the value", "the device refused it", "emergency stop",
    "rolls back {name}", "rolled back by {name}", "not connected",
    "nothing can be moved from here", "plant.toml needs an actuator",
)  # fmt: skip
"""Messages of guards, and of what came of commands."""
