"""Small controls of the planner's page: a choice, a row of segments, a button of the tool bar."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

__all__ = ["REDO", "UNDO", "VALUE", "Choice", "field", "labelled_choice", "segments", "tool"]

VALUE = "(event) => emit(event.target.value)"
"""JavaScript handler of an input: hands on what stands in it."""

_SVG = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>'
UNDO = _SVG.format("M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.5M3 6.5l3 3")
REDO = _SVG.format("M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M13 6.5l-3-3M13 6.5l-3 3")


class Choice:
    """A drop-down whose entries can be set anew.

    act  called with the value that was chosen
    """

    def __init__(self, label: str, act: Callable[[str], Any]) -> None:
        self._known: tuple[Any, ...] = ()
        self.value = ""
        self.box = ui.element("select")
        self.box._props["aria-label"] = label  # noqa: SLF001 - a text with quotes cannot go through props()
        self._act = act
        self.box.on("change", self._chosen, js_handler=VALUE)

    def _chosen(self, event: Any) -> Any:
        self.value = str(event.args)
        self._known = ()
        return self._act(self.value)

    def fill(self, entries: Sequence[tuple[str, str]], value: str) -> None:
        """Value and text of each entry, and which is chosen."""
        known = (*entries, value)
        if known == self._known:
            return
        self._known, self.value = known, value
        self.box.clear()
        with self.box:
            for key, text in entries:
                with ui.element("option") as option:
                    option._props.update({"value": key} | ({"selected": True} if key == value else {}))  # noqa: SLF001
                    ui.html(html.escape(text), sanitize=False, tag="span")


def segments(choices: Sequence[tuple[str, str]], chosen: str, act: Callable[[str], Any], label: str) -> None:
    """One of a few: (value, text) each."""
    buttons: dict[str, Any] = {}

    def press(value: str) -> Any:
        for key, button in buttons.items():
            button.props(f"aria-pressed={str(key == value).lower()}")
        return act(value)

    with ui.element("div").classes("lb-segments").props("role=group") as group:
        group._props["aria-label"] = label  # noqa: SLF001
        for value, text in choices:
            button = ui.element("button").props(f"type=button aria-pressed={str(value == chosen).lower()}")
            with button.on("click", lambda _event, value=value: press(value)):
                ui.html(html.escape(text), sanitize=False, tag="span")
            buttons[value] = button


def tool(inner: str, act: Callable[..., Any], label: str = "", kind: str = "") -> Any:
    """A button of the tool bar; `inner` is HTML."""
    with ui.element("button").classes(f"lb-tool {kind}").props("type=button") as button:
        ui.html(inner, sanitize=False, tag="span").style("display: inline-flex; align-items: center; gap: 5px")
    if label:
        button._props.update({"aria-label": label, "title": label})  # noqa: SLF001
    button.on("click", lambda _event: act())
    return button


def field(label: str, value: str, act: Callable[[str], Any], kind: str = "number") -> Any:
    """A labelled input."""
    with ui.element("label"):
        ui.html(html.escape(label), sanitize=False, tag="span")
        box = ui.element("input").props(f"type={kind}")
        # not `value`: that would be set again whenever the page is drawn anew, over what the person typed
        box._props.update({"defaultValue": value, "step": "any"})  # noqa: SLF001
        box.on("input", lambda event: act(str(event.args)), js_handler=VALUE)
    return box


def labelled_choice(label: str, entries: Sequence[tuple[str, str]], value: str, act: Callable[[str], Any]) -> Choice:
    """A labelled drop-down: (value, text) of each entry, and which is chosen."""
    with ui.element("label"):
        ui.html(html.escape(label), sanitize=False, tag="span")
        made = Choice(label, act)
        made.fill(entries, value)
    return made
