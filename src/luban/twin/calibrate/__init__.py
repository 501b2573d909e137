"""Calibrate: from a ledger of facts to a twin that runs, with the evidence for each parameter.

Reads  Fact(state, operation, event, meter)    Writes nothing: a `Calibration` with the model and its findings.
"""

from luban.twin.calibrate.calibration import Calibration, calibrate
from luban.twin.calibrate.evidence import Evidence, Finding, Unknown
from luban.twin.calibrate.fitting import Fit, fit
from luban.twin.calibrate.likelihood import Sample
from luban.twin.calibrate.validate import Judged, Validation, validate

__all__ = [
    "Calibration",
    "Evidence",
    "Finding",
    "Fit",
    "Judged",
    "Sample",
    "Unknown",
    "Validation",
    "calibrate",
    "fit",
    "validate",
]
