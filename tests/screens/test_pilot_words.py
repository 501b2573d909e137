"""Everything that the pilots say which ship exists in every language, names of units too."""

from __future__ import annotations

import re

import pytest

from luban.pilot.registry import open_pilot, shipped
from luban.screens.i18n import words
from luban.screens.i18n.from_pilot import said_by

_SYMBOL = re.compile(r"[^A-Za-z]*|\w{1,3}(/\w{1,2})?")  # what every language writes as it is


@pytest.mark.parametrize("language", ["zh", "ko"])
@pytest.mark.parametrize("name", [one.name for one in shipped() if one.ready])
def test_no_text_of_a_pilot_stays_english(name: str, language: str):
    say, pilot = words(language), open_pilot(name).pilot
    told = said_by(pilot) | {unit for unit in pilot.units.values() if not _SYMBOL.fullmatch(unit)}
    assert not [text for text in told if say(text) == text]
