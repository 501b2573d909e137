"""REST of the twin: by role and site, a study from start to figures, and what is refused."""

import time
from collections.abc import Iterator

import pytest
from httpx import Client

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.users import Role
from tests.screens import twin_shop
from tests.screens.rest import answering, own

RUNS = "/api/v1/twin/runs"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = twin_shop.write(tmp_path_factory.mktemp("twin") / "plant")
    LedgerWriter(places(folder).ledger).close()
    people: dict[str, tuple[Role, list[str]]] = {
        "eng": (Role.ENGINEER, []),
        "view": (Role.VIEWER, []),
        "part": (Role.ENGINEER, ["jinan/milling"]),
    }
    with answering(folder, people) as made:
        yield made


def test_a_study_from_start_to_figures(client: Client):
    engineer = own(client, "eng")
    asked = {
        "scenarios": [{"name": "as it is"}, {"name": "mill", "changes": {"machines.milling": "+1", "setup": 0.9}}],
        "days": 10, "warmup": 2, "replications": 2, "seed": 5,
    }  # fmt: skip
    begun = client.post(RUNS, json=asked, headers=engineer)
    assert begun.status_code == 202
    id_ = begun.json()["id"]
    assert client.post(RUNS, json=asked, headers=engineer).status_code == 409
    end = time.monotonic() + 100
    while (found := client.get(f"{RUNS}/{id_}", headers=engineer).json())["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert found["state"] == "done", found["error"]
    assert [own["changes"] for own in found["result"]["scenarios"]] == [[], ["machines.milling = +1", "setup = 0.9"]]
    assert found["result"]["seed"] == 5
    viewer = own(client, "view")
    played = client.get(f"{RUNS}/{id_}/recording?scenario=1", headers=viewer).json()
    assert len(played["floor"]["machines"]) == 7
    assert client.get(f"{RUNS}/{id_}/recording?scenario=2", headers=viewer).status_code == 400
    assert [run["id"] for run in client.get(RUNS, headers=viewer).json()] == [id_]


def test_roles_and_sites(client: Client):
    viewer, part = own(client, "view"), own(client, "part")
    asked = {"scenarios": [{"name": "as it is"}]}
    assert client.post(RUNS, json=asked, headers=viewer).status_code == 403
    assert client.delete(f"{RUNS}/1", headers=viewer).status_code == 403
    told = client.get("/api/v1/twin", headers=viewer).json()
    assert told["scenarios"]["third mill"] == ["machines.milling = +1"]
    assert {load["place"]: load["verdict"] for load in told["loads"]}["jinan/milling"] == "tight"
    # the twin is the whole plant: nothing of it for an account that reaches a part
    for path in ("/api/v1/twin", RUNS, f"{RUNS}/1", f"{RUNS}/1/recording"):
        assert client.get(path, headers=part).status_code == 403, path
    assert client.post(RUNS, json=asked, headers=part).status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"scenarios": []},
        {"scenarios": [{"name": "x"}] * 5},
        {"scenarios": [{"name": "x"}], "replications": 1},
        {"scenarios": [{"name": "x"}], "days": 0},
        {"scenarios": [{"name": "x"}], "warmup": "soon"},
        {"scenarios": [{"name": "x", "changes": {"cap": [1]}}]},
    ],
)
def test_what_is_not_acceptable_starts_nothing(client: Client, asked: dict[str, object]):
    engineer = own(client, "eng")
    before = client.get(RUNS, headers=engineer).json()
    assert client.post(RUNS, json=asked, headers=engineer).status_code == 422
    assert client.get(RUNS, headers=engineer).json() == before
    assert client.get(f"{RUNS}/77", headers=engineer).status_code == 400
