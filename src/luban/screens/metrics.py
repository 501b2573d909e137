"""`/metrics` in Prometheus text: links, ages, states, newest values. Nothing is pushed anywhere."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from luban.screens.service import PlantView

__all__ = ["exposition"]


def exposition(view: PlantView) -> str:
    """All gauges of one plant.

    luban_state is 1 for the state in force and absent for the others; a unit that nobody can vouch for is `unknown`.
    """
    now = view.now(fresh=1_000_000)
    registry = CollectorRegistry()
    head = Gauge("luban_ledger_head", "Newest seq of the books.", registry=registry)
    up = Gauge("luban_source_up", "1 where the link is proved up.", ["source", "type"], registry=registry)
    age = Gauge("luban_source_age_seconds", "Since the link was last proved.", ["source"], registry=registry)
    gaps = Gauge("luban_source_gaps_24h", "Gap facts of the last 24 h.", ["source"], registry=registry)
    refused = Gauge(
        "luban_source_quarantined_24h", "Messages put aside in the last 24 h.", ["source"], registry=registry
    )
    state = Gauge("luban_state", "1 for the state in force.", ["unit", "state", "element"], registry=registry)
    value = Gauge("luban_signal", "Newest good value.", ["signal", "unit"], registry=registry)
    old = Gauge("luban_signal_age_seconds", "Age of the newest value.", ["signal"], registry=registry)
    head.set(now.head)
    for source in now.sources.values():
        up.labels(source.id, source.type).set(source.link == "up")
        gaps.labels(source.id).set(source.gaps)
        refused.labels(source.id).set(source.quarantined)
        if source.seen is not None:
            age.labels(source.id).set((now.time - source.seen) / 1e6)
    for unit in now.units.values():
        if unit.kind:
            state.labels(unit.path, unit.state or "unknown", unit.element).set(1)
    for signal in now.signals.values():
        if signal.time is not None:
            old.labels(signal.id).set((now.time - signal.time) / 1e6)
        if signal.value is not None and signal.doubt == "good":
            value.labels(signal.id, signal.unit).set(signal.value)
    return generate_latest(registry).decode()
