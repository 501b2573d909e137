"""The trail of a green sheet: which facts each number rests on, numbered, with their sha256."""

from __future__ import annotations

from luban.screens.i18n import Words
from luban.screens.report.sheet import Grid
from luban.understand.green import Facts

__all__ = ["Trail", "stream_name"]

_NONE = "–"


def stream_name(say: Words, stream: str) -> str:
    """What facts of a stream are called on a green sheet."""
    names = {
        "meter": say("meter readings"), "movement": say("movements"), "count": say("counts"),
        "genealogy": say("uses of lots"), "event": say("statements"),
    }  # fmt: skip
    return names.get(stream, stream)


class Trail:
    """Numbers facts as they are referred to.

    Example  trail.mark(found.facts) == "[1]"; trail.grid() lists what stands behind [1]
    """

    def __init__(self, say: Words) -> None:
        self._say = say
        self._known: dict[Facts, int] = {}

    def mark(self, facts: tuple[Facts, ...]) -> str:
        """The numbers of these facts; – where there are none."""
        return "".join(f"[{self._known.setdefault(one, len(self._known) + 1)}]" for one in facts) or _NONE

    def grid(self) -> Grid:
        """All that was referred to."""
        say = self._say
        heads = (say("number"), say("facts"), say("how many"), say("first"), say("last"), "sha256")
        rows = [
            (f"[{number}]", stream_name(say, one.stream), f"{len(one.seqs):,}", str(one.seqs[0]), str(one.seqs[-1]),
             one.digest)
            for one, number in self._known.items()
        ]  # fmt: skip
        return Grid(heads, rows, say("Facts behind the numbers"), frozenset({2, 3, 4}))
