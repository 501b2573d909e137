"""Control: predictive control beside do-mpc, run-to-run control against its closed form, drift on the twin.

    python -m benchmarks.control [--quick] [--json] [--seed N] [--budget S]

`mpc`: the stirred tank reactor of do-mpc's documentation with its nine scenarios, 50 steps of closed loop on one plant
(integrated to 1e-10): cost of the loop and time of a step, both controllers in the same run. `run_to_run`: offset under
drift and spread under noise, simulated and in closed form. `twin`: the machining shop with a drift of 1.5 standard
deviations of the noise on every lathe and mill: Cpk of the parts after it, pieces until it is at least 1.33 again for
good, set-points outside the envelope. The controller has what panels show; every piece is measured.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Reporter, arguments
from luban.core.time import DAY
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.mpc.model import Array
from luban.decide.setpoint.mpc.reactor import AIM, SAMPLE, START, reactor_control, reactor_rates
from luban.decide.setpoint.rehearse import Drift, back_for_good, capability_after, learn, rehearse, windows_of
from luban.decide.setpoint.run_to_run import RunToRun, Settings
from luban.decide.setpoint.theory import Loop, offset_under_drift, spread
from luban.plant import load
from luban.twin.load import load_twin

STEPS = 50
C2 = Path(__file__).parents[1] / "examples" / "c2_machining"
STATIONS = ["c2/turning", "c2/milling"]
BAR = 1.33
SAFE = Envelope(-60.0, 60.0, 10.0, 0.001)
"""Of every offset [µm]."""


def plant(x: Array, u: Array) -> Array:
    """The reactor itself, one sample on."""
    from scipy.integrate import solve_ivp

    rates = lambda _, y: reactor_rates(y[:, None], u[:, None], np.ones((2, 1)))[:, 0]  # noqa: E731
    return solve_ivp(rates, (0, SAMPLE), x, method="LSODA", rtol=1e-10, atol=1e-10).y[:, -1]


def loop(controller: Callable[[Array, Array], Array]) -> tuple[Array, Array, Array]:
    """States, inputs, wall and CPU seconds of a closed loop; the first move counts from no feed and no cooling."""
    x, u = np.array([*START.values()]), np.zeros(2)
    states, inputs, took = [x], [], []
    for _ in range(STEPS):
        begun = time.perf_counter(), time.process_time()
        u = controller(x, u)
        took.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        x = plant(x, u)
        states.append(x)
        inputs.append(u)
    return np.array(states), np.array(inputs), np.array(took)


def cost(states: Array, inputs: Array) -> float:
    """What the loop cost by the example's own measure: deviation of the product and moves of the inputs."""
    moves = np.diff(np.vstack([np.zeros(2), inputs]), axis=0)
    weights = np.array([AIM.moves["F"], AIM.moves["Q"]])
    return float(((states[:-1, 1] - AIM.target["C_b"]) ** 2).sum() + (moves**2 * weights).sum())


def ours() -> Callable[[Array, Array], Array]:
    control = reactor_control()

    def step(x: Array, u: Array) -> Array:
        found = control.step(dict(zip(START, x.tolist(), strict=True)), {"F": float(u[0]), "Q": float(u[1])})
        return np.array([found.inputs["F"], found.inputs["Q"]])

    return step


