"""Projects beside catalogues as a sheet: what is said of each, by which edition and line."""

from __future__ import annotations

from collections.abc import Sequence

from luban import __version__
from luban.rollup.catalogue import STANCES, Fit
from luban.screens.i18n import Words
from luban.screens.report.sheet import Figure, Figures, Grid, Note, Sheet

__all__ = ["fit_sheet", "fit_word"]

_TONES = {"barred": "bad", "restricted": "doubt", "encouraged": "good", "named": "", "unclear": "doubt"}


def fit_word(one: Fit) -> str:
    """One word for a fit: a stance, or why there is none."""
    if one.edition is None:
        return "no edition in force"
    return one.stance or ("unclear" if one.unclear else "not named")


def fit_sheet(found: Sequence[Fit], say: Words, source: str = "") -> Sheet:
    """Every project beside every catalogue, with the lines cited."""
    called = {
        "barred": say("barred"), "restricted": say("restricted"), "encouraged": say("encouraged"),
        "named": say("named in it"), "unclear": say("cannot be told"), "not named": say("not named in it"),
        "no edition in force": say("no edition in force"),
    }  # fmt: skip
    told = [fit_word(one) for one in found]
    counts = [
        Figure(called[name], str(told.count(name)), tone=_TONES.get(name, "quiet") if name in told else "quiet")
        for name in called
        if name in STANCES or name in told
    ]
    rows = [
        (one.project.id, one.project.day.isoformat(), one.catalogue, _edition(one), called[word], *_cited(one, say))
        for one, word in zip(found, told, strict=True)
    ]
    heads = (
        say("project"),
        say("its day"),
        say("catalogue"),
        say("edition and first day"),
        say("what the catalogue says"),
        say("lines cited"),
        say("file and row"),
    )
    tones = {at: _TONES.get(word, "quiet") for at, word in enumerate(told)}
    note = say("The strictest line counts. Where a line is finer than what the project says, it cannot be told.")
    digests = {one.catalogue: one.edition.digest[:16] for one in found if one.edition is not None}
    return Sheet(say("Projects beside catalogues"), source, (
        Figures(tuple(counts)), Grid(heads, rows, tones=tones), Note(note, "quiet"),
    ), {**digests, "luban": __version__})  # fmt: skip


def _edition(one: Fit) -> str:
    return "–" if one.edition is None else f"{one.edition.name}, {one.edition.since.isoformat()}"


def _cited(one: Fit, say: Words) -> tuple[str, str]:
    lines = [*((line, "") for line in one.lines), *((line, f" ({say('cannot be told')})") for line in one.unclear)]
    texts = "; ".join(f"{line.id} {line.text}{more}" for line, more in lines)
    return texts or "–", "; ".join(line.place for line, _ in lines) or "–"
