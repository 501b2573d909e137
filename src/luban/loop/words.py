"""Every sentence of the running loop that reaches a screen, for the dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from luban.loop.deciding import words as deciding

__all__ = ["LEVERS", "OFF_TARGET", "SENTENCES", "SILENT"]

LEVERS: Final[Mapping[str, str]] = {
    "set-point": "set-points from piece to piece",
    "repair": "the plan, mended when a machine stands still",
    "maintenance": "maintenance that is due",
    "condition": "maintenance by vibration",
    "release": "release of orders",
    "energy": "standby of machines",
}
"""Levers by id, in words."""

OFF_TARGET: Final = "{characteristic} is {before} off its target, {after} are expected after this"
SILENT: Final = "{source} is silent"
SENTENCES: Final = (
    OFF_TARGET, SILENT, "{value} was written", "{value} was found at the machine", *deciding.SENTENCES,
    "between {lower} and {upper}", "at least {share} of what is planned stays", "one work order; nothing stops by it",
    "people decide when they follow it", "nothing can be undone here", "the plan has changed meanwhile",
    "the device did not confirm it", "the command ended otherwise",
    *LEVERS.values(), "needs maintenance.csv", "needs a vibration signal",
    "needs release times in orders.csv",
    "needs the powers of machines among its settings", "no such lever", "a setting of the lever cannot be read",
    "nothing decides here", "the loop shows the whole plant", "its material is there",
    "vibration is {value}, {sound} when sound, {limit} at most", "the look found {part} worn",
    "it draws {ready} ready and {standby} in standby", "undoes {name}",
    "no figure is named for this lever", "judged together with {act}",
)  # fmt: skip
"""Why decisions are proposed, what bounds them, and what is noted of them."""
