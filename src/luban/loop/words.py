"""Every sentence of the running loop that reaches a screen, for the dictionaries."""

from __future__ import annotations

from typing import Final

__all__ = ["OFF_TARGET", "SENTENCES"]

OFF_TARGET: Final = "{characteristic} is {before} off its target, {after} are expected after this"
SENTENCES: Final = (OFF_TARGET, "{value} was written", "{value} was found at the machine")
"""Why a set-point is proposed, and what is noted of it."""
