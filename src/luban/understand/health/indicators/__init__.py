"""Condition indicators: what a signal of a machine looks like, stretch by stretch, each compared within its regime.

Reads   values in order of time, from facts or a file, and what the machine did meanwhile: product, load, speed
Writes  nothing: indicators with their units, what they do not allow, and what is odd about the data
"""

from luban.understand.health.indicators.bearing import Bearing
from luban.understand.health.indicators.cycles import Cycle, CycleStream, cycles_by_signal, cycles_by_state
from luban.understand.health.indicators.describe import describe, described
from luban.understand.health.indicators.doubt import Doubt, DoubtWatch, doubts_of
from luban.understand.health.indicators.envelope import Band, band_of, envelope_of, envelope_spectrum
from luban.understand.health.indicators.orders import Turned, order_spectrum, turned_by_speed, turned_by_tacho
from luban.understand.health.indicators.ratios import Flow, Ratio, amount, efficiency
from luban.understand.health.indicators.regimes import UNSEEN, Compared, Regimes, Score, Usual, learn_usual
from luban.understand.health.indicators.shape import SHAPES, shape_of
from luban.understand.health.indicators.spectrum import Spectrum, spectrum_of
from luban.understand.health.indicators.stream import IndicatorStream, Look, Stretch, stretches

__all__ = [
    "SHAPES",
    "UNSEEN",
    "Band",
    "Bearing",
    "Compared",
    "Cycle",
    "CycleStream",
    "Doubt",
    "DoubtWatch",
    "Flow",
    "IndicatorStream",
    "Look",
    "Ratio",
    "Regimes",
    "Score",
    "Spectrum",
    "Stretch",
    "Turned",
    "Usual",
    "amount",
    "band_of",
    "cycles_by_signal",
    "cycles_by_state",
    "describe",
    "described",
    "doubts_of",
    "efficiency",
    "envelope_of",
    "envelope_spectrum",
    "learn_usual",
    "order_spectrum",
    "shape_of",
    "spectrum_of",
    "stretches",
    "turned_by_speed",
    "turned_by_tacho",
]
