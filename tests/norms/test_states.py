"""State mappings: every word of each standard has an element, a reason and a reference."""

from __future__ import annotations

import pytest

from luban.core.errors import ConfigError
from luban.norms import TimeElement, mappings, state_mapping

APT, AUST, ADET, ADOT, PDOT, UNKNOWN = TimeElement

# Words of MTConnect's EXECUTION (Part 2), of PackML's states (OPC 30050) and of OPC UA for Machinery.
MTCONNECT = [
    "ACTIVE",
    "READY",
    "INTERRUPTED",
    "FEED_HOLD",
    "STOPPED",
    "OPTIONAL_STOP",
    "PROGRAM_STOPPED",
    "PROGRAM_COMPLETED",
    "WAIT",
    "UNAVAILABLE",
]
PACKML = [
    "Clearing",
    "Stopped",
    "Starting",
    "Idle",
    "Suspended",
    "Execute",
    "Stopping",
    "Aborting",
    "Aborted",
    "Holding",
    "Held",
    "Unholding",
    "Suspending",
    "Unsuspending",
    "Resetting",
    "Completing",
    "Complete",
]
ITEM_STATES = ("NotAvailable", "OutOfService", "NotExecuting", "Executing")
MODES = ("None", "Maintenance", "Setup", "Processing")


def test_names():
    assert set(mappings()) >= {"mtconnect-execution@1", "packml@1", "opc40501-1@1", "opc40001-1@1", "generic@1"}
    assert all(mapping.id == name for name, mapping in mappings().items())


@pytest.mark.parametrize("name", mappings())
def test_every_word_has_its_provenance(name):
    mapping = state_mapping(name)
    assert mapping.reference
    for word, meaning in mapping.meanings.items():
        assert meaning.why, word
        assert meaning.provenance.reference, word
        assert meaning.provenance.unit == "1", word
        assert meaning.provenance.start.year >= 2014, word
        assert "TODO" not in meaning.why


def test_all_words_of_mtconnect():
    mapping = state_mapping("mtconnect-execution@1")
    assert set(MTCONNECT) == set(mapping.meanings)
    assert mapping.element("ACTIVE") is APT
    assert mapping.element("READY") is ADOT
    assert mapping.element("FEED_HOLD") is ADET
    assert mapping.element("UNAVAILABLE") is UNKNOWN
    assert not any(meaning.failure for meaning in mapping.meanings.values())


def test_all_states_of_packml_by_name_and_number():
    mapping = state_mapping("packml@1")
    assert set(PACKML) == set(mapping.meanings)
    for number, word in enumerate(PACKML, start=1):  # numbers of StateCurrent, ISA-TR88.00.02
        assert mapping.meaning(str(number)) is mapping.meanings[word]
    assert [word for word, element in mapping.states.items() if element is APT and not word.isdigit()] == ["Execute"]
    assert [word for word, meaning in mapping.meanings.items() if meaning.failure] == [
        "Clearing",
        "Aborting",
        "Aborted",
    ]


@pytest.mark.parametrize("name", ["opc40501-1@1", "opc40001-1@1"])
def test_every_item_state_and_mode_is_listed(name):
    mapping = state_mapping(name)
    pairs = [f"{state}/{mode}" for state in ITEM_STATES for mode in MODES]
    assert [word for word in [*pairs, *ITEM_STATES] if mapping.meaning(word) is None] == []


def test_the_two_opc_documents_disagree_and_both_are_kept():
    """OPC 40501-1 C.2.3 against OPC 40001-1 Table 68: a plant chooses, and its facts say which."""
    tools, machinery = state_mapping("opc40501-1@1"), state_mapping("opc40001-1@1")
    assert (tools.element("OutOfService/None"), machinery.element("OutOfService/None")) == (ADET, ADOT)
    assert (tools.element("NotExecuting/Processing"), machinery.element("NotExecuting/Processing")) == (ADOT, ADET)
    assert (tools.element("NotExecuting"), machinery.element("NotExecuting")) == (ADOT, UNKNOWN)
    assert tools.element("Executing/Processing") is machinery.element("Executing/Processing") is APT


def test_unknown_gives_its_reason():
    assert "order" in state_mapping("opc40001-1@1").why("NotExecuting/None")
    assert "operation mode" in state_mapping("opc40501-1@1").why("Executing")


def test_a_word_nobody_listed_is_unknown_never_an_error():
    mapping = state_mapping("packml@1")
    assert mapping.element("Dancing") is UNKNOWN
    assert mapping.why("Dancing") == "'Dancing' is not a word of packml@1"
    assert not mapping.is_failure("Dancing")


def test_spelling_does_not_matter():
    mapping = state_mapping("generic@1")
    assert {mapping.element(word) for word in ("running", "Running", " PRODUCING ", "运行", "가동")} == {APT}
    assert mapping.states["producing"] is APT
    assert [mapping.element(word) for word in ("setup", "idle", "planned_stop", "unknown")] == [
        AUST,
        ADOT,
        PDOT,
        UNKNOWN,
    ]


def test_failed_is_not_down_in_iso_22400():
    mapping = state_mapping("generic@1")
    assert mapping.element("down") is ADET
    assert mapping.is_failure("down")
    assert not mapping.is_failure("idle")


def test_unknown_mapping():
    with pytest.raises(ConfigError, match="did you mean packml@1"):
        state_mapping("packml@2")
