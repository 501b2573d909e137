"""Buttons whose press is never lost, and lists of which only what changed is drawn anew.

A button that is drawn anew between a press and the server's turn is gone, and with it what was pressed. Here the event
goes to a holder that stays; which act and of what travel with it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from nicegui import ui

__all__ = ["Drawn", "Kept", "act_button", "hear_acts"]

Drawn: TypeAlias = tuple[str, Any, Callable[[], Any]]
"""One entry of a list: its id, what it shows, what draws it and gives its element."""

# what lies under a resting pointer may move or be drawn anew before it is lifted: what was pressed counts
_PRESSED: Final = """(event) => {
  const holder = event.currentTarget, button = event.target.closest('[data-act]'), rests = 8;
  if (!button || event.button) { return; }
  const act = [button.dataset.act, button.dataset.of];
  addEventListener('pointerup', (up) => {
    const moved = Math.hypot(up.clientX - event.clientX, up.clientY - event.clientY);
    if (up.pointerId === event.pointerId && (moved < rests || button.contains(up.target))) {
      holder.lbPressed = up.timeStamp;
      emit(act);
    }
  }, { capture: true, once: true });
}"""
# by keyboard or by a program that reads the page aloud; the click that follows a press was told already
_CLICKED: Final = """(event) => {
  const button = event.target.closest('[data-act]'), told = 500;
  if (button && !(event.timeStamp - event.currentTarget.lbPressed < told)) {
    emit([button.dataset.act, button.dataset.of]);
  }
}"""


def hear_acts(holder: Any, act: Callable[[str, str], Any]) -> Any:
    """Have a holder that is never deleted hear every `act_button` in it; `act` gets the act and what it is of."""
    for event, script in (("pointerdown", _PRESSED), ("click", _CLICKED)):
        holder.on(event, lambda told: act(*map(str, told.args)), js_handler=script)
    return holder


def act_button(text: str, act: str, of: str, kind: str = "lb-tool") -> Any:
    """A button inside such a holder."""
    with ui.element("button").classes(kind).props("type=button") as button:
        ui.html(html.escape(text), sanitize=False, tag="span")
    button._props.update({"data-act": act, "data-of": of})  # noqa: SLF001 - a text with quotes cannot go through props()
    return button


class Kept:
    """A list in a holder: entries that show the same as before stay, with what is typed in them."""

    def __init__(self, holder: Any) -> None:
        self.holder = holder
        self._drawn: dict[str, tuple[Any, Any]] = {}

    def draw(self, wanted: Sequence[Drawn]) -> None:
        """Show these entries in this order; the holder has no other children."""
        marks = {name: mark for name, mark, _ in wanted}
        for name in [name for name, (mark, _) in self._drawn.items() if name not in marks or marks[name] != mark]:
            self._drawn.pop(name)[1].delete()
        for place, (name, mark, draw) in enumerate(wanted):
            if name not in self._drawn:
                with self.holder:
                    self._drawn[name] = mark, draw()
            element = self._drawn[name][1]
            if self.holder.default_slot.children[place] is not element:
                element.move(self.holder, place)
