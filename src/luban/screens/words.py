"""What states and losses are called, on every screen the same."""

from __future__ import annotations

from luban.screens.i18n import Words

__all__ = ["kind_word", "loss_word"]


def kind_word(say: Words, kind: str) -> str:
    """What a drawn state is called."""
    return {
        "production": say("producing"), "setup": say("setup"), "waiting": say("waiting"), "down": say("failed"),
        "idle": say("idle"), "planned": say("planned stop"), "unknown": say("unknown"),
    }.get(kind, kind)  # fmt: skip


def loss_word(say: Words, loss: str) -> str:
    """What a step of the waterfall is called."""
    return {
        "planned": say("planned time"), "unknown": say("unknown"), "down": say("idle"), "setup": say("setup"),
        "delay": say("interrupted"), "speed": say("slower than planned"), "scrap": say("scrap"),
        "rework": say("rework"), "effective": say("good pieces"), "running": say("producing"),
    }.get(loss, loss)  # fmt: skip
