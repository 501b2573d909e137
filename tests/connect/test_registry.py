"""Connectors are found by name, imported only when needed, and complain about settings with file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from luban.connect import registry
from luban.connect.card import CRITERIA, grade, read_card, unproved
from luban.connect.wire import Capabilities, SourceSettings
from luban.core.errors import ConfigError
from tests.connect.contract import Source

ROOT = Path(__file__).parents[2]


def test_nothing_is_imported_before_a_source_needs_it() -> None:
    code = (
        "import sys; from luban.connect import registry; list(registry.drivers()); "
        "heavy = {'asyncua', 'aiomqtt', 'paho', 'lxml', 'httpx', 'openpyxl'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("kind", registry.types())
def test_every_driver_keeps_the_contract_s_shape(kind: str) -> None:
    driver = registry.drivers()[kind]
    assert driver.type == kind
    assert issubclass(driver.settings, SourceSettings)
    assert isinstance(driver.capabilities, Capabilities)
    for method in ("run", "history", "browse", "write"):
        assert callable(getattr(driver, method))


@pytest.mark.parametrize("kind", registry.types())
def test_every_setting_is_described(kind: str) -> None:
    bare = [name for name, field in registry.driver(kind).settings.model_fields.items() if not field.description]
    assert not bare, f"{kind}: settings without a description: {bare}"


def test_an_unknown_type_is_named_with_a_guess() -> None:
    with pytest.raises(ConfigError) as caught:
        registry.settings_for(Source("s", "opcau", {}, "plant.toml:12"))
    assert caught.value.where == "plant.toml:12"
    assert caught.value.hint == "did you mean opcua?"


def test_defaults_fill_only_what_the_connector_knows() -> None:
    source = Source("s", "files", {"folder": "x"})
    made = registry.settings_for(source, defaults={"time_zone": "Asia/Shanghai", "nonsense": 1})
    assert made.model_dump()["time_zone"] == "Asia/Shanghai"


@pytest.mark.parametrize("kind", registry.types())
def test_the_quality_card_is_complete_and_its_tests_exist(kind: str) -> None:
    card = read_card(registry.card_file(kind))
    assert card.connector.type == kind
    assert unproved(card, ROOT) == []
    assert grade(card) in {"silver", "gold"}
    claimed = registry.driver(kind).capabilities
    for capability, criterion in (("history", "history"), ("browse", "browse"), ("write", "write_guarded")):
        if getattr(claimed, capability):
            assert card.criteria[criterion].status == "done", f"{kind} claims {capability}"


def test_a_card_must_say_how_each_criterion_stands(tmp_path: Path) -> None:
    card = tmp_path / "quality_card.toml"
    head = '[connector]\ntype = "x"\ntitle = "X"\nstandard = "none"\n'
    card.write_text(
        head
        + '[criteria.deliver]\nstatus = "done"\n[criteria.gap]\nstatus = "exempt"\n[criteria.magic]\nstatus = "open"\n'
    )
    with pytest.raises(ConfigError) as caught:
        read_card(card)
    for part in (
        "deliver is done but names no test",
        "gap is exempt but does not say why",
        "magic is not a criterion",
        "reconnect is missing",
    ):
        assert part in caught.value.came


def test_grades_climb_without_a_gap(tmp_path: Path) -> None:
    card = tmp_path / "quality_card.toml"

    def graded(open_criterion: str) -> str:
        text = '[connector]\ntype = "x"\ntitle = "X"\nstandard = "none"\n'
        for name in CRITERIA:
            status = "open" if name == open_criterion else "exempt"
            text += f'[criteria.{name}]\nstatus = "{status}"\nwhy = "because"\n'
        card.write_text(text)
        return grade(read_card(card))

    assert [graded(name) for name in ("", "capacity", "gap", "deliver")] == ["gold", "silver", "bronze", "none"]


def test_a_test_that_does_not_exist_proves_nothing(tmp_path: Path) -> None:
    text = registry.card_file("files").read_text("utf-8").replace("test_parquet", "test_papyrus")
    (tmp_path / "card.toml").write_text(text)
    assert unproved(read_card(tmp_path / "card.toml"), ROOT) == ["deliver: tests/connect/test_files.py::test_papyrus"]
