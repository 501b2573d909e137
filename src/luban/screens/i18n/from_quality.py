"""Sentences about quality and health that lower floors make: rules, notes, reasons."""

from __future__ import annotations

from luban.act import words as act
from luban.decide.green import words as green_processes
from luban.decide.improve import words as improve
from luban.decide.maintain import words as maintain
from luban.decide.setpoint import words as setpoint
from luban.loop import words as loop
from luban.loop.deciding import quality_words
from luban.rollup import comparison_words, indicator_words, progress_words, review_words
from luban.rollup.protect import words as protect
from luban.rollup.returns import words as returns
from luban.screens.i18n import from_cost, from_health, from_page, from_programmes, from_remote, from_trace
from luban.understand.cost import words as cost
from luban.understand.energy import words as energy
from luban.understand.green import words as green
from luban.understand.health.alarms import words as alarms
from luban.understand.health.anomaly import notes as anomaly
from luban.understand.health.diagnosis import words as diagnosis
from luban.understand.health.indicators import words as indicators
from luban.understand.health.life import words as life
from luban.understand.health.lifetime import words as lifetime
from luban.understand.health.machine import words as machine
from luban.understand.health.retrofit import words as retrofit
from luban.understand.quality import gauge_words, relation_words
from luban.understand.quality.capability import words as capability
from luban.understand.quality.gauge_study import words as gauge_study
from luban.understand.quality.inspection import words as inspection
from luban.understand.quality.read import words as read
from luban.understand.quality.sampling import words as sampling
from luban.understand.quality.spc import words as spc
from luban.understand.trace import words as trace
from luban.verify import words as verify

__all__ = ["quality_sentences"]


def quality_sentences() -> tuple[str, ...]:
    """All of them."""
    wings = (
        from_cost,
        from_health,
        from_page,
        from_programmes,
        from_remote,
        from_trace,
        spc,
        capability,
        gauge_study,
        sampling,
        setpoint,
        relation_words,
        improve,
        maintain,
        inspection,
        read,
        gauge_words,
        lifetime,
        alarms,
        anomaly,
        diagnosis,
        indicators,
        retrofit,
        life,
        machine,
        trace,
        act,
        loop,
        quality_words,
        energy,
        green,
        green_processes,
        cost,
        verify,
        returns,
        progress_words,
        review_words,
        comparison_words,
        indicator_words,
        protect,
    )
    return tuple(sentence for wing in wings for sentence in wing.SENTENCES)
