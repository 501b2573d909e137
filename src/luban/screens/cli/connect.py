"""`luban connect`: what a peer offers, whether a plant's sources answer, and whom they trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.output import NO, OK

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Wires: browse a peer, test a plant's sources, trust certificates.")


@app.command(
    "browse",
    epilog="Examples: `luban connect browse opc.tcp://10.0.0.5:4840 --set security=none` · "
    "`luban connect browse http://10.0.0.7 --toml` · `luban connect browse mqtts://broker --user luban --json`",
)
def browse(
    url: Annotated[
        str, typer.Argument(help="Where the peer listens, e.g. opc.tcp://host:4840, mqtt://host, shdr://host:7878.")
    ],
    kind: Annotated[
        str, typer.Option("--type", help="opcua, mqtt, sparkplug, mtconnect, shdr, modbus; guessed from the URL.")
    ] = "",
    user: Annotated[str, typer.Option(help="User to log in with; the password comes from LUBAN_PASSWORD.")] = "",
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the connector, e.g. security=none; repeatable."),
    ] = None,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print [[source]] and [[signal]] tables to paste into plant.toml.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """List what a peer offers, with the mapping luban would propose."""
    from luban.loop import peers

    say = output(as_json)
    settings = _settings(given or (), user)
    with say.progress(f"Asking {url}"):
        found = peers.browse(url, kind=kind, settings=settings)
    if as_json:
        say.document(found)
    elif toml:
        kind, address = peers.source_of(url, kind)
        say.line(_toml({"type": kind, "url": address, **settings}, found))
    else:
        rows = [(p.address, p.name, p.type, p.unit, p.role, p.mapping, p.companion or p.note) for p in found]
        say.table(("address", "name", "type", "unit", "role", "mapping", "note"), rows)
        say.say(f"{len(rows)} values. Add --toml for tables to paste into plant.toml.")
    return OK if found else NO


@app.command("test", epilog="Example: `luban connect test plant --seconds 10`")
def try_sources(
    folder: Plant,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long to listen to each source.")] = 5.0,
    as_json: AsJson = False,
) -> int:
    """Connect every source of a plant, listen a while and say what came; nothing is written.

    Exit code 1 if one fails.
    """
    from luban.loop import peers

    say = output(as_json)
    with say.progress(f"Listening for {seconds:g} s"):
        results = peers.test_sources(plant_folder(folder), seconds=seconds)
    if as_json:
        say.document(results)
    elif not results:
        say.say("this plant has no [[source]] yet")
    else:
        rows = [(r.source, r.type, "ok" if r.ok else "FAILED", r.samples, r.silent, r.message) for r in results]
        say.table(("source", "type", "link", "samples", "silent addresses", "what it says"), rows)
    return OK if results and all(r.ok for r in results) else NO


@app.command("trust", epilog="Example: `luban connect trust pki/rejected/Siemens-1a2b3c4d.der`")
def trust(
    certificate: Annotated[
        Path, typer.Argument(help="A file in pki/rejected, or any certificate (DER or PEM) with --pki.")
    ],
    pki: Annotated[Path | None, typer.Option(help="Trust list to put it into.")] = None,
    as_json: AsJson = False,
) -> None:
    """Trust a server's certificate. Compare its fingerprint at the machine first."""
    from luban.loop import peers

    target = peers.trust_certificate(certificate, pki)
    say = output(as_json)
    say.answer({"trusted": str(target)}, f"trusted from now on: {target}")


def _settings(given: Sequence[str], user: str) -> dict[str, str]:
    """Settings as a person types them. Raises InputError."""
    settings = {"user": user, "password_env": "LUBAN_PASSWORD"} if user else {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals:
            raise InputError("not a setting", came=one, expected="KEY=VALUE, e.g. security=none", where="--set")
        settings[key.strip()] = value.strip()
    return settings


def _toml(settings: Mapping[str, str], found: Sequence[object]) -> str:
    import tomlkit

    document = tomlkit.document()
    sources, signals = tomlkit.aot(), tomlkit.aot()
    source = tomlkit.table()
    source.update({"id": "source1", **settings})
    sources.append(source)
    for proposal in found:
        signal = tomlkit.table()
        signal.add("id", f"line/machine:{_word(getattr(proposal, 'name', ''))}")
        signal.update({"source": "source1", "address": getattr(proposal, "address", "")})
        for field in ("unit", "mapping"):
            if text := getattr(proposal, field, ""):
                signal.add(field, text)
        signal.add("role", getattr(proposal, "role", "value"))
        signals.append(signal)
    document.add("source", sources)
    document.add("signal", signals)
    return tomlkit.dumps(document)


def _word(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name).strip("_").lower() or "value"
