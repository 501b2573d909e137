"""Every sentence of the running loop that reaches a screen, for the dictionaries."""

from __future__ import annotations

from typing import Final

from luban.loop.deciding import words as deciding

__all__ = ["OFF_TARGET", "SENTENCES", "SILENT"]

OFF_TARGET: Final = "{characteristic} is {before} off its target, {after} are expected after this"
SILENT: Final = "{source} is silent"
SENTENCES: Final = (
    OFF_TARGET, SILENT, "{value} was written", "{value} was found at the machine", *deciding.SENTENCES,
    "between {lower} and {upper}", "at least {share} of what is planned stays", "one work order; nothing stops by it",
    "people decide when they follow it", "nothing can be undone here", "the plan has changed meanwhile",
    "the device did not confirm it", "the command ended otherwise", "there is no plan to go back to",
    "no figure is named for this lever", "judged together with {act}",
)  # fmt: skip
"""Why decisions are proposed, what bounds them, and what is noted of them."""
