"""Which rules judge a chart: sets by one press, each rule by its name and what it says."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.service.quality_charting import USUAL_RULES
from luban.screens.service.quality_view import rule_mark, rule_text
from luban.screens.web.schedule_parts import tool
from luban.understand.quality.spc import RULE_SETS

__all__ = ["RulesMenu", "rules_word"]

_OFFERED = (*RULE_SETS["nelson"], *RULE_SETS["western_electric"])
_FLIP = """(event) => {
  const own = event.target.closest('input[data-rule]');
  if (own) emit([own.dataset.rule, own.checked]);
}"""
_ESCAPE = "(event) => { if (event.key === 'Escape') event.currentTarget.open = false; }"
_LEFT = "(event) => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; }"


class RulesMenu:
    """A menu of rules.

    act  called with the names that are chosen, in the order of the standards
    """

    def __init__(self, say: Words, act: Callable[[tuple[str, ...]], Any]) -> None:
        self.say, self._act = say, act
        self._names: tuple[str, ...] = ()
        menu = ui.element("details").classes("lb-qmenu")
        menu.on("keydown", lambda _event: None, js_handler=_ESCAPE)
        menu.on("focusout", lambda _event: None, js_handler=_LEFT)
        with menu:
            with ui.element("summary").classes("lb-tool"):
                self._title = ui.html("", sanitize=False, tag="span")
            with ui.element("div").classes("lb-qmenu-body").props("tabindex=-1"):
                with ui.element("div").classes("lb-tools"):
                    for names in (USUAL_RULES, RULE_SETS["nelson"], RULE_SETS["western_electric"], ("beyond_limits",)):
                        tool(html.escape(rules_word(say, names)), lambda names=names: self._set(names))
                self._list = ui.html("", sanitize=False)
                self._list.on("change", self._flip, js_handler=_FLIP)

    def choose(self, names: Sequence[str]) -> None:
        """Show which rules judge the chart."""
        if tuple(names) != self._names or not self._list.content:
            self._names = tuple(names)
            self._title.content = html.escape(f"{self.say('Rules')}: {rules_word(self.say, self._names)}")
            self._list.content = "".join(map(self._row, _OFFERED))

    def _row(self, rule: str) -> str:
        checked = " checked" if rule in self._names else ""
        text = f"<b>{html.escape(rule_mark(rule))}</b> {html.escape(rule_text(self.say, rule))}"
        return f'<label class="lb-qrule"><input type="checkbox" data-rule="{rule}"{checked}><span>{text}</span></label>'

    def _set(self, names: tuple[str, ...]) -> Any:
        return self._act(names)

    def _flip(self, event: Any) -> Any:
        rule, on = event.args
        held = {name for name in self._names if name in _OFFERED} - {rule} | ({rule} if on else set())
        return self._act(tuple(name for name in _OFFERED if name in held))


def rules_word(say: Words, names: Sequence[str]) -> str:
    """What a set of rules is called."""
    own = tuple(names)
    if own == USUAL_RULES:
        return say("Nelson 1 to 4")
    if own == RULE_SETS["nelson"]:
        return say("Nelson 1 to 8")
    if own == RULE_SETS["western_electric"]:
        return say("Western Electric")
    if own in {("beyond_limits",), ("limits",)}:
        return say("limits only")
    return ", ".join(map(rule_mark, own)) or say("none")
