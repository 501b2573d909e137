import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn
from httpx import Client

from luban.ledger import MasterData
from luban.screens.api import build_api
from luban.screens.gate import BODY_LIMIT
from luban.screens.reads import Reads
from luban.screens.service import PlantView
from luban.screens.users import Role, Users
from tests.outside import free_port
from tests.screens import shop

GOOD = "correct horse"
LOAD = quote(f"{shop.LATHE}:spindle_load", safe="")


@pytest.fixture(scope="module")
def client(view: PlantView, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    master = MasterData(tmp_path_factory.mktemp("users"))
    users = Users(master)
    users.add("viewer", GOOD, Role.VIEWER, who="test")
    users.add("engineer", GOOD, Role.ENGINEER, who="test")
    users.add("lathe", GOOD, Role.VIEWER, [shop.LATHE], who="test")
    reads = Reads(2)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(build_api(view, users, reads), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    with Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as made:
        yield made
    server.should_exit = True
    thread.join()
    reads.close()
    master.close()


def bearer(client: Client, user: str) -> dict[str, str]:
    answer = client.post("/api/v1/login", json={"user": user, "password": GOOD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture(scope="module")
def viewer(client: Client) -> dict[str, str]:
    return bearer(client, "viewer")


def routes(client: Client) -> list[tuple[str, str]]:
    paths = client.get("/api/openapi.json").json()["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


def test_openapi_is_3_1_and_every_operation_has_a_stable_name(client: Client):
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    names = {op["operationId"] for methods in described["paths"].values() for op in methods.values()}
    assert names == {
        "health", "metrics", "login", "logout", "me", "plant", "tree", "trend", "gaps", "collectors", "kpi", "explain",
        "timeline", "verify_ledger", "fact", "twin", "twin_runs", "twin_run", "twin_study", "twin_recording",
        "twin_cancel", "schedule", "schedule_plans", "schedule_plan", "schedule_chart", "schedule_load",
        "schedule_dispatch", "schedule_why", "schedule_compare", "schedule_excel", "schedule_pdf", "schedule_move",
        "schedule_lock", "schedule_undo", "schedule_redo", "schedule_publish", "schedule_promise", "schedule_runs",
        "schedule_run", "schedule_progress", "schedule_stop", "schedule_cancel", "schedule_repair",
        "schedule_repair_take", "schedule_offer",
        "quality_characteristics", "quality_chart", "quality_facts", "quality_file", "quality_limits",
        "quality_freeze", "quality_withdraw", "quality_exclude", "quality_include", "quality_cause",
        "quality_inspection_plan", "quality_held_lots", "quality_hold_by_rule", "quality_measure",
        "quality_device_queue",
        "quality_device_confusion", "quality_device_result", "quality_device_review", "quality_nonconformances",
        "quality_nonconformance_open", "quality_nonconformance", "quality_nonconformance_step",
        "quality_nonconformance_effect", "quality_capability", "quality_relations", "quality_causes",
        "quality_gauge_study", "quality_sampling_plan", "quality_sampling", "quality_sampling_agree",
        "quality_sampling_lot", "quality_sampling_change", "quality_gauges", "quality_gauge_register",
        "quality_gauge_of_register", "quality_gauge_calibrate", "quality_gauge_service", "quality_experiments",
        "quality_experiment_plan", "quality_experiment_analysis", "quality_experiment_next",
        "quality_experiment_result", "quality_experiment_close", "quality_projects", "quality_project_charter",
        "quality_project_phase", "quality_setpoint", "quality_setpoint_agree", "quality_setpoint_set",
        "quality_setpoint_propose", "quality_setpoint_refuse",
        "health_machines", "health_machine", "health_rows", "health_file", "health_learn",
        "health_diagnosis", "health_case", "health_case_settle", "health_signatures",
        "maintenance", "maintenance_orders", "maintenance_order", "maintenance_stops", "maintenance_advice",
        "maintenance_file", "maintenance_plan", "maintenance_step", "maintenance_spare",
        "alarms", "alarm", "alarms_of_machine", "alarm_statistics", "alarm_list", "alarm_act",
        "trace", "trace_lots", "trace_around", "trace_same", "trace_lot", "trace_file", "recalls", "recall",
        "recall_affected", "recall_notices", "recall_mock", "recall_open", "recall_notify", "recall_answer",
        "recall_close", "partners", "partner_view", "partner_chain", "partner_grant", "partner_withdraw",
        "partner_hand", "partner_take", "stock", "stock_file", "stock_picks", "stock_move", "kanban", "kanban_bring",
        "scans", "scan_code", "scan_join",
        "claims", "claim", "claims_common", "claim_register", "claim_decide", "claim_settle", "claim_close",
        "energy", "energy_file", "energy_meters", "energy_load", "energy_readings", "energy_whose",
        "energy_units", "energy_drivers", "energy_baselines", "energy_baseline", "energy_baseline_file",
        "energy_baseline_try", "energy_baseline_freeze", "energy_baseline_retire",
        "cost", "cost_find", "cost_piece", "cost_element", "cost_variances", "cost_journal", "cost_balance",
        "cost_in_progress", "cost_file",
        "outcomes", "outcome", "outcome_figures", "fix_baseline", "record_outcome",
        "levers", "decisions", "decision", "act_on_decision", "dispatch_now",
        "acting", "commands", "command", "propose_command", "act_on_command", "switch_mode", "stop_automation",
        "release_automation", "green", "green_file", "green_facts", "green_processes", "green_state",
        "indicators", "indicator_cells", "indicator_parts", "indicator_releases", "indicator_facts", "review",
        "review_bundle",
        "returns", "return_values", "return_vintages", "return_form", "return_form_file", "return_review",
        "return_review_file", "return_take", "return_take_file", "return_confirm", "return_query", "return_answer",
        "return_vintage", "return_own", "return_own_take", "return_state",
        "programmes", "programme_tasks", "programme_things", "programme_agenda", "programme_quotes", "programme_task",
        "programme_task_act", "programme_file", "programme_escalate", "programme_count", "programme_part",
        "programme_show", "programme_withdraw", "programme_regional", "programme_say", "programme_decide",
        "pilots", "pilot_proof", "pilot_report", "pilot_run", "pilot_studies", "pilot_study", "run_pilot_study",
        "stop_pilot_study", "pilot_books", "enrol_plant",
        "grants", "give_grant", "renew_grant", "revoke_grant", "grant_steps", "open_visit", "leave_visit",
        "visited_machine", "visited_trend", "visited_alarms", "visited_workorders", "visited_file", "visited_note",
    }  # fmt: skip
    assert all(op.get("description") for methods in described["paths"].values() for op in methods.values())


def test_nothing_but_health_and_login_answers_a_stranger(client: Client):
    for path, method in routes(client):
        if path in {"/healthz", "/api/v1/login", "/api/v1/remote/open"}:
            continue
        url = path.replace("{seq}", "1") + f"?signal={LOAD}&figure=oee"
        answer = client.request(method, url)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["error"] == "SecurityError"


def test_the_right_role_is_needed_for_each_act(client: Client, viewer: dict[str, str]):
    refused = client.get("/api/v1/ledger/verify", headers=viewer)
    assert refused.status_code == 403
    assert refused.json()["error"] == "NotAllowedError"
    report = client.get("/api/v1/ledger/verify", headers=bearer(client, "engineer")).json()
    assert report["ok"] is True
    assert report["unsealed"] + report["sealed"] > 10_000


def test_a_user_sees_only_the_own_sites(client: Client):
    own = bearer(client, "lathe")
    tree = client.get("/api/v1/tree", headers=own).json()
    assert set(tree["units"]) == {shop.LATHE}
    assert set(tree["sources"]) == {"okuma"}
    assert client.get(f"/api/v1/kpi?unit={shop.MILL}", headers=own).status_code == 403
    other = quote(f"{shop.MILL}:coolant", safe="")
    assert client.get(f"/api/v1/signals/trend?signal={other}", headers=own).status_code == 403
    assert client.get("/api/v1/kpi?range=1h", headers=own).json()[0]["subject"] == shop.LATHE


def test_the_whole_plant_in_one_look(client: Client, viewer: dict[str, str]):
    tree = client.get("/api/v1/tree", headers=viewer).json()
    assert tree["signals"][f"{shop.LATHE}:spindle_load"]["unit"] == "%"
    assert tree["units"][shop.MILL]["kind"] == "unknown"
    assert tree["head"] == client.get("/api/v1/plant", headers=viewer).json()["head"]
    links = {c["id"]: c for c in client.get("/api/v1/collectors", headers=viewer).json()}
    assert links["haas"]["link"] == "silent"
    assert links["haas"]["collector"] is None


def test_a_trend_has_nulls_in_its_gaps(client: Client, viewer: dict[str, str]):
    answer = client.get(f"/api/v1/signals/trend?signal={LOAD}&range=1h&points=300", headers=viewer).json()
    assert len(answer["time"]) == len(answer["value"]) == len(answer["quality"])
    assert None in answer["value"]
    assert len(answer["time"]) < 1500


def test_figures_and_how_they_were_made(client: Client, viewer: dict[str, str]):
    figures = {f["name"]: f for f in client.get(f"/api/v1/kpi?unit={shop.LATHE}&range=1h", headers=viewer).json()}
    assert {"oee", "availability", "quality_ratio"} <= set(figures)
    assert all((f["value"] is None) == bool(f["withheld"]) for f in figures.values())
    made = client.get(f"/api/v1/explain?unit={shop.LATHE}&range=1h&figure=availability", headers=viewer).json()
    assert made["children"]
    tiles = client.get(f"/api/v1/timeline?unit={shop.LATHE}&range=1h", headers=viewer).json()
    assert all(a["end"] == b["start"] for a, b in pairwise(tiles))
    seq = next(t["seq"] for t in tiles if t["seq"])
    assert client.get(f"/api/v1/facts/{seq}", headers=viewer).json()["stream"] == "state"


def test_wrong_questions_get_a_problem_that_helps(client: Client, viewer: dict[str, str]):
    for url, status in (
        ("/api/v1/signals/trend?signal=jinan/none:x", 400),
        (f"/api/v1/signals/trend?signal={LOAD}&range=soon", 400),
        (f"/api/v1/signals/trend?signal={LOAD}&points=100000", 422),
        ("/api/v1/explain?figure=ooe", 400),
        ("/api/v1/kpi?unit=jinan/none", 400),
        ("/api/v1/kpi?from=yesterday", 400),
        ("/api/v1/facts/999999999", 400),
        ("/api/v1/facts/one", 422),
    ):
        answer = client.get(url, headers=viewer)
        assert answer.status_code == status, (url, answer.text)
        problem = answer.json()
        assert problem["status"] == status
        assert problem["title"]
        assert "Traceback" not in answer.text


def test_logging_out_ends_the_token(client: Client):
    own = bearer(client, "viewer")
    assert client.get("/api/v1/me", headers=own).json() == {"name": "viewer", "role": "viewer", "sites": []}
    assert client.post("/api/v1/logout", headers=own).status_code == 200
    assert client.get("/api/v1/me", headers=own).status_code == 401


def test_a_foreign_page_cannot_act_with_the_cookie(client: Client):
    token = bearer(client, "viewer")["Authorization"].removeprefix("Bearer ")
    cookie = {"Cookie": f"luban_session={token}"}
    assert client.get("/api/v1/me", headers=cookie).status_code == 200
    foreign = {**cookie, "Origin": "http://evil.example"}
    assert client.post("/api/v1/logout", headers=foreign).status_code == 401
    assert client.get("/api/v1/me", headers=cookie).status_code == 200


def test_large_bodies_are_refused(client: Client):
    answer = client.post("/api/v1/login", content=b"x" * (BODY_LIMIT + 1))
    assert answer.status_code == 413


def test_metrics_speak_prometheus(client: Client, viewer: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    text = client.get("/metrics", headers=viewer).text
    assert 'luban_source_up{source="haas",type="shdr"} 0.0' in text
    assert f'luban_state{{element="UNKNOWN",state="unknown",unit="{shop.MILL}"}} 1.0' in text
    monkeypatch.setenv("LUBAN_METRICS_TOKEN", "scrape me")
    assert client.get("/metrics", headers={"Authorization": "Bearer scrape me"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_health_needs_nobody_and_answers_carry_the_shut_doors(client: Client):
    answer = client.get("/healthz")
    assert answer.json()["status"] == "ok"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_the_books_are_only_read(client: Client, viewer: dict[str, str], shop_folder: Path):
    before = client.get("/healthz").json()["head"]
    for path in ("plant", "tree", "collectors", "kpi?range=1h", "gaps"):
        assert client.get(f"/api/v1/{path}", headers=viewer).status_code == 200
    assert client.get("/healthz").json()["head"] == before
