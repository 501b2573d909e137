"""Docs are tested like code: nothing is missing, nothing leads nowhere, every example is real."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from luban.connect import registry
from luban.core import errors
from luban.ledger import Ledger, LedgerWriter, streams
from luban.norms import kpi_catalogue, mappings
from luban.plant import check
from tests.rules.pages import DOCS, PAGES, ROOT, anchors, blocks, commands, headings, links, name_of, prose, text_of

REFERENCE = ROOT / "docs" / "reference"
COMMANDS = commands()
# what may not be asked of the network by a page or a script of ours
_CDN = re.compile(
    r"cdn\.|unpkg\.com|jsdelivr|cdnjs|googleapis\.com|gstatic\.com|bootstrapcdn|esm\.sh|skypack", re.IGNORECASE
)
_MACHINE = re.compile(r"(?<![\w.$~/-])/(?:work|root|home)/\w")


# ---- nothing is missing


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("streams.md", list(streams())),
        ("connectors.md", list(registry.types())),
        ("errors.md", errors.__all__),
        ("norms.md", list(mappings())),
        ("cli.md", [name for name, command in COMMANDS.items() if not hasattr(command, "commands")]),
    ],
)
def test_everything_has_its_heading(page: str, wanted: list[str]) -> None:
    assert sorted(set(wanted) - set(headings(REFERENCE / page))) == []


def test_every_indicator_is_in_the_norms_and_every_computed_one_under_figures() -> None:
    for page, wanted in (
        ("norms.md", set(kpi_catalogue())),
        ("kpi.md", {k.id for k in kpi_catalogue().values() if k.computed}),
    ):
        assert sorted(name for name in wanted if f"| `{name}` |" not in text_of(REFERENCE / page)) == [], page


@pytest.mark.parametrize("kind", registry.types())
def test_every_connector_has_a_page_that_begins_with_its_table(kind: str) -> None:
    pages = [page for page in DOCS if page.parent.name == "how-to" and page.stem.startswith("connect-")]
    assert any(f'type = "{kind}"' in text_of(page) for page in pages)


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, new = set(), {ROOT / "docs" / "index.md"}
    while new:
        reached |= new
        found = {
            (page.parent / link.partition("#")[0]).resolve() for page in new for link in links(page) if "//" not in link
        }
        new = {page for page in found if page.suffix == ".md" and page in set(PAGES)} - reached
    # a list of a folder's pages is for those who look at the folder
    assert sorted(name_of(page) for page in set(DOCS) - reached if page.stem != "README") == []


# ---- nothing leads nowhere


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    wrong = []
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert wrong == []


def tracked() -> list[Path]:
    """Text files that go into the repository."""
    told = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = told.stdout.splitlines() or [name_of(page) for page in PAGES]
    kinds = {".md", ".py", ".toml", ".csv", ".sh", ".js", ".css", ".po", ".json", ".svg", ""}
    return [path for name in names if (path := ROOT / name).suffix in kinds and path.is_file()]


def test_nothing_names_a_place_of_somebodys_machine_or_asks_a_foreign_host_for_code() -> None:
    mine = Path(__file__).resolve()
    wrong = []
    for path in tracked():
        if path.resolve() == mine:
            continue
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if _MACHINE.search(line) or (_CDN.search(line) and "://" in line):
                wrong.append(f"{name_of(path)}:{number}: {line.strip()[:100]}")
    assert wrong == []


# ---- every example is real


def luban_lines(page: Path) -> list[str]:
    """`luban …` as the page tells people to type it: in console blocks and in the text."""
    console = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    plain = [line for block in blocks(page, "") for line in block.splitlines()]
    inline = re.findall(r"`(luban [^`]+)`", prose(page))
    cut = [re.split(r"\s(?:\||&&|>|#)\s", line)[0].strip() for line in console + plain + inline]
    return [line.removeprefix(".venv/bin/") for line in cut if re.match(r"(\.venv/bin/)?luban [a-z-]", line)]


def complaint(line: str) -> str:
    """What is wrong with a command line, '' if nothing."""
    words = shlex.split(line.replace("…", "X").replace("'", "").replace(";", ""))
    name, command = "luban", COMMANDS["luban"]
    rest = words[1:]
    while rest and hasattr(command, "commands"):
        if rest[0].startswith("-"):
            break
        usual = getattr(command, "usual", "")
        if usual and rest[0] not in command.commands:  # `luban health FILE` is `luban health examine FILE`
            command = COMMANDS[f"{name} {usual}"]
            break
        for part in rest[0].split("|"):
            if part not in command.commands:
                return f"no command {name} {part}"
        name, rest = f"{name} {rest[0].partition('|')[0]}", rest[1:]
        command = COMMANDS[name]
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}
    strange = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"{name} has no {', '.join(strange)}" if strange else ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_exist_with_their_options(page: Path) -> None:
    wrong = {line: said for line in luban_lines(page) if (said := complaint(line))}
    assert wrong == {}


def test_the_check_of_commands_finds_what_is_wrong() -> None:
    assert complaint("luban ledger verify DIR --json") == ""
    assert complaint("luban ledger verfy DIR") == "no command luban ledger verfy"
    assert complaint("luban kpi plant --explian oee") == "luban kpi has no --explian"
    assert complaint("luban health mill.csv --limit load=3") == ""
    assert complaint("luban health mill.csv --limt load=3") == "luban health has no --limt"


def plants() -> list[Any]:
    return [
        pytest.param(block, id=f"{name_of(page)}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page, "toml"), 1)
        if "[[source]]" in block or "[[signal]]" in block
    ]


@pytest.mark.parametrize("block", plants())
def test_configuration_is_what_luban_takes(block: str, tmp_path: Path) -> None:
    """Sources by their connector's own settings, signals and equipment by the plant's checks."""
    found = tomllib.loads(block)
    for source in found.get("source", ()):
        settings = {key: value for key, value in source.items() if key not in {"id", "type"}}
        registry.driver(source["type"]).settings.model_validate(settings)
    made = '[plant]\nid = "p"\nname = "P"\ntime_zone = "UTC"\n'
    named = {signal["source"] for signal in found.get("signal", ())} - {s["id"] for s in found.get("source", ())}
    made += "".join(f'[[source]]\nid = "{name}"\ntype = "files"\nfolder = "x"\n' for name in named)
    written = {part["path"] for part in found.get("equipment", ())}
    units = {signal["id"].partition(":")[0] for signal in found.get("signal", ())} - written
    made += "".join(f'[[equipment]]\npath = "{path}"\nname = "M"\n' for path in sorted(units))
    (tmp_path / "plant.toml").write_text(made + block if "[plant]" not in block else block)
    unasked = "no calendar"  # the fragment says nothing about shifts
    assert [str(c) for c in check(tmp_path) if unasked not in c.message] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block, name_of(page), "exec")


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger of `plant`, with a wrong count as the fact 1187."""
    folder = tmp_path / "plant" / ".luban" / "ledger"
    rows = {"time": list(range(1, 1201)), "subject": ["p/m"] * 1200, "quality": [0] * 1200}
    pieces = {"good": [220.0] * 1200, "scrap": [0.0] * 1200, "rework": [0.0] * 1200}
    with LedgerWriter(folder) as writer:
        writer.append("count", rows | pieces, source="counter")
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_correction_of_the_how_to_works(books: Path) -> None:
    text = text_of(ROOT / "docs" / "how-to" / "corrections.md")
    (command,) = re.findall(r"^\$ (luban ledger correct .*)$", text, re.MULTILINE)
    (books.parent.parent / "plant.toml").touch()
    done = subprocess.run([sys.executable, "-m", *shlex.split(command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ledger = Ledger(books)
    (right,) = ledger.table("count", seqs=[1201]).to_pylist()
    assert (right["good"], right["supersedes"]) == (22.0, 1187)
    assert ledger.table("count").num_rows == 1200
    assert 1187 in ledger.table("count", as_of=1200)["seq"].to_pylist()


def test_the_reads_of_the_ledger_page_work(books: Path) -> None:
    for code in blocks(ROOT / "docs" / "concepts" / "ledger.md", "python"):
        exec(code, {})


# ---- decisions and changes


@pytest.mark.parametrize("page", [p for p in DOCS if p.parent.name == "decisions" and p.stem != "README"], ids=name_of)
def test_a_decision_is_short_and_says_what_was_rejected(page: Path) -> None:
    text = text_of(page)
    assert len(text.splitlines()) <= 45
    assert text.startswith(f"# {page.stem[:4]} ")
    _, _, rejected = text.partition("## Rejected alternatives\n")
    assert rejected.count("\n- **") >= 2
    assert f"({page.name})" in text_of(page.parent / "README.md")


def test_indicators_affected_are_indicators() -> None:
    text = " ".join(text_of(ROOT / "CHANGELOG.md").split())
    named = {
        name for part in re.findall(r"\*Indicators affected:\*([^.]*)\.", text) for name in re.findall(r"`(\w+)`", part)
    }
    assert named
    assert sorted(named - set(kpi_catalogue())) == []
