"""The ISO 22400 catalogue: complete by name, dated, consistent with its elements."""

from __future__ import annotations

import re

import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.units import parse_unit
from luban.norms import TimeElement, elements, kpi, kpi_catalogue, time_elements
from luban.norms.dated import entries

COMPUTED = {
    "availability", "effectiveness", "quality_ratio", "oee", "nee", "utilization_efficiency", "allocation_efficiency",
    "throughput_rate", "scrap_ratio", "rework_ratio", "mtbf", "mttr", "setup_ratio", "technical_efficiency",
}  # fmt: skip

# Formulas as in the published ontology w3id.org/hsu-aut/ISO22400-2 (its ASUT and PRU are AUST and PRI of the text).
PUBLISHED = {
    "worker_efficiency": "APWT / APAT",
    "allocation_efficiency": "AUBT / PBT",
    "utilization_efficiency": "APT / AUBT",
    "throughput_rate": "PQ / AOET",
    "availability": "APT / PBT",
    "effectiveness": "PRI × PQ / APT",
    "quality_ratio": "GQ / PQ",
    "setup_ratio": "AUST / AUPT",
    "technical_efficiency": "APT / (APT + ADET)",
    "actual_to_planned_scrap_ratio": "SQ / PSQ",
    "first_pass_yield": "GP / IP",
    "scrap_ratio": "SQ / PQ",
    "rework_ratio": "RQ / PQ",
    "finished_goods_ratio": "GQ / CM",
    "integrated_goods_ratio": "IGQ / CM",
    "production_loss_ratio": "PL / CM",
    "storage_and_transportation_loss_ratio": "STL / CM",
    "other_loss_ratio": "OL / CM",
    "equipment_load_ratio": "PQ / EPC",
    "corrective_maintenance_ratio": "CMT / (CMT + PMT)",
}


def test_thirty_four_by_name():
    assert len(kpi_catalogue()) == 34
    assert {key for key, entry in kpi_catalogue().items() if entry.computed} == COMPUTED


@pytest.mark.parametrize(("name", "formula"), PUBLISHED.items())
def test_formula(name, formula):
    assert kpi(name).formula == formula


@pytest.mark.parametrize("entry", kpi_catalogue().values(), ids=lambda entry: entry.id)
def test_each_entry_is_whole(entry):
    assert all(entry.names[language] for language in ("en", "zh", "ko"))
    assert entry.low < entry.high
    assert entry.good in {"up", "down"}
    assert entry.edition == "ISO 22400-2:2014"
    assert "2014" in entry.provenance.reference
    assert parse_unit(entry.unit)
    symbols = set(re.findall(r"\b[A-Z]{1,5}\b", entry.formula))
    assert symbols <= set(entry.elements)
    assert set(entry.elements) <= set(elements())


def test_no_2022_claim_is_made_without_saying_so():
    assert all("unverified" in entry.provenance.reference for entry in kpi_catalogue().values())


def test_time_model_adds_up():
    """AUPT = APT + AUST, AUBT = AUPT + ADET; the flags of the enumeration say the same as the data."""
    busy = {element.value for element in TimeElement if element.is_busy}
    processing = {element.value for element in TimeElement if element.is_processing}
    assert set(elements()["AUBT"].sum_of) == busy
    assert set(elements()["AUPT"].sum_of) == processing
    assert [element for element in TimeElement if not element.is_planned] == [TimeElement.PDOT]
    assert [element for element in TimeElement if not element.is_known] == [TimeElement.UNKNOWN]


def test_tiling_elements_are_described():
    assert list(time_elements()) == list(TimeElement)
    assert all(element.kind == "time" and element.provenance.unit == "s" for element in time_elements().values())


@pytest.mark.parametrize("element", elements().values(), ids=lambda element: element.id)
def test_each_element_is_whole(element):
    assert element.kind in {"time", "quantity"}
    assert element.meaning
    assert all(element.names[language] for language in ("en", "zh", "ko"))
    assert parse_unit(element.provenance.unit)
    assert set(element.sum_of) <= set(elements())


def test_unknown_indicator():
    with pytest.raises(InputError, match="did you mean availability"):
        kpi("availabilty")


@pytest.mark.parametrize(
    ("data", "missing"),
    [
        ({"unit": "1", "start": "x"}, "reference"),
        ({"reference": "r", "unit": "1"}, "start"),
        ({"reference": "r", "unit": "1", "start": "2014-01-15"}, "start is not a date"),
    ],
)
def test_a_value_without_provenance_does_not_load(data, missing):
    with pytest.raises(ConfigError, match=missing):
        list(entries(data | {"kpi": {"x": {"value": 1}}}, "kpi", "test.toml"))
