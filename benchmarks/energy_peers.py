"""The same micro-grid written down anew, element by element, for solvers that are not HiGHS (GLOP, SCIP)."""

from __future__ import annotations

from ortools.linear_solver import pywraplp

from luban.decide.energy import Site

__all__ = ["least_cost"]


def least_cost(site: Site, engine: str, *, one_way: bool = False) -> float:  # noqa: C901 - the whole model at one look
    """Least cost by `GLOP` or `SCIP`; `one_way` forbids both directions in a step everywhere."""
    solver = pywraplp.Solver.CreateSolver(engine)
    if engine == "SCIP":
        assert solver.SetSolverSpecificParametersAsString("limits/gap = 1e-10\nnumerics/feastol = 1e-9\n")
    steps, h, inf = range(len(site.load)), site.hours, solver.infinity()
    buy, sell = site.series(site.grid.buy), site.series(site.grid.sell)
    taken = [solver.NumVar(0, min(site.grid.most_in, 1e6), "") for _ in steps]
    given = [solver.NumVar(0, site.grid.most_out, "") for _ in steps]
    peak = solver.NumVar(site.grid.peak_so_far, inf, "")
    cost = site.grid.peak_price * peak
    warm: list[object] = [0.0 for _ in steps]
    power: list[object] = [taken[t] - given[t] for t in steps]
    for t in steps:
        solver.Add(taken[t] <= peak)
        cost += h * (buy[t] * taken[t] - sell[t] * given[t])
    pairs = [(taken, given)]
    for source in site.sources:
        for t in steps:
            made = solver.NumVar(0, float(source.available[t]), "")
            power[t] += made
            cost += h * source.cost * made
    for s in site.stores:
        before = s.start * s.capacity
        into = [solver.NumVar(0, s.charge, "") for _ in steps]
        out = [solver.NumVar(0, s.discharge, "") for _ in steps]
        pairs.append((into, out))
        for t in steps:
            now = solver.NumVar(s.lowest * s.capacity, s.highest * s.capacity, "")
            stored = before * (1 - s.loss) ** h + h * (s.efficiency_in * into[t] - out[t] / s.efficiency_out)
            solver.Add(now == stored)
            power[t] += out[t] - into[t]
            cost += h * s.wear * out[t]
            before = now
        solver.Add(before >= (s.start if s.end is None else s.end) * s.capacity)
    for c in site.chps:
        last: object = int(c.on)
        for t in steps:
            run, on, begun = solver.NumVar(0, c.most, ""), solver.IntVar(0, 1, ""), solver.NumVar(0, 1, "")
            solver.Add(run <= c.most * on)
            solver.Add(run >= c.least * on)
            solver.Add(begun >= on - last)
            cost += h * c.fuel / c.efficiency * run + c.start_cost * begun
            power[t] += run
            warm[t] += c.heat * run
            last = on
    for b in site.boilers:
        for t in steps:
            made = solver.NumVar(0, b.most, "")
            warm[t] += made
            cost += h * b.fuel / b.efficiency * made
    for f in site.flexible:
        used = [solver.NumVar(0, f.most if f.first <= t < f.last else 0, "") for t in steps]
        solver.Add(h * sum(used) == f.energy)
        for t in steps:
            power[t] -= used[t]
    busy: dict[tuple[str, int], object] = {}
    for b in site.batches:
        starts = {t: solver.IntVar(0, 1, "") for t in range(b.first, b.last - len(b.profile) + 1)}
        solver.Add(sum(starts.values()) == 1)
        for t, start in starts.items():
            for at, kw in enumerate(b.profile):
                power[t + at] -= float(kw) * start
                busy[b.machine, t + at] = busy.get((b.machine, t + at), 0) + start
    for (machine, _), many in busy.items():
        if machine:
            solver.Add(many <= 1)
    for t in steps:
        solver.Add(power[t] == float(site.load[t]))
        if site.heat is not None:
            solver.Add(warm[t] >= float(site.heat[t]))
    if one_way:
        for one, other in pairs:
            for t in steps:
                side = solver.IntVar(0, 1, "")
                solver.Add(one[t] <= 2000 * side)
                solver.Add(other[t] <= 2000 * (1 - side))
    solver.Minimize(cost)
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return float(solver.Objective().Value())
