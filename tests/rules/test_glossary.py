"""Words are law: every public noun is in the glossary, in three languages, as the code and the norms have it."""

from __future__ import annotations

import re

import pytest

from luban.core.quality import Quality
from luban.decide.schedule.objective import TERMS
from luban.ledger import stream, streams
from luban.norms import kpi_catalogue, time_elements
from luban.plant.settings import KINDS, ROLES
from luban.screens.users import Role
from luban.twin import model
from tests.rules.pages import ROOT, tables

GLOSSARY = tables(ROOT / "docs" / "concepts" / "glossary.md")


def first(section: str) -> list[str]:
    return [row[0].strip("`") for row in GLOSSARY[section]]


def kinds_of_event() -> list[str]:
    (kind,) = (column for column in stream("event").own if column.name == "kind")
    return re.findall(r"[a-z]+", kind.description)


@pytest.mark.parametrize(
    ("section", "nouns"),
    [
        ("Streams", list(streams())),
        ("Kinds of event", kinds_of_event()),
        ("Ledger", ["seq", "recorded", "time", "source", "source_seq", "subject", "supersedes"]),
        ("Plant", list(KINDS)),
        ("Roles of a signal", list(ROLES)),
        ("Twin", [name for name in model.__all__ if not name.isupper()]),
        ("States of a simulated machine", list(model.STATES)),
        ("Keys of a dispatch rule", list(model.RULES)),
        ("Scheduling", ["Schedule", "Problem", "Objective", "Solution", *TERMS]),
        ("People", [role.name.lower() for role in Role]),
    ],
)
def test_every_noun_is_there(section: str, nouns: list[str]) -> None:
    assert sorted(set(nouns) - set(first(section))) == []


@pytest.mark.parametrize("section", ["Streams", "Kinds of event", "Roles of a signal"])
def test_no_noun_is_there_that_the_code_does_not_have(section: str) -> None:
    known = {"Streams": list(streams()), "Kinds of event": kinds_of_event(), "Roles of a signal": list(ROLES)}
    assert sorted(set(first(section)) - set(known[section])) == []


def test_quality_codes() -> None:
    groups = {q: "good" if q.is_good else "bad" if q.is_bad else "uncertain" for q in Quality}
    assert [row[:3] for row in GLOSSARY["Quality codes"]] == [[str(int(q)), q.label, groups[q]] for q in Quality]


def test_time_elements_are_the_norms() -> None:
    expected = [
        [e.id, e.names["en"], e.provenance.unit, e.names["zh"], e.names["ko"]] for e in time_elements().values()
    ]
    assert GLOSSARY["Time elements"] == expected


def test_indicators_are_the_norms() -> None:
    expected = [
        [f"`{k.id}`", k.names["en"], k.unit, "yes" if k.computed else "", k.names["zh"], k.names["ko"]]
        for k in kpi_catalogue().values()
    ]
    assert GLOSSARY["Indicators"] == expected


def test_every_word_is_said_in_three_languages_and_once() -> None:
    for section, rows in GLOSSARY.items():
        for row in rows:
            assert row[0], section
            assert row[1], f"{section}: {row[0]} has no meaning"
            assert row[-1], f"{section}: {row[0]} has no Korean"
            assert row[-2], f"{section}: {row[0]} has no Chinese"
        words = [row[0] for row in rows]
        assert sorted({word for word in words if words.count(word) > 1}) == [], section
