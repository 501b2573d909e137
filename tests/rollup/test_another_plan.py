"""The machinery knows no plan: an invented park's works, and no code names an indicator of the one luban brings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import luban
from luban.norms.plans import load_plan
from luban.rollup.deflators import Deflators
from luban.rollup.indicators import indicators
from tests.rollup.firms import frame, one

SOURCE = Path(luban.__file__).parent
PARK = load_plan(Path(__file__).parents[2] / "examples" / "park_plan")
COLUMNS = ("electricity", "renewable", "sales", "land", "books", "accidents", "hours", "busy", "planned")
TENANTS = {
    (2024, "a"): (1000, 100, 500, 2, 1, 4, 200_000, 50, 100),
    (2024, "b"): (3000, 900, 1500, 3, 0, 6, 300_000, 90, 100),
    (2028, "a"): (1200, 600, 900, 2, 1, 2, 250_000, 60, 100),
    (2028, "b"): (2800, 1900, 2100, 3, 1, 1, 250_000, 80, 100),
}


@pytest.mark.parametrize(
    ("indicator", "value"),
    [
        ("green-power", 62.5),  # (600 + 1900) / 4000
        ("yield", 100 * ((3000 / 1.1 / 5) / (2000 / 5)) ** 0.25 - 100),
        ("books", 100),
        ("running", 70),  # the mean of 60 and 80 %
        ("accidents", 70),  # from 10 in 500,000 hours to 3
    ],
)
def test_indicators_of_a_park(indicator: str, value: float) -> None:
    rows = [
        {"unit": unit, "year": year, "region": "EU/PK"} | dict(zip(COLUMNS, map(float, figures), strict=True))
        for (year, unit), figures in TENANTS.items()
    ]
    prices = Deflators.of([("", 2024, 1.0), ("", 2028, 1.1)])
    found = one(indicators(frame(*rows), PARK, (), deflators=prices, only=[indicator]), year=2028)
    assert found["value"] == pytest.approx(value)


def spoken(path: Path) -> list[str]:
    """Words in a module's code that are an id of the plan; docstrings and sentences are left out."""
    tree = ast.parse(path.read_text("utf-8"))
    ids = re.compile(r"(I(0[1-9]|1[0-2])|T\d\d(\.\d+)?|Q(0[1-9]|1[0-2])|Z\d\d|S(0[1-9]|10))")
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [text for text in texts if ids.fullmatch(text)]


def test_no_code_names_an_indicator_or_an_item_of_a_plan() -> None:
    files = [*SOURCE.glob("rollup/**/*.py"), *SOURCE.glob("screens/**/*.py"), *SOURCE.glob("norms/plans/*.py")]
    assert len(files) > 200
    assert {path.relative_to(SOURCE).as_posix(): found for path in files if (found := spoken(path))} == {}


def test_a_name_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text('"""I08."""\nX = {"I08": 1}\nY = f"of I08"\n', "utf-8")
    assert spoken(tmp_path / "m.py") == ["I08"]
