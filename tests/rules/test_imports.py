"""Importing luban, or its command line, is cheap and touches nothing but modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.rules.sources import imports

HEAVY = (
    "aiomqtt", "argon2", "asyncua", "duckdb", "fastapi", "google.protobuf", "httpx", "lxml", "narwhals", "nicegui",
    "numpy", "openpyxl", "paho", "polars", "prometheus_client", "pyarrow", "pydantic", "pyspark", "uvicorn",
)  # fmt: skip

WATCHED = """
import json, sys
seen = []
def watch(event, args):
    if event == "open" or event.startswith(("socket.", "subprocess.", "os.system", "sqlite3.", "urllib.")):
        seen.append(f"{event} {args[0] if args else ''}")
sys.addaudithook(watch)
import MODULE
quiet = [s for s in seen if not (s.startswith("open ") and any(end in s for end in (".py", ".so", "/dev/null")))]
print(json.dumps([quiet, sorted(sys.modules), len(__import__("logging").getLogger().handlers)]))
"""


@pytest.mark.parametrize("module", ["luban", "luban.screens.cli.main", "luban.app"])
def test_import_is_cheap(module: str) -> None:
    command = [sys.executable, "-c", WATCHED.replace("MODULE", module)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # what the interpreter keeps for itself is no act of luban
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=env)
    touched, modules, handlers = json.loads(run.stdout)
    assert touched == []
    assert sorted(set(HEAVY) & set(modules)) == []
    assert handlers == 0
    assert run.stderr == ""


def test_a_library_that_luban_needs_is_declared() -> None:
    """Each third-party import of the source is a dependency of pyproject.toml."""
    import ast
    import tomllib
    from importlib.metadata import packages_distributions
    from pathlib import Path

    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["spark"], *extras["polars"]]
    declared = {line.replace("<", ">").partition(">")[0].strip().casefold().replace("_", "-") for line in lines}
    known = packages_distributions()
    used: set[str] = set()
    for path in (root / "src").rglob("*.py"):
        for node in imports(ast.parse(path.read_text("utf-8")).body):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used.add(node.module.partition(".")[0])
    foreign = used - set(sys.stdlib_module_names) - {"luban", "__future__"}
    missing = {
        name for name in foreign if not {d.casefold().replace("_", "-") for d in known.get(name, [name])} & declared
    }
    # these come with fastapi, numba and pydantic and are part of what those give to their users
    assert missing <= {"anyio", "llvmlite", "pydantic_core", "starlette"}
