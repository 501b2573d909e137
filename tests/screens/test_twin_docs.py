"""What the twin's pages tell people to write is what luban takes."""

import re
import tomllib
from pathlib import Path

import pytest

from luban.twin.check import check_model
from luban.twin.levers import LEVERS
from luban.twin.load import check_twin, load_twin
from luban.twin.run import Run
from luban.twin.scenario import Scenario, read_scenarios
from tests.screens import twin_shop

DOCS = Path(__file__).parents[2] / "docs"
MODEL = (DOCS / "how-to" / "model-your-plant.md").read_text("utf-8")
TWIN = (DOCS / "concepts" / "twin.md").read_text("utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", MODEL, re.MULTILINE | re.DOTALL)
DAYS = 20


@pytest.mark.parametrize("block", BLOCKS, ids=lambda text: text.partition("\n")[0].partition("#")[0].strip())
def test_every_block_of_the_how_to_is_taken_and_runs(block: str, tmp_path: Path):
    folder = twin_shop.write(tmp_path / "plant")
    (folder / "items.csv").write_text((folder / "items.csv").read_text("utf-8") + "bar,Bar,piece\n", "utf-8")
    (folder / "bom.csv").write_text("parent,item,quantity\nshaft,bar,1\n", "utf-8")
    told = tomllib.loads(block)
    more = "" if "run" in told else '[run]\nstart = "2026-01-05"\n'
    if not {"arrival", "demand"} & set(told):
        more += '[[arrival]]\nid = "a"\nitem = "shaft"\ninterval = "3 h"\nquantity = 10\n'
        more += '[[arrival]]\nid = "b"\nitem = "gear"\ninterval = "5 h"\nquantity = 10\n'
    (folder / "twin.toml").write_text(f"{block}\n{more}", "utf-8")
    assert [str(own) for own in check_twin(folder)] == []
    model = load_twin(folder, days=DAYS)
    assert [str(flaw) for flaw in check_model(model) if not flaw.warning] == []
    assert Run(model, seed=1).to(model.horizon).totals().finished > 20


def test_the_scenarios_of_the_concept_apply(tmp_path: Path):
    folder = twin_shop.write(tmp_path / "plant")
    (block,) = re.findall(r"^```toml\n(.*?)^```", TWIN, re.MULTILINE | re.DOTALL)
    (folder / "scenarios.toml").write_text(block, "utf-8")
    found = read_scenarios(folder / "scenarios.toml")
    model = load_twin(folder, days=DAYS)
    assert len(found["third mill"].apply(model).machines) == 1 + len(model.machines)
    assert found["good times"].apply(model).pools[0].size == 3


def test_every_lever_has_its_line():
    rows = re.findall(r"^\| `(\w+)[`.]", TWIN, re.MULTILINE)
    assert rows == list(LEVERS)


@pytest.mark.parametrize("name", LEVERS)
def test_the_example_that_the_page_gives_is_taken(name: str, tmp_path: Path):
    from luban.screens.web.twin_page import _EXAMPLES

    model = load_twin(twin_shop.write(tmp_path / "plant"), days=DAYS)
    subject = {"station": ".milling", "pool": ".setters", "": ""}[LEVERS[name].of]
    Scenario.of("s", {f"{name}{subject}": _EXAMPLES[name]}).apply(model)
