"""Public names are listed, and the list is true. Files are named by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.sources import MODULES, SOURCE, read

NOT_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "managers", "base"}


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then the rest, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_list_is_true_and_sorted(path: Path) -> None:
    module = read(path)
    if module.listed is None:
        assert not module.bound, "no __all__"
        return
    names = list(module.listed)
    assert sorted(set(names) - module.bound) == [], "listed, but not there"
    assert names == sorted(set(names), key=order), "not sorted"
    if module.gathers:
        # a package that only gathers names gathers them for others
        assert sorted(module.bound - set(names) - {"__all__", "annotations"}) == [], "gathered, but not listed"


def test_what_one_module_takes_from_another_is_listed_there() -> None:
    modules = {module_of(path): read(path) for path in MODULES}
    taken = {
        (source, name, taker)
        for taker, module in modules.items()
        for source, name in module.taken
        if source in modules and f"{source}.{name}" not in modules
    }
    assert len(taken) > 1000
    assert sorted(one for one in taken if one[1] not in (modules[one[0]].listed or ())) == []


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks", "tools"])
def test_no_file_is_a_grab_bag(folder: Path) -> None:
    root = SOURCE.parents[1] / folder
    named = [path for path in root.rglob("*") if path.stem.casefold() in NOT_NAMES and "node_modules" not in path.parts]
    assert named == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem == "__init__"], ids=name_of)
def test_every_package_says_what_it_is(path: Path) -> None:
    assert read(path).docstring, "no docstring"
