"""State mappings: which ISO 22400 time element a word of a machine stands for.

The standards disagree, so a mapping has a name and a version, the plant chooses it, and every state fact
in the ledger carries it. A published mapping never changes; a better one gets the next version.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from luban.core.errors import ConfigError
from luban.norms.dated import Dated, entries, read
from luban.norms.time_elements import TimeElement

__all__ = ["StateMapping", "StateMeaning", "mappings", "state_mapping"]

_FOLDER = "state_mappings"


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """What one word means.

    element  its time element; UNKNOWN where the word alone cannot say
    failure  True where the word itself says that the unit has failed
    why      the reason for the choice, and for UNKNOWN what is missing
    """

    element: TimeElement
    failure: bool
    why: str
    provenance: Dated


@dataclass(frozen=True, slots=True)
class StateMapping:
    """One vocabulary and its meaning.

    states    word → time element, every listed spelling of it included
    meanings  word → element, failure mark, reason and reference
    """

    name: str
    version: int
    title: str
    reference: str
    meanings: Mapping[str, StateMeaning]
    states: Mapping[str, TimeElement]
    _folded: Mapping[str, str] = field(repr=False)

    @property
    def id(self) -> str:
        """`name@version`, as facts carry it."""
        return f"{self.name}@{self.version}"

    def meaning(self, word: str) -> StateMeaning | None:
        """Meaning of a word, whatever its case or if given by number; None for a word that is not listed."""
        return self.meanings.get(self._folded.get(word.strip().casefold(), word))

    def element(self, word: str) -> TimeElement:
        """Time element of a word; UNKNOWN for a word that is not listed. Never raises.

        Example state_mapping("packml@1").element("EXECUTE") is TimeElement.APT
        """
        meaning = self.meaning(word)
        return meaning.element if meaning else TimeElement.UNKNOWN

    def is_failure(self, word: str) -> bool:
        """The word itself says that the unit has failed."""
        meaning = self.meaning(word)
        return meaning is not None and meaning.failure

    def why(self, word: str) -> str:
        """Why the word has its element; for a word that is not listed, that it is not."""
        meaning = self.meaning(word)
        return meaning.why if meaning else f"{word!r} is not a word of {self.id}"


@cache
def mappings() -> Mapping[str, StateMapping]:
    """Every mapping by `name@version`."""
    found: dict[str, StateMapping] = {}
    for entry in sorted(files("luban.norms").joinpath(_FOLDER).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            mapping = _mapping(f"{_FOLDER}/{entry.name}")
            found[mapping.id] = mapping
    return MappingProxyType(found)


def state_mapping(name: str) -> StateMapping:
    """Look up a mapping by name and version, e.g. "packml@1". Raises ConfigError."""
    known = mappings()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1, 0.5)
        raise ConfigError(
            "unknown state mapping",
            came=repr(name),
            expected=", ".join(known),
            hint=f"did you mean {close[0]}?" if close else "",
        )
    return known[name]


def _mapping(file: str) -> StateMapping:
    data = read(file)
    meanings: dict[str, StateMeaning] = {}
    folded: dict[str, str] = {}
    for word, entry, provenance in entries(data, "state", file):
        if not entry.get("why"):
            raise ConfigError("a state without a reason", came=word, expected="why = …", where=file)
        meanings[word] = StateMeaning(
            TimeElement(entry["element"]), bool(entry.get("failure", False)), entry["why"], provenance
        )
        for spelling in (word, *entry.get("aliases", ())):
            if folded.setdefault(spelling.casefold(), word) != word:
                raise ConfigError("one spelling for two states", came=spelling, where=file)
    spelled = {spelling: word for word in meanings for spelling in (word, *data["state"][word].get("aliases", ()))}
    return StateMapping(
        data["name"],
        data["version"],
        data["title"],
        data["reference"],
        MappingProxyType(meanings),
        MappingProxyType({spelling: meanings[word].element for spelling, word in spelled.items()}),
        MappingProxyType(folded),
    )
