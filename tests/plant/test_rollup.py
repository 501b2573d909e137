"""`[rollup]` of plant.toml: a plan that there is, and a file that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import ConfigError
from luban.plant import check, load

TOML = '[plant]\nid = "park"\nname = "Park"\ntime_zone = "Asia/Shanghai"\n'


def test_the_plan_of_2015_where_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(TOML)
    assert load(tmp_path).rollup.plan == "mic2025"


def test_a_plan_that_is_not_there_is_named_with_the_near_one(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(TOML + '[rollup]\nplan = "mic2052"\ndeflators = "indices.csv"\n')
    plan, deflators = check(tmp_path)
    assert (plan.field, plan.came, "mic2025" in plan.hint, plan.place.line) == ("plan", "mic2052", True, 6)
    assert (deflators.field, deflators.came, deflators.place.line) == ("deflators", "indices.csv", 7)
    with pytest.raises(ConfigError, match="no such plan"):
        load(tmp_path)


def test_a_folder_that_holds_no_plan_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "plant.toml").write_text(TOML + '[rollup]\nplan = "own"\n')
    (tmp_path / "own").mkdir()
    (complaint,) = check(tmp_path)
    assert complaint.field == "plan"
    assert "plan.toml" in f"{complaint.message} {complaint.came} {complaint.expected} {complaint.hint}"
