"""States of machines as people call them on the sheets of energy."""

from __future__ import annotations

from luban.screens.i18n import Words

__all__ = ["state_name"]


def state_name(state: str, say: Words) -> str:
    """A state for people; a word of one's own mapping stays as it is."""
    usual = {
        "running": say("in production"), "idle": say("idle"), "setup": say("setup"), "waiting": say("waiting"),
        "down": say("broken down"), "planned_stop": say("planned stop"), "off": say("powered off"),
        "unknown": say("not known"),
    }  # fmt: skip
    return usual.get(state, state)
