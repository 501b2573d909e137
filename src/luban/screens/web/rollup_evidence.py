"""Evidence on the page: numbers of facts, documents whose digest goes into the books; a form that is drawn anew."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from nicegui import ui

from luban.core.errors import InputError, LubanError
from luban.ledger import Ledger
from luban.rollup.programmes import Evidence, fact, paper
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.schedule_parts import field

__all__ = ["LARGEST", "EvidenceForm", "day_of", "evidence_in"]

LARGEST: Final = 200_000_000
"""Of a file that is sent [bytes]."""


class EvidenceForm:
    """Fields that people fill in, with evidence or without; what is typed stays until it is drawn anew.

    fill  draws the fields, by `text` and `evidence`
    """

    def __init__(self, bench: Bench, fill: Callable[[], None]) -> None:
        self.bench, self.say, self._fill = bench, bench.say, fill
        self.given: dict[str, str] = {}
        self.papers: list[Evidence] = []

    def build(self) -> None:
        """Lay it out."""
        self._holder = ui.element("div").classes("lb-sliders lb-pform")
        self.draw()

    def draw(self) -> None:
        """Empty fields."""
        self.given, self.papers = {}, []
        self._holder.clear()
        with self._holder:
            self._fill()

    def text(self, name: str, label: str, kind: str = "text", value: str = "") -> Any:
        """A field; what stands in it is `given[name]`."""
        self.given[name] = value
        return field(label, value, partial(self.put, name), kind).props(f"data-field={name} autocomplete=off")

    def put(self, name: str, value: str) -> None:
        """Something was typed or chosen."""
        self.given[name] = value.strip()[:2000]

    def evidence(self) -> None:
        """Fields for evidence."""
        self.text("facts", self.say("facts, by their numbers in the ledger"))
        self.documents()

    def documents(self) -> None:
        """A field for documents."""
        say = self.say
        with ui.element("div").classes("lb-papers"):
            upload = ui.upload(on_upload=self._came, auto_upload=True, multiple=True, max_file_size=LARGEST,
                               label=say("documents"))  # fmt: skip
            upload.props("flat bordered")
            self._names = ui.element("small").props("aria-live=polite data-part=papers")

    async def _came(self, event: Any) -> None:
        content, name = await event.file.read(), Path(str(event.file.name)).name[:200]
        try:
            self.papers.append(await self.bench.reads(paper, name, content))
        except LubanError as error:
            self.bench.complain(error)
            return
        told = " · ".join(f"{one.ref} ({one.digest[:8]})" for one in self.papers)
        with self.bench.client:
            self._names.clear()
            with self._names:
                ui.html(html.escape(told), sanitize=False, tag="span")


def evidence_in(ledger: Ledger, given: Mapping[str, str], papers: Sequence[Evidence]) -> list[Evidence]:
    """What was given in a form, as it stood when the button was pressed. Raises InputError: no number, no such fact."""
    numbers = given.get("facts", "").replace(",", " ").replace("，", " ").split()
    if wrong := [one for one in numbers if not one.isdecimal()]:
        raise InputError("a fact is named by its number", came=", ".join(wrong)[:80])
    return [*(fact(ledger, int(one)) for one in numbers), *papers]


def day_of(text: str, where: str) -> date:
    """The day that was typed. Raises InputError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("not a date", came=text, where=where) from None
