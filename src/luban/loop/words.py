"""Every sentence of the running loop that reaches a screen, for the dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from luban.loop.deciding import words as deciding

__all__ = [
    "AVOIDED", "FEW_FAILURES", "LEVERS", "NOT_PRICED_LOOK", "NO_AGE", "NO_FAILURE_PRICE", "NO_HOUR", "NO_LIMITS",
    "NO_PART", "NO_PIECES", "NO_STANDARD", "NO_WAIT", "OFF_TARGET", "SCRAP", "SENTENCES", "SILENT", "TOO_EARLY",
]  # fmt: skip

LEVERS: Final[Mapping[str, str]] = {
    "set-point": "set-points from piece to piece",
    "repair": "the plan, mended when a machine stands still",
    "maintenance": "maintenance that is due",
    "condition": "maintenance by vibration",
    "release": "release of orders",
    "energy": "standby of machines",
    "quality": "sizes held on target",
    "dispatch": "dispatch lists by what is there",
}
"""Levers by id, in words."""

OFF_TARGET: Final = "{characteristic} is {before} off its target, {after} are expected after this"
SILENT: Final = "{source} is silent"
AVOIDED: Final = "against leaving it out until {part} is due again, by its lives on record"
SCRAP: Final = "scrap of a day of {pieces} pieces, {before} outside the limits and {after} after this"
FEW_FAILURES: Final = "{count} failures of {part} on record, 3 are needed"
NO_AGE: Final = "when {part} was made new is not on record"
NO_FAILURE_PRICE: Final = "{task} has no cost of a failure and of a planned exchange in maintenance.csv"
NO_HOUR: Final = "what an hour of {machine} is worth is in neither the maintenance list nor the price list"
NO_LIMITS: Final = "{characteristic} has no limits in characteristics.csv"
NO_PART: Final = "{task} names no part in maintenance.csv"
NO_PIECES: Final = "no piece was counted at {machine} within a day"
NO_STANDARD: Final = "no standard price of {item} in the price list"
NO_WAIT: Final = "what an hour of waiting costs is not set"
NOT_PRICED_LOOK: Final = "how often such a sign comes before a failure is not on record"
TOO_EARLY: Final = "by its lives on record {part} could still wait"
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
    AVOIDED, SCRAP, FEW_FAILURES, NO_AGE, NO_FAILURE_PRICE, NO_HOUR, NO_LIMITS, NO_PART, NO_PIECES, NO_STANDARD,
    NO_WAIT, NOT_PRICED_LOOK, TOO_EARLY, "needs an actuator called {name}", "needs routing.csv and orders.csv",
    "needs a characteristic with both limits, made there in the unit of the offset",
)  # fmt: skip
"""Why decisions are proposed, what bounds them, and what is noted of them."""
