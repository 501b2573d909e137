"""Lines of a TOML document: TOML readers drop them, so a second pass finds where each key stands."""

from __future__ import annotations

from bisect import bisect_right

__all__ = ["Lines", "Path"]

Path = tuple[str | int, ...]

_BLANK = " \t"
_SPACE = " \t\r\n"


class Lines:
    r"""Where each key, table and array element of a valid TOML text stands.

    Example Lines('a = 1\n[[b]]\nc = 2').line(("b", 0, "c")) == 3
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(i + 1 for i, character in enumerate(text) if character == "\n")]
        self._offsets: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        self._at = 0
        self._document()

    def line(self, path: Path) -> int:
        """Line [1 …] of that key, or of the nearest thing around it; 1 for the document."""
        while path and path not in self._offsets:
            path = path[:-1]
        return self.at(self._offsets[path]) if path else 1

    def at(self, offset: int) -> int:
        """Line [1 …] of a character."""
        return bisect_right(self._starts, offset)

    def _document(self) -> None:
        table: Path = ()
        while self._skip(_SPACE):
            start = self._at
            if self._text[start] != "[":
                self._pair(table)
                continue
            double = self._text.startswith("[[", start)
            self._at += 2 if double else 1
            table = self._header(self._key(), double)
            self._offsets.setdefault(table[:-1] if double else table, start)
            self._offsets.setdefault(table, start)
            self._at = self._text.find("]", self._at) + (2 if double else 1)

    def _header(self, key: list[str], double: bool) -> Path:
        path: Path = ()
        for position, part in enumerate(key):
            path += (part,)
            if double and position == len(key) - 1:
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path += (self._counts[path] - 1,)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = table
        for part in self._key():
            path += (part,)
            self._offsets.setdefault(path, start)
        self._skip(_BLANK)
        self._at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            if self._text[self._at] in "\"'":
                start = self._at
                self._string()
                parts.append(self._text[start + 1 : self._at - 1])
            else:
                start = self._at
                while self._at < len(self._text) and self._text[self._at] not in " \t.=]":
                    self._at += 1
                parts.append(self._text[start : self._at])
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        first = self._text[self._at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}#\r\n":
                self._at += 1

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._skip(_SPACE) and self._text[self._at] != "]":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._offsets.setdefault((*path, index), self._at)
            self._value((*path, index))
            index += 1
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._skip(_SPACE) and self._text[self._at] != "}":
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._pair(path)
        self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        fence = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._at += len(fence)
        while not self._text.startswith(fence, self._at):
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += len(fence)
        while len(fence) == 3 and self._text.startswith(quote, self._at):  # up to two quotes may end the content
            self._at += 1

    def _skip(self, characters: str) -> bool:
        """Pass blanks, and comments where lines may end; False at the end of the text."""
        while self._at < len(self._text):
            if self._text[self._at] in characters:
                self._at += 1
            elif self._text[self._at] == "#" and "\n" in characters:
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return True
        return False
