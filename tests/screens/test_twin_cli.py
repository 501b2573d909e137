"""`luban twin` on a small shop; figures against what the engine itself gives, and against a formula."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.core.time import DAY
from tests.screens import twin_shop

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return twin_shop.write(tmp_path_factory.mktemp("twin") / "plant")


def test_the_twin_is_loaded_only_when_it_is_used():
    code = "import sys, luban.screens.cli.main; print(*(m for m in ('numba', 'scipy', 'numpy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_run_says_what_was_asked_and_what_came_out(run_cli: Cli, folder: Path):
    code, out, err = run_cli("twin", "run", folder, "--days", "20", "--warmup", "4", "--replications", "3")
    assert code == 0, err
    assert "Expected load" in out
    assert "tight" in out
    assert "3 runs of 20 d, the first 4.0 d left out, seed 1" in out
    for word in ("cycle time, mean", "on time", "longest queue at milling", "most active machine is milling/mill0"):
        assert word in out
    # no queue-time limit in this plant: nothing about broken ones
    assert "queue-time" not in out
    assert "compiled" in err


def test_json_is_what_the_engine_says_and_the_same_for_a_seed(run_cli: Cli, folder: Path):
    from luban.screens.service.twin import Twin
    from luban.twin.replicate import replicate

    asked = ("twin", "run", folder, "--days", "15", "--warmup", "3", "--replications", "3", "--seed", "9", "--json")
    code, out, _ = run_cli(*asked)
    assert code == 0
    found = json.loads(out)["scenarios"][0]
    assert json.loads(run_cli(*asked, "--workers", "2")[1])["scenarios"][0] == found
    own = replicate(Twin(folder, days=15).model, 15 * DAY, warmup=3 * DAY, replications=3, seed=9, workers=1)
    mean = {(row["name"], row["subject"]): row["mean"] for row in found["outputs"]}
    assert mean["cycle_time_mean", "plant"] == own.interval("cycle_time_mean").mean
    assert mean["queue", "jinan/milling"] == own.interval("queue", "jinan/milling").mean


def test_scenarios_side_by_side_in_sentences(run_cli: Cli, folder: Path):
    code, out, err = run_cli(
        "twin", "run", folder, "--days", "40", "--warmup", "8", "--replications", "5",
        "--compare", "third mill", "--compare", "rule.turning=setup,edd; setup=0.5",
    )  # fmt: skip
    assert code == 0, err
    assert "third mill, against as it is, pair by pair:" in out
    faster = [line for line in out.splitlines() if line.startswith("  cycle time, mean:")]
    assert len(faster) == 2
    assert all(" h faster (" in line and line.endswith("[better]") for line in faster)
    assert "no difference shown: " in out
    assert "energy: " in out.split("third mill, against")[1].split("\n\n")[0]


def test_pairs_are_closer_than_strangers(run_cli: Cli, folder: Path):
    """Common random numbers: the interval of a difference is narrower than of two studies with seeds of their own."""
    asked = ("twin", "run", folder, "--days", "30", "--warmup", "6", "--replications", "6", "--json")
    code, out, _ = run_cli(*asked, "--compare", "time.milling=0.95")
    assert code == 0
    study = json.loads(out)

    def width(rows: list[dict[str, float]]) -> float:
        (row,) = [row for row in rows if (row["name"], row["subject"]) == ("throughput", "plant")]
        return row["high"] - row["low"]

    pair = width(study["comparisons"][0]["differences"])
    assert pair < 0.5 * width(study["scenarios"][0]["outputs"])


def test_a_scenario_of_another_file_and_changes_on_top(run_cli: Cli, folder: Path, tmp_path: Path):
    file = tmp_path / "ours.toml"
    file.write_text('["slow"]\ntime.milling = 1.02\n["few"]\ndemand = 0.5\n', "utf-8")
    asked = ("twin", "run", folder, "--days", "10", "--warmup", "2", "--replications", "2", "--json")
    code, out, _ = run_cli(*asked, "--scenario", f"{file}#few", "--set", "setup=0.5", "--compare", file)
    assert code == 0
    checked = json.loads(out)["checked"]
    assert [own["changes"] for own in checked] == [
        ["demand = 0.5", "setup = 0.5"],
        ["demand = 0.5", "setup = 0.5", "time.milling = 1.02"],
        ["demand = 0.5", "setup = 0.5", "demand = 0.5"],
    ]
    code, _, err = run_cli("twin", "run", folder, "--scenario", file)
    assert (code, "which scenario" in err, "slow, few" in err) == (2, True, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "machines.mill=+1"), "did you mean milling"),
        (("--set", "demnad=1.1"), "did you mean demand"),
        (("--set", "demand"), "key=value"),
        (("--compare", "nothing"), "no such scenario"),
        (("--warmup", "long"), "no warm-up"),
        (("--warmup", "99"), "a run must go on after its warm-up"),
        (("--days", "3", "--replications", "2"), "no warm-up point"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(run_cli: Cli, folder: Path, arguments: tuple[str, ...], said: str):
    code, _, err = run_cli("twin", "run", folder, *arguments)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_an_overloaded_plant_is_named_before_it_runs(run_cli: Cli, folder: Path):
    code, out, err = run_cli(
        "twin", "run", folder, "--set", "demand=2", "--warmup", "1", "--days", "5", "--replications", "2"
    )
    assert code == 0
    assert "too much" in out
    assert "its queue grows as long as the run lasts" in err


def test_facts_of_a_run_go_into_new_books_only(run_cli: Cli, folder: Path, tmp_path: Path):
    from luban.ledger import Ledger

    books = tmp_path / "books"
    asked = ("twin", "run", folder, "--days", "6", "--warmup", "1", "--replications", "2", "--facts", books)
    code, _, err = run_cli(*asked)
    assert code == 0, err
    ledger = Ledger(books)
    assert ledger.table("operation").num_rows > 100
    assert set(ledger.table("state")["source"].to_pylist()) == {"twin"}
    head = ledger.head
    code, _, err = run_cli(*asked)
    assert (code, "hold facts already" in err) == (2, True)
    assert Ledger(books).head == head


def test_books_without_operations_make_no_twin(run_cli: Cli, folder: Path, shop_folder: Path):
    code, _, err = run_cli("twin", "calibrate", shop_folder)
    assert (code, "no operation in the books" in err) == (2, True)
    code, _, err = run_cli("twin", "calibrate", folder)
    assert code == 2
    assert "Traceback" not in err


def test_the_twin_answers_as_devices(run_cli: Cli, folder: Path):
    from tests.outside import free_port

    base = free_port()
    code, out, err = run_cli(
        "twin", "serve", folder, "--port-base", base, "--scale", "20000", "--begin", "8h", "--until", "20h", "--json"
    )
    assert code == 0, err
    assert f"opc.tcp://127.0.0.1:{base}" in err
    status = json.loads(out)
    assert status["plant"] == 20 * 3_600_000_000
    assert status["values"] > 100
