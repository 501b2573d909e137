"""The loop in plain words: what luban sees, what it proposes and why, what it did, what came of it, what comes next."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from nicegui import ui

from luban.core.errors import LubanError
from luban.core.time import SECOND, to_datetime
from luban.loop.deciding.record import NOTED, Decision, Stage
from luban.screens.service import Now
from luban.screens.service.deciding import LeverNow, Next, Row, TakenBack
from luban.screens.web.acting_deciding import (
    act_words,
    fact_words,
    stage_word,
    state_words,
    verdict_word,
    worth_words,
)
from luban.screens.web.acting_frame import Bench
from luban.screens.web.acting_parts import Drawn, Kept, act_button, hear_acts
from luban.screens.web.acting_words import mode_word
from luban.screens.web.schedule_parts import field, labelled_choice, tool
from luban.screens.web.tabs import BookPanel, card
from luban.screens.web.twin_tables import notice

__all__ = ["LoopPanel"]

_ROWS: Final = 60
_EVERY: Final = SECOND  # between two looks at the books
_CLASS: Final = {
    Stage.DONE: "lb-done", Stage.UNVERIFIED: "lb-bad", Stage.FAILED: "lb-bad", Stage.TAKEN: "lb-waits",
}  # fmt: skip


class LoopPanel(BookPanel):
    """What is in the tab."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.say = bench, bench.say
        self._now: Now | None = None
        self._read_at = 0
        self._why: dict[str, str] = {}
        self._machine = ""
        self._lists: Mapping[str, tuple[Next, ...]] = {}
        self._cards: Kept
        self._lines: Kept | None = None  # None while the table is not there

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        self._stop = ui.element("div").classes("lb-qpanel")
        with card(self.say("What it sees")):
            self._sees = ui.element("div").props("data-part=sees")
        with card(self.say("What it proposes")):
            self._proposed = hear_acts(ui.element("div").props("data-part=proposed aria-live=polite"), self._press)
            self._cards = Kept(self._proposed)
        with card(self.say("What it did, and what came of it")):
            self._did = hear_acts(ui.element("div").classes("lb-scroll").props("data-part=did"), self._press)
        with card(self.say("What comes next at each machine")):
            back = ui.element("ul").classes("lb-story").props("data-part=taken-back aria-live=polite")
            self._backs = Kept(hear_acts(back, self._press))
            self._next = ui.element("div").props("data-part=next")
        with card(self.say("Levers")):
            self._levers = ui.element("div").classes("lb-scroll").props("data-part=levers")
        self._one = ui.element("div").classes("lb-qpanel")

    async def tick(self, now: Now) -> None:
        """As the plant changes, at most once a second."""
        self._now = now
        if now.time - self._read_at >= _EVERY:
            self._read_at = now.time
            await self._read()

    async def _read(self) -> None:
        books = self.bench.books
        rows = await self.bench.ask(books.decisions, _ROWS)
        levers, lists = await self.bench.ask(books.levers), await self.bench.ask(books.lists)
        automation, back = await self.bench.ask(books.automation), await self.bench.ask(books.taken_back)
        if rows is None or levers is None or lists is None or automation is None or not self.bench.alive:
            return
        waiting = [one for one in rows if one.decision.stage in {Stage.PROPOSED, Stage.ADVISED}]
        done = [one for one in rows if one.decision.stage not in {Stage.PROPOSED, Stage.ADVISED}]
        chosen = next((one for one in rows if one.decision.id == self.bench.chosen), None)
        self._lists = lists
        sees, marks = self._seen(), {
            "stop": automation.stopped, "proposed": _marks(waiting), "did": _marks(done), "levers": levers,
            "back": tuple(one.decision.id for one in back or ()), "next": (lists, self._machine),
            "one": chosen and (chosen.decision.id, chosen.decision.stage),
        }  # fmt: skip
        drawn = self._known or {}
        self._known = {**marks, "sees": sees}
        with self.bench.client:
            if drawn.get("sees") != sees:
                self._draw_seen(sees)
            draws: dict[str, Callable[[], None]] = {
                "stop": lambda: self._draw_stop(automation.stopped), "proposed": lambda: self._draw_proposed(waiting),
                "did": lambda: self._draw_done(done), "levers": lambda: self._draw_levers(levers),
                "back": lambda: self._draw_back(back or ()), "next": self._draw_next,
                "one": lambda: self._draw_one(chosen),
            }  # fmt: skip
            for name, draw in draws.items():  # a part drawn anew for nothing loses a click on it
                if name not in drawn or drawn[name] != marks[name]:
                    draw()

    # ------------------------------------------------------------------ what it sees

    def _seen(self) -> tuple[str, ...]:
        say, now, plant = self.say, self._now, self.bench.view.plant
        if now is None:
            return ()
        units = [now.units[path] for path in plant.work_units if path in now.units]
        kinds = Counter(one.kind for one in units)
        told = [
            say("{n} of {all} machines produce, {down} stand still", n=kinds["production"], all=len(units),
                down=kinds["down"])
        ]  # fmt: skip
        told += [
            say("{machine} stands still since {time}", machine=one.name, time=self._when(one.since or 0))
            for one in units if one.kind == "down"
        ]  # fmt: skip
        told += [
            say("{source} tells nothing: what rests on it is in doubt", source=name)
            for name, one in now.sources.items() if one.link != "up"
        ]  # fmt: skip
        if kinds["unknown"]:
            told.append(say("of {n} machines it is not known how they stand", n=kinds["unknown"]))
        thought = self.bench.books.thought()
        told.append(say("last thought at {time}", time=self._when(thought)) if thought else say("not thought yet"))
        return tuple(told)

    def _draw_seen(self, told: tuple[str, ...]) -> None:
        self._sees.clear()
        with self._sees, ui.element("ul").classes("lb-story"):
            for text in told:
                ui.html(html.escape(text), sanitize=False, tag="li")

    def _draw_stop(self, stopped: str | None) -> None:
        self._stop.clear()
        if stopped is None:
            return
        with self._stop, card(self.say("Automation is stopped"), "lb-stopcard"):
            text = self.say("Nothing is decided and nothing carried out until an engineer releases it.")
            ui.html(html.escape(text), sanitize=False, tag="p")
            tool(html.escape(self.say("To the commands")), lambda: self.bench.call(self.bench.open, "commands"))

    # ------------------------------------------------------------------ what it proposes

    def _draw_proposed(self, waiting: list[Row]) -> None:
        def nothing() -> Any:
            text = self.say(
                "Nothing waits for you. What luban would change stands here, with its reason and its worth."
            )
            return ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")

        cards: list[Drawn] = [(one.decision.id, _mark(one), partial(self._card, one)) for one in waiting]
        self._cards.draw(cards or [("", None, nothing)])

    def _card(self, row: Row) -> Any:
        say, one, books, user = self.say, row.decision, self.bench.books, self.bench.user
        with ui.element("article").classes("lb-decision").props(f"data-decision={one.id}") as drawn:
            ui.html(html.escape(act_words(say, one.act, self.bench.view.plant)), sanitize=False, tag="h3")
            ui.html(html.escape(say(one.why)), sanitize=False, tag="p")
            told = (
                self._worth(one), say("bound: {what}", what=say(one.bound)) if one.bound else "",
                say("holds until {time}", time=self._when(one.expires)[:16]),
                say("from {author}, {time}", author=one.author, time=self._when(one.proposed)),
            )  # fmt: skip
            ui.html(html.escape(" · ".join(filter(None, told))), sanitize=False, tag="p").classes("lb-note")
            if one.stage is Stage.ADVISED:
                text = say("Advice: this lever only shows what it would do.")
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
            may_take = one.stage is Stage.PROPOSED and books.may_decide(user, "take", one.id)
            if not books.writable or not (may_take or books.may_decide(user, "decline", one.id)):
                return drawn
            with ui.element("div").classes("lb-tsearch"):
                if may_take:
                    act_button(say("Take it"), "take", one.id, "lb-tool lb-take")
                known = self._why.get(one.id, "")
                field(say("why you decline"), known, partial(self._set, one.id), "text").props("data-field=why")
                act_button(say("Decline"), "decline", one.id)
        return drawn

    # ------------------------------------------------------------------ what it did

    def _draw_done(self, done: list[Row]) -> None:
        say = self.say
        if not done or self._lines is None:
            self._did.clear()
            self._lines = None
        heads = (say("time"), say("what"), say("why"), say("expected"), say("state"), say("came of it"), "")
        with self._did:
            if not done:
                ui.html(html.escape(say("Nothing was decided yet.")), sanitize=False, tag="p").classes("lb-note")
                return
            if self._lines is None:
                with ui.element("table").classes("lb-ttable"):
                    with ui.element("thead"), ui.element("tr"):
                        for head in heads:
                            ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                    self._lines = Kept(ui.element("tbody"))
        self._lines.draw([(row.decision.id, _mark(row), partial(self._line, row, heads)) for row in done])

    def _line(self, row: Row, heads: tuple[str, ...]) -> Any:
        say, one = self.say, row.decision
        state = ": ".join(filter(None, (stage_word(say, one.stage), say(one.reason))))
        came = ": ".join(filter(None, (verdict_word(say, row.verdict), say(row.told) if row.told else "")))
        cells = (say(one.why), self._worth(one), state, came)
        with ui.element("tr").props(f"data-decision={one.id}") as drawn_line:
            _cell(self._when(one.since), heads[0])
            with ui.element("td") as what:
                act_button(act_words(say, one.act, self.bench.view.plant), "choose", one.id, "lb-plain")
            what._props["data-head"] = heads[1]  # noqa: SLF001
            for head, cell in zip(heads[2:6], cells, strict=True):
                drawn = _cell(cell, head)
                if head == heads[4]:
                    drawn.classes(_CLASS.get(one.stage, "lb-held"))
            with ui.element("td"):
                may = row.undoable and self.bench.books.may_decide(self.bench.user, "undo", one.id)
                if may and self.bench.books.writable:
                    act_button(say("Undo"), "undo", one.id)
        return drawn_line

    def _draw_one(self, row: Row | None) -> None:
        say = self.say
        self._one.clear()
        if row is None:
            return
        one = row.decision
        with self._one, card(say("Decision {name}", name=one.id), "lb-command"):
            ui.html(html.escape(say(one.why)), sanitize=False, tag="p")
            known = fact_words(say, one)
            if known:
                ui.html(html.escape(" · ".join(known)), sanitize=False, tag="p").classes("lb-note")
            with ui.element("ol").classes("lb-story"):
                for entry in one.history:
                    told = "" if entry is one.history[0] else say(entry.text)
                    word = (
                        say("known to those who had it") if entry.code == NOTED else stage_word(say, Stage(entry.code))
                    )
                    parts = (self._when(entry.time), word, entry.person, told)
                    ui.html(html.escape(" · ".join(filter(None, parts))), sanitize=False, tag="li")

    # ------------------------------------------------------------------ what comes next, levers

    def _draw_back(self, back: tuple[TakenBack, ...]) -> None:
        self._backs.draw([(one.decision.id, None, partial(self._back_line, one)) for one in back])

    def _back_line(self, one: TakenBack) -> Any:
        say, own = self.say, one.decision
        told = say("taken back: {what}", what=act_words(say, own.act, self.bench.view.plant))
        by = say("by {person}, {time}", person=own.person or "–", time=self._when(own.since))
        with ui.element("li").props(f"data-decision={own.id}") as drawn:
            text = " · ".join(filter(None, (told, one.whom, by, say(one.why))))
            ui.html(html.escape(text), sanitize=False, tag="span").classes("lb-bad")
            if self.bench.books.writable and self.bench.books.may_decide(self.bench.user, "note", own.id):
                act_button(say("I know"), "note", own.id).style("margin: 2px 0 2px 10px")
        return drawn

    def _draw_next(self) -> None:
        say, plant = self.say, self.bench.view.plant
        self._next.clear()
        with self._next:
            if not self._lists:
                text = say("No plan is published and no list was given out: each machine takes what comes.")
                ui.html(html.escape(text), sanitize=False, tag="p").classes("lb-note")
                return
            names = {key: plant.equipment[key].name if key in plant.equipment else key for key in self._lists}
            chosen = self._machine if self._machine in self._lists else next(iter(self._lists))
            labelled_choice(say("machine"), list(names.items()), chosen, self._choose)
            if not self._lists[chosen]:
                ui.html(html.escape(say("Nothing is planned here.")), sanitize=False, tag="p").classes("lb-note")
            with ui.element("ol").classes("lb-story").props("data-part=list"):
                for one in self._lists[chosen]:
                    when = (
                        f"{self._when(one.start)[5:16]} – {self._when(one.end or one.start)[11:16]}"
                        if one.start
                        else ""
                    )
                    said = (f"{one.order} · {one.step}", when, say("set up first") if one.setup else "",
                            say("its order is late") if one.late else "")  # fmt: skip
                    drawn = ui.html(html.escape(" · ".join(filter(None, said))), sanitize=False, tag="li")
                    drawn.classes("lb-bad" if one.late else "")

    async def _choose(self, machine: str) -> None:
        self._machine = machine
        await self._read()

    def _draw_levers(self, levers: tuple[LeverNow, ...]) -> None:
        say = self.say
        self._levers.clear()
        with self._levers:
            heads = (say("lever"), say("what becomes of a proposal"), say("verified by"), say("state"))
            with ui.element("table").classes("lb-ttable"):
                with ui.element("thead"), ui.element("tr"):
                    for head in heads:
                        ui.html(html.escape(head), sanitize=False, tag="th").props("scope=col")
                with ui.element("tbody"):
                    for one in levers:
                        with ui.element("tr").props(f"data-lever={one.id}"):
                            state = say("does not decide: {why}", why=say(one.why)) if one.why else say("decides")
                            figure = state_words(say, one.rule.figure)
                            cells = (say(one.name), mode_word(say, one.rule.mode), figure or "–", state)
                            for head, cell in zip(heads, cells, strict=True):
                                _cell(cell, head)
            if len(levers) < 2:  # the set-points are always there
                ui.html(notice(say("plant.toml names no lever: only set-points are decided on.")), sanitize=False)

    def _worth(self, one: Decision) -> str:
        return worth_words(self.say, one, self.bench.view.plant.cost.currency)

    def _when(self, moment: int) -> str:
        return to_datetime(moment).astimezone(self.bench.view.plant.zone).strftime("%Y-%m-%d %H:%M:%S")

    def _set(self, name: str, value: str) -> None:
        self._why[name] = value[:500]

    # ------------------------------------------------------------------ acts

    def _press(self, act: str, name: str) -> None:
        if act == "choose":
            self.bench.call(self.bench.choose, name)
        elif act in {"take", "decline", "undo", "note"}:
            self.bench.call(self._act, act, name)

    async def _act(self, act: str, name: str) -> None:
        books, user, why = self.bench.books, self.bench.user_now(), self._why.get(name, "")
        if user is None:
            return
        acts = {"take": lambda: books.take(name, user), "decline": lambda: books.decline(name, user, why),
                "undo": lambda: books.undo(name, user, why), "note": lambda: books.note(name, user)}  # fmt: skip
        try:
            await acts[act]()
        except LubanError as error:
            self.bench.complain(error)
        await self._read()


def _cell(text: str, head: str) -> ui.html:
    drawn = ui.html(html.escape(text), sanitize=False, tag="td")
    drawn._props["data-head"] = head  # noqa: SLF001 - a text with quotes cannot go through props()
    return drawn


def _mark(row: Row) -> tuple[str, Stage, str, bool]:
    """What of a decision is drawn anew when it changes."""
    return row.decision.id, row.decision.stage, row.verdict, row.undoable


def _marks(rows: list[Row]) -> tuple[tuple[str, Stage, str, bool], ...]:
    return tuple(map(_mark, rows))
