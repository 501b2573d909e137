"""The form of a return on the page: what is chosen is what is sent, for the unit and year whose form was opened."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from luban.norms.plans import load_plan
from luban.rollup.returns import form_model, form_of
from luban.screens.i18n import words
from luban.screens.web import rollup_form
from luban.screens.web.rollup_form import ReturnForm


class Fields(nullcontext):
    def clear(self) -> None:
        pass


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> tuple[ReturnForm, dict[str, Any]]:
    """A form opened for f1 and 2020, where `certified` stands as 1; title → (entries, chosen, put) of its choices."""
    plan = load_plan("mic2025")
    asked: dict[str, Any] = {}
    element = SimpleNamespace(props=lambda *_: None)
    monkeypatch.setattr(rollup_form, "field", lambda *_: element)
    monkeypatch.setattr(rollup_form, "tool", lambda *_, **__: element)
    monkeypatch.setattr(
        rollup_form, "labelled_choice", lambda title, entries, at, put: asked.update({title: (dict(entries), at, put)})
    )

    async def ask(_read: Any, language: str, unit: str, year: int) -> dict[str, Any]:
        values = {"certified": 1.0}
        return form_model(form_of(plan), language=language, unit=unit, year=year, values=values) | {"about": {}}

    bench = SimpleNamespace(say=words("en"), ask=ask, alive=True, client=nullcontext(),
                            books=SimpleNamespace(plan=plan))  # fmt: skip
    form = ReturnForm(bench, SimpleNamespace(form=None), lambda _batch: None)  # type: ignore[arg-type]
    form._fields = Fields()  # type: ignore[assignment]
    form._put("_unit", "f1")
    form._put("_year", "2020")
    asyncio.run(form._open())
    return form, asked


def test_yes_is_one_and_no_is_nought(opened: tuple[ReturnForm, dict[str, Any]]) -> None:
    form, asked = opened
    names = {one: form.bench.books.plan.elements[one].name.en for one in ("certified", "design_tools")}
    flags = {one: next(told for title, told in asked.items() if title.startswith(name)) for one, name in names.items()}
    entries, at, _ = flags["certified"]
    assert entries[at] == "yes"
    entries, _, put = flags["design_tools"]
    put(next(key for key, text in entries.items() if text == "no"))
    values = {name: column.tolist() for name, column in form._batch().values.items()}
    assert values == {"certified": [1.0], "design_tools": [0.0]}


def test_figures_go_under_the_unit_and_year_that_were_opened(opened: tuple[ReturnForm, dict[str, Any]]) -> None:
    form, _ = opened
    form._put("_unit", "f2")
    form._put("_year", "2021")
    batch = form._batch()
    assert (batch.units.tolist(), batch.years.tolist()) == (["f1"], [2020])
