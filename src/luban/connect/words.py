"""The words of a state mapping, however a source spells them."""

from __future__ import annotations

from luban.norms import StateMapping

__all__ = ["known_word"]


def known_word(states: StateMapping, text: str) -> str | None:
    """The mapping's own spelling of a word: case, blanks for underscores, aliases and numbers are forgiven.

    None     for a word that the mapping does not list
    Example  known_word(state_mapping("mtconnect-execution@1"), "program stopped") == "PROGRAM_STOPPED"
    """
    meaning = states.meaning(text) or states.meaning(text.strip().replace(" ", "_"))
    if meaning is None:
        return None
    return next((word for word, known in states.meanings.items() if known is meaning), None)