def peer() -> Callable[[Array, Array], Array]:
    """do-mpc with the settings of its example; its model is written from the same published equations."""
    import do_mpc
    from casadi import exp

    model = do_mpc.model.Model("continuous")
    c_a, c_b, t_r, t_k = (model.set_variable("_x", name) for name in START)
    feed, heat = model.set_variable("_u", "F"), model.set_variable("_u", "Q")
    alpha, beta = model.set_variable("_p", "alpha"), model.set_variable("_p", "beta")
    ab = beta * 1.287e12 * exp(-9758.3 / (t_r + 273.15)) * c_a
    bc = 1.287e12 * exp(-9758.3 / (t_r + 273.15)) * c_b
    ad = 9.043e9 * exp(-alpha * 8560.0 / (t_r + 273.15)) * c_a**2
    wall = 4032.0 * 0.215 * (t_k - t_r)
    model.set_rhs("C_a", feed * (5.1 - c_a) - ab - ad)
    model.set_rhs("C_b", -feed * c_b + ab - bc)
    made = -(ab * 4.2 - bc * 11.0 - ad * 41.85) / (0.9342 * 3.01)
    model.set_rhs("T_R", made + feed * (130.0 - t_r) + wall / (0.9342 * 3.01 * 10.01))
    model.set_rhs("T_K", (heat - wall) / 10.0)
    model.setup()
    control = do_mpc.controller.MPC(model)
    own = control.settings
    own.n_horizon, own.n_robust, own.t_step, own.store_full_solution = 20, 1, SAMPLE, False
    own.state_discretization, own.collocation_type, own.collocation_deg, own.collocation_ni = (
        "collocation",
        "radau",
        2,
        1,
    )
    own.supress_ipopt_output()
    for kind, name, size in (("_x", "T_R", 100), ("_x", "T_K", 100), ("_u", "Q", 2000), ("_u", "F", 100)):
        control.scaling[kind, name] = size
    off = (model.x["C_b"] - 0.6) ** 2
    control.set_objective(mterm=off, lterm=off)
    control.set_rterm(F=0.1, Q=1e-3)
    bounds = {"C_a": (0.1, 2), "C_b": (0.1, 2), "T_R": (50, None), "T_K": (50, 140)}
    for name, (low, high) in bounds.items():
        control.bounds["lower", "_x", name] = low
        if high is not None:
            control.bounds["upper", "_x", name] = high
    for name, (low, high) in {"F": (5, 100), "Q": (-8500, 0)}.items():
        control.bounds["lower", "_u", name], control.bounds["upper", "_u", name] = low, high
    control.set_nl_cons("T_R", model.x["T_R"], ub=140, soft_constraint=True, penalty_term_cons=1e2)
    control.set_uncertainty_values(alpha=np.array([1.0, 1.05, 0.95]), beta=np.array([1.0, 1.1, 0.9]))
    control.setup()
    control.x0 = np.array([*START.values()]).reshape(-1, 1)
    control.set_initial_guess()
    return lambda x, _: control.make_step(x.reshape(-1, 1)).ravel()


