"""The reference pages of the doors: every command with its options, every REST path with its answers."""

from __future__ import annotations

import re
import tempfile
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from luban.ledger import Ledger, LedgerWriter, MasterData
from luban.screens.api import build_api
from luban.screens.cli.main import app
from luban.screens.reads import Reads
from luban.screens.service import PlantView
from luban.screens.users import Users
from reference_plant import table

__all__ = ["cli_page", "rest_page"]

TINY = Path(__file__).parents[1] / "examples" / "tiny_workshop"

CLI_HEAD = """\
# Commands

Data goes to stdout, talk to stderr. `--json` gives one JSON document on stdout and nothing else there. `NO_COLOR` is
respected. `luban COMMAND --help` says the same as this page.

| exit code | means |
|---|---|
| 0 | done |
| 1 | the answer is no: complaints found, books do not verify, a link is not usable, every figure is withheld |
| 2 | the question or its data were wrong |
| 70 | an unexpected error; a log with the details is named |
| 130 | interrupted |

"""

REST_HEAD = """\
# REST

`luban up DIR` serves it beside the page, under `/api/v1`; the OpenAPI document is `/api/openapi.json`. Log in with
`POST /api/v1/login` and send the token as `Authorization: Bearer …`. Times are µs since 1970-01-01 UTC in answers
and ISO 8601 in questions (in the plant's zone where they carry no offset). Every handler checks role and site. An
error is problem details (RFC 9457), see [errors](errors.md).

```console
$ curl -s localhost:8080/api/v1/login -H 'content-type: application/json' -d '{"user": "admin", "password": "…"}'
$ curl -s 'localhost:8080/api/v1/kpi?unit=workshop/machining/lathe01&range=8h' -H 'authorization: Bearer …'
```

"""

_WORDS = {str: "text", int: "whole number", float: "number", Path: "path", bool: ""}


def cli_page() -> str:
    """docs/reference/cli.md."""
    lines = [CLI_HEAD]
    for name, command in _commands(typer.main.get_command(app), "luban"):
        lines += [f"## {name}", "", (command.help or "").strip(), ""]
        rows = [_parameter(one) for one in command.params if one.name != "help"]
        if rows:
            lines += table(("", "type", "default", "meaning"), rows)
        examples = re.findall(r"`(luban [^`]*)`", command.epilog or "")
        if examples:
            lines += ["```console", *(f"$ {example}" for example in examples), "```", ""]
    return "\n".join(lines)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for part, below in command.commands.items():
        yield from _commands(below, f"{name} {part}")


def _parameter(one: Any) -> tuple[str, str, str, str]:
    argument = one.param_type_name == "argument"
    name = (one.metavar or one.name.upper()) if argument else ", ".join([*one.opts, *one.secondary_opts])
    default = one.default if one.default not in (None, "", False, ()) and not callable(one.default) else ""
    default = "on" if default is True else default
    return f"`{name}`", _words(one.type_descriptor.annotation), f"`{default}`" if default else "", one.help or ""


def _words(annotation: Any) -> str:
    inner = [part for part in typing.get_args(annotation) if part is not type(None)]
    if typing.get_origin(annotation) is list:
        return f"{_words(inner[0])}, repeatable"
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return _words(inner[0])
    return _WORDS.get(annotation, str(annotation))


def rest_page() -> str:
    """docs/reference/rest.md."""
    with tempfile.TemporaryDirectory() as folder:
        LedgerWriter(folder).close()
        ledger, master, reads = Ledger(folder), MasterData(folder), Reads(1)
        made = build_api(PlantView(TINY, ledger=ledger), Users(master), reads).openapi()
        ledger.close()
        master.close()
        reads.close()
    lines = [REST_HEAD]
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            lines += [f"## {method.upper()} {path}", "", operation.get("description", ""), ""]
            rows = [
                (f"`{one['name']}`", one["in"], _schema(one["schema"]), one.get("description", ""))
                for one in operation.get("parameters", ())
            ]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            for name, one in _resolved(made, body).get("properties", {}).items():
                rows.append((f"`{name}`", "body", _schema(one), one.get("description", "")))
            if rows:
                lines += table(("parameter", "in", "type", "meaning"), rows)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return dict(document["components"]["schemas"][name]) if name else schema


def _schema(schema: dict[str, Any]) -> str:
    kinds = [part.get("type", "") for part in schema.get("anyOf", [schema])]
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    default = schema.get("default")
    text = " or ".join(words.get(kind, kind) for kind in kinds if kind != "null")
    return f"{text}, default `{default}`" if default not in (None, "") else text
