"""luban's own views as page elements, drawn by framework-free JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element

__all__ = ["View"]


class View(Element, component="view.js", esm={"luban-screens": "js"}):  # type: ignore[call-arg,misc]
    """One of luban's own views.

    kind      tree, trend, timeline, floor, gantt, control or histogram
    texts     its words in the page's language
    on_ready  called once it stands in the browser, again after a reconnect: load it then; an event whose
              args say whether the page is dark
    """

    def __init__(self, kind: str, texts: dict[str, Any], on_ready: Callable[..., Any]) -> None:
        super().__init__()
        self._props["kind"] = kind
        self._props["texts"] = texts
        self.on("ready", on_ready)

    def send(self, name: str, *given: Any) -> None:
        """Call a method of the view in the browser."""
        self.run_method("call", name, *given)
