"""The front figures as cards; each opens how it was made.

The cards stay and only their words change: a click must never meet a card that has just been replaced.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.service import Board, ShownFigure
from luban.screens.service.figures import FRONT
from luban.screens.web.texts import percent, sign

__all__ = ["Cards"]


class Cards:
    """A card for each front figure.

    explain  called with the id of the figure whose card was pressed
    """

    def __init__(self, say: Words, explain: Callable[[str], Awaitable[None]]) -> None:
        self.say = say
        self._cards: dict[str, tuple[Any, Any]] = {}
        with ui.element("div").classes("lb-figures"):
            for name in FRONT:
                button = (
                    ui.element("button").classes("lb-figure").props("type=button").on("click", _opener(explain, name))
                )
                with button:
                    words = ui.html("", sanitize=False).style("display: contents")
                self._cards[name] = (button, words)
        self.wait()

    def wait(self) -> None:
        """No figures yet."""
        label = self.say("reading the books")
        empty = '<span class="lb-label">&nbsp;</span><span class="lb-number lb-faint">…</span>'
        for name in FRONT:
            self._fill(name, f'{empty}<span class="lb-reason">{html.escape(label)}</span>', label, busy=True)

    def show(self, board: Board) -> None:
        """The figures of a board; a place without machines has none."""
        known = {figure.id: figure for figure in board.figures}
        for name, (button, _) in self._cards.items():
            button.set_visibility(name in known)
            if name in known:
                figure = known[name]
                title = _title(self.say, figure)
                label = f"{title}: {_spoken(self.say, figure)}. {self.say('How was this made?')}"
                self._fill(name, _figure_html(self.say, figure, title), label, busy=False)

    def _fill(self, name: str, inner: str, label: str, *, busy: bool) -> None:
        button, words = self._cards[name]
        # text with quotes cannot go through props()
        wanted = {"data-figure": name, "aria-label": label, "aria-busy": str(busy).lower()}
        if any(button._props.get(key) != value for key, value in wanted.items()):  # noqa: SLF001
            button._props.update(wanted)  # noqa: SLF001
            button.update()
        if words.content != inner:
            words.content = inner


def _opener(explain: Callable[[str], Awaitable[None]], figure: str) -> Callable[[], Awaitable[None]]:
    async def opened() -> None:
        await explain(figure)

    return opened


def _title(say: Words, figure: ShownFigure) -> str:
    """Its name in the language, as a heading; the one that everybody abbreviates stays abbreviated."""
    name = "OEE" if figure.id == "oee" else say.name(figure.names, figure.id)
    return name[:1].upper() + name[1:]


def _shown(figure: ShownFigure) -> tuple[str, str]:
    if figure.value is None:
        return "–", ""
    return (percent(figure.value), "%") if figure.unit == "1" else (f"{figure.value:,.4g}", figure.unit)


def _spoken(say: Words, figure: ShownFigure) -> str:
    if figure.value is None:
        return f"{say('withheld')}, {say(figure.withheld)}"
    return " ".join(_shown(figure))


def _figure_html(say: Words, figure: ShownFigure, name: str) -> str:
    head = f'<span class="lb-label">{html.escape(name)}</span>'
    if figure.value is None:
        mark = sign("silent")
        return (
            f'{head}<span class="lb-withheld">{mark}{html.escape(say("withheld"))}</span>'
            f'<span class="lb-reason">{html.escape(say(figure.withheld))}</span>'
        )
    number, unit = _shown(figure)
    below = []
    if figure.low is not None and figure.high is not None and figure.high - figure.low > 5e-4:
        low, high = (percent(v) if figure.unit == "1" else f"{v:,.4g}" for v in (figure.low, figure.high))
        below.append(say("between {low} and {high}", low=low, high=high))
    if figure.coverage is not None:
        below.append(say("{share} % of the time is accounted for", share=percent(figure.coverage)))
    notes = "".join(f'<span class="lb-reason">{html.escape(text)}</span>' for text in below)
    return f'{head}<span class="lb-number">{number}<small>{html.escape(unit)}</small></span>{notes}'
