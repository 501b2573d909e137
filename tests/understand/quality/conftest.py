"""The measuring shop of these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.understand.quality.gauging import Gauging


@pytest.fixture
def open_gauging(tmp_path: Path) -> Iterator[Callable[..., Gauging]]:
    made: list[Gauging] = []

    def make(**options: Any) -> Gauging:
        made.append(Gauging(tmp_path / f"works{len(made)}", **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def gauging(open_gauging: Callable[..., Gauging]) -> Gauging:
    return open_gauging()