def mpc(report: Reporter) -> None:
    states, inputs, took = loop(ours())
    facts = {"c_b_end": round(float(states[-1, 1]), 5), "t_r_highest": round(float(states[:, 2].max()), 2)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = loop(peer())
    except ImportError as error:
        report.say(f"do-mpc: not measured: {error}")
        report.line("cost of the loop", cost(states, inputs), "1", claim="mpc", **facts)
        report.line("median step", 1e3 * float(np.median(took[:, 0])), "ms", claim="mpc")
        return
    name = "do-mpc"
    report.line(
        "cost of the loop", cost(states, inputs), "1", peer=cost(*other[:2]), peer_name=name, claim="mpc", **facts
    )
    for case, share in (("median step", 50), ("95th percentile of a step", 95)):
        mine, theirs = (1e3 * np.percentile(own, share, axis=0) for own in (took, other[2]))
        cpu = {"cpu": round(float(mine[1]), 2), "cpu_peer": round(float(theirs[1]), 2)}
        report.line(case, float(mine[0]), "ms", peer=float(theirs[0]), peer_name=name, claim="mpc", **cpu)


def run_to_run(report: Reporter, seed: int, runs: int) -> None:
    """Simulated against closed form, for an EWMA and a double EWMA with a wrong gain."""
    draw = np.random.default_rng(seed)
    for own in (Loop(0.3, 1.4), Loop(0.3, 0.8, 0.1)):
        kind = "double EWMA" if own.drift_weight else "EWMA"
        noise, wander, drift = draw.normal(size=runs), 0.2 * draw.normal(size=runs).cumsum(), 0.05 * np.arange(2000)
        found = _driven(own, noise + wander)[200:]
        said = spread(own, noise=1.0, wander=0.2)
        report.line(f"{kind}: spread", float(found.std()), "1", peer=said, peer_name="closed form", claim="run_to_run")
        end = float(_driven(own, drift)[-1])
        said = offset_under_drift(own, 0.05)
        report.line(f"{kind}: offset under drift", end, "1", peer=said, peer_name="closed form", claim="run_to_run")


def _driven(own: Loop, disturbance: Array) -> Array:
    control = RunToRun(Settings(0.0, 1.0, own.weight, Envelope(-1e9, 1e9), own.drift_weight), level=0.0)
    return np.array([control.update(d + own.ratio * control.set_point).error for d in disturbance.tolist()])


def twin(report: Reporter, seed: int, replications: int, shapes: dict[str, int], *, quick: bool) -> None:
    model, plant_ = load_twin(C2), load(C2)
    causes = learn(model, plant_, STATIONS, days=20 if quick else 30)
    for name, over in shapes.items():
        drift = Drift(1.5, over, 16 * DAY)
        table: dict[str, Any] = {}
        left = refused = moves = 0
        for hand in ("causes", "as_is") if quick else ("causes", "run_to_run", "as_is"):
            runs = [
                rehearse(
                    model,
                    plant_,
                    STATIONS,
                    hand,
                    drift,
                    days=23,
                    causes=causes,
                    relearn=14,
                    seed=seed,
                    replication=k,
                    dead_band=0.5,
                    envelope=SAFE,
                )
                for k in range(replications if hand == "causes" else max(1, replications // 3))
            ]
            table[hand] = np.concatenate([run.pieces for run in runs])
            if hand == "causes":
                left, refused = sum(run.left for run in runs), sum(run.refused for run in runs)
                moves = sum(len(run.moves) for run in runs)
        _capability(report, name, table, left=left, refused=refused, moves=moves)


def _capability(report: Reporter, name: str, table: dict[str, Any], **facts: int) -> None:
    """Cpk before, after and for good; each window of pieces counts over all machines and runs."""
    windows = windows_of(table["causes"])
    back = back_for_good(windows, BAR)
    settled = table["causes"]["time"] > 14 * DAY
    before = capability_after(table["causes"][settled], -1, 0)[0]
    first = 0 if back is None else back
    cpk, count = capability_after(table["causes"], first, 10_000)
    others = {hand: round(capability_after(table[hand], 50, 10_000)[0], 3) for hand in table if hand != "causes"}
    told = " ".join(f"{own.first}-{own.last}:{own.cpk:.2f}" for own in windows)
    report.line(f"{name}: Cpk of the parts, from piece N on", cpk, "1", claim="twin", peer=others["as_is"],
                peer_name="as the operators do", n=count, before=round(before, 3), ewma=others.get("run_to_run"),
                of_readings=round(capability_after(table["causes"], first, 10_000, readings=True)[0], 3),
                windows=told)  # fmt: skip
    report.line(f"{name}: N, pieces until Cpk is 1.33 for good", back, "pieces", claim="twin")
    report.line(f"{name}: set-points outside the envelope", facts["left"], "1", claim="twin", **facts)


def main(argv: Sequence[str] | None = None) -> None:
    """Print one line a case."""
    options = arguments(__doc__ or "", argv, budget=120)
    report = Reporter("control", options, ["do-mpc", "casadi", "numpy", "scipy", "luban"])
    mpc(report)
    run_to_run(report, options.seed, 20_000 if options.quick else 200_000)
    if options.quick:
        twin(report, options.seed, 1, {"drift over 50 pieces": 50}, quick=True)
    else:
        twin(
            report,
            options.seed,
            max(1, int(options.budget // 20)),
            {"drift over 50 pieces": 50, "jump": 0},
            quick=False,
        )


if __name__ == "__main__":
    main()
