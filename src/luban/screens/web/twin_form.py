"""What to run: scenarios to choose, changes of one's own, how long and how often."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

from nicegui import ui

from luban.screens.i18n import Words
from luban.screens.service.twin_runs import MOST_SCENARIOS
from luban.screens.web.twin_texts import lever_word, name_of

__all__ = ["TwinForm"]

_VALUE = "(event) => emit(event.target.value)"
_CHECKED = "(event) => emit(event.target.checked)"


class TwinForm:
    """The form beside the results.

    told   what the page knows of the twin: scenarios, stations, pools, levers, days
    start  called when the person wants to run what is chosen
    """

    def __init__(self, say: Words, told: dict[str, Any], start: Callable[[], Any]) -> None:
        self.say, self.told = say, told
        self.days, self.replications, self.seed = str(round(told["days"], 1)).removesuffix(".0"), "10", "1"
        self.warmup = "auto"
        self.chosen = dict.fromkeys(told["scenarios"], False)
        self.own: list[tuple[str, str]] = []
        self._lever, self._subject, self._value = next(iter(told["levers"])), "", ""
        with ui.element("div").classes("lb-form"):
            with ui.element("div").classes("lb-form").props("role=group"):
                self._pick("as it is", say("what the others are compared with"), checked=True, fixed=True)
                for name, changes in told["scenarios"].items():
                    self._pick(name, ", ".join(changes))
            self._own_changes()
            with ui.element("div").classes("lb-four"):
                self._number("days", say("Days"))
                self._number("warmup", say("Warm-up, days"), kind="text")
                self._number("replications", say("Runs of each"))
                self._number("seed", say("Seed"))
            with ui.element("button").classes("lb-main-button").props("type=button") as self.button:
                ui.html(html.escape(say("Run")), sanitize=False, tag="span")
            self.button.on("click", lambda _event: start())

    def _pick(self, name: str, about: str, *, checked: bool = False, fixed: bool = False) -> None:
        with ui.element("label").classes("lb-pick"):
            box = ui.element("input").props("type=checkbox").props("checked" if checked else "")
            box.props("disabled" if fixed else "")
            box.on(
                "change", lambda event, name=name: self.chosen.__setitem__(name, bool(event.args)), js_handler=_CHECKED
            )
            text = f"{html.escape(name_of(self.say, name))}<small>{html.escape(about)}</small>"
            ui.html(text, sanitize=False, tag="span")

    def _number(self, name: str, label: str, kind: str = "number") -> None:
        with ui.element("label"):
            ui.html(html.escape(label), sanitize=False, tag="span")
            field = ui.element("input").props(f"type={kind} inputmode=decimal")
            # not `value`: that would be set again whenever the page is drawn anew, over what the person typed
            field._props.update({"defaultValue": getattr(self, name), "step": "any"})  # noqa: SLF001
            field.on("input", lambda event, name=name: setattr(self, name, str(event.args)), js_handler=_VALUE)

    # ---- changes of one's own

    def _own_changes(self) -> None:
        say = self.say
        with ui.element("fieldset").style("border: 0; padding: 0; margin: 0").classes("lb-form"):
            ui.html(html.escape(say("Own changes")), sanitize=False, tag="legend").classes("lb-title")
            levers = [(name, lever_word(say, name)) for name in self.told["levers"]]
            self._select(levers, say("What"), self._lever_set)
            with ui.element("div").classes("lb-pair"):
                self._subject_holder = ui.element("div")
                self._value_box = ui.element("input").props("type=text")
                self._value_box.on("input", lambda event: setattr(self, "_value", str(event.args)), js_handler=_VALUE)
            self.list = ui.element("ul").classes("lb-changes")
            with ui.element("button").classes("lb-quiet-button").props("type=button") as add:
                ui.html(html.escape(say("Add the change")), sanitize=False, tag="span")
            add.on("click", lambda _event: self._add())
            self._lever_set(self._lever)

    def _select(self, choices: list[tuple[str, str]], label: str, act: Callable[[str], Any]) -> Any:
        with ui.element("select").props(f"aria-label={json.dumps(label)}") as box:
            for value, text in choices:
                with ui.element("option") as option:
                    option._props["value"] = value  # noqa: SLF001
                    ui.html(html.escape(text), sanitize=False, tag="span")
        box.on("change", lambda event: act(str(event.args)), js_handler=_VALUE)
        return box

    def _lever_set(self, lever: str) -> None:
        self._lever, of = lever, self.told["levers"][lever]["of"]
        every = [("", self.say("everywhere"))] if of and self.told["levers"][lever]["every"] else []
        choices = [*every, *((name, name) for name in self.told[f"{of}s"])] if of else []
        self._subject = choices[0][0] if choices else ""
        self._subject_holder.clear()
        if choices:
            with self._subject_holder:
                self._select(choices, self.say("Where"), lambda value: setattr(self, "_subject", value))
        takes = self.told["levers"][lever]["example"]
        self._value_box._props.update({"placeholder": takes, "aria-label": self.say("Value")})  # noqa: SLF001
        self._value_box.update()

    def _add(self) -> None:
        if not self._value.strip():
            ui.notify(
                self.say(
                    "Give a value first, for example {example}", example=self.told["levers"][self._lever]["example"]
                )
            )
            return
        key = f"{self._lever}.{self._subject}" if self._subject else self._lever
        self.own = [(name, value) for name, value in self.own if name != key] + [(key, self._value.strip())]
        self._list()

    def _list(self) -> None:
        self.list.clear()
        with self.list:
            for key, value in self.own:
                with ui.element("li"):
                    ui.html(html.escape(f"{key} = {value}"), sanitize=False, tag="span")
                    drop = ui.element("button").classes("lb-plain").props("type=button")
                    drop._props["aria-label"] = self.say("Remove {change}", change=key)  # noqa: SLF001
                    with drop.on("click", lambda _event, key=key: self._drop(key)):
                        ui.html("×", sanitize=False, tag="span")

    def _drop(self, key: str) -> None:
        self.own = [one for one in self.own if one[0] != key]
        self._list()

    # ---- what was chosen

    def scenarios(self) -> list[dict[str, Any]]:
        """Names and changes, the plant as it is first."""
        found: list[dict[str, Any]] = [{"name": "as it is", "changes": []}]
        for name, chosen in self.chosen.items():
            if chosen:
                changes = [text.split(" = ", 1) for text in self.told["scenarios"][name]]
                found.append({"name": name, "changes": changes})
        if self.own:
            found.append({"name": "own", "changes": [list(one) for one in self.own]})
        return found

    def start_of_figures(self) -> float:
        """Warm-up as a number of days; 0 where it is looked for. Raises ValueError."""
        return 0.0 if self.warmup.strip() == "auto" else max(0.0, float(self.warmup))

    def complaint(self) -> str:
        """What is wrong with the choice; '' if nothing."""
        if len(self.scenarios()) > MOST_SCENARIOS:
            return self.say("At most {n} scenarios side by side.", n=MOST_SCENARIOS)
        try:
            fine = float(self.days) > self.start_of_figures() and 2 <= int(self.replications) <= 200
            int(self.seed)
        except ValueError:
            fine = False
        return (
            ""
            if fine
            else self.say(
                "More days than the warm-up (auto, or days), 2 to 200 runs of each, and a whole number as seed, please."
            )
        )
