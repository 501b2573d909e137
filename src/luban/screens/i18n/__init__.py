"""The words of the screens in English, Chinese and Korean.

The English sentence is the key; `zh.po` and `ko.po`, and one more pair for each wing of the house (`zh_spc.po`), hold
the others in gettext's own format, so that any translation tool edits them. Words that come from data (states,
quality codes) are translated the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_NAMED = re.compile(r"\{(\w+)\}")

__all__ = ["LANGUAGES", "Words", "catalogue", "words"]

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "zh": "中文", "ko": "한국어"})


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English sentence → sentence of that language; empty for English."""
    from babel.messages.pofile import read_po

    if language not in LANGUAGES or language == "en":
        return MappingProxyType({})
    found: dict[str, str] = {}
    for part in sorted(files("luban.screens.i18n").iterdir(), key=lambda part: part.name):
        if part.name == f"{language}.po" or (part.name.startswith(f"{language}_") and part.name.endswith(".po")):
            with part.open("rb") as file:
                read = read_po(file, locale=language)
            found.update({str(m.id): str(m.string) for m in read if m.id and m.string and not m.fuzzy})
    return MappingProxyType(found)


class Words:
    """Speaks one language.

    Example words("zh")("Log out") == "退出登录"
    """

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._known = catalogue(self.language)
        patterns = [text for text in self._known if "{" in text]
        patterns.sort(key=lambda text: -len(_NAMED.sub("", text)))  # "by {name}" fits many a sentence: last
        self._patterns = [(_pattern(text), self._known[text]) for text in patterns]

    def __call__(self, text: str, **values: object) -> str:
        """The sentence in this language with its {values} filled in; the English one where none is known."""
        said = self._known.get(text)
        if said is None:
            return self._by_pattern(text) if not values else text.format(**values)
        return said.format(**values) if values else said

    def _by_pattern(self, text: str) -> str:
        """A sentence that was put together elsewhere: the pattern it fits is translated, and what filled it too."""
        for pattern, said in self._patterns:
            if found := pattern.fullmatch(text):
                return said.format(**{name: self(part) for name, part in found.groupdict().items()})
        return text

    def name(self, names: Mapping[str, str], otherwise: str = "") -> str:
        """The name in this language out of a norm's names, English if it has none."""
        return names.get(self.language) or names.get("en") or otherwise


def _pattern(text: str) -> re.Pattern[str]:
    """What a sentence with {names} looks like once they are filled in."""
    parts, seen = _NAMED.split(text), set[str]()
    filled = []
    for at, part in enumerate(parts):
        if not at % 2:
            filled.append(re.escape(part))
        elif part in seen:
            filled.append(f"(?P={part})")  # what stands twice is the same both times
        else:
            seen.add(part)
            # a name of one letter stands for a number: "{h} h {m} min" must not fit any sentence that ends in "min"
            filled.append(f"(?P<{part}>{'[0-9.,]+' if len(part) == 1 else '.+?'})")
    return re.compile("".join(filled))


@cache
def words(language: str) -> Words:
    """The words of one language; English for one that luban does not speak."""
    return Words(language)
