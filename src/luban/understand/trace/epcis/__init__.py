"""EPCIS 2.0, in and out: documents checked, read as facts, written from facts.

Reads   JSON and JSON-LD documents, Fact(genealogy, movement)
Writes  rows of facts, documents
"""

from luban.understand.trace.epcis.check import EVENTS, Complaint, check_document, check_event, check_query
from luban.understand.trace.epcis.names import name_of, uri_of
from luban.understand.trace.epcis.read import EpcisFacts, events_of, facts_of, read_epcis
from luban.understand.trace.epcis.write import document_of, events_from
from luban.understand.trace.epcis.xml import from_xml

__all__ = [
    "EVENTS", "Complaint", "EpcisFacts", "check_document", "check_event", "check_query", "document_of", "events_from",
    "events_of", "facts_of", "from_xml", "name_of", "read_epcis", "uri_of",
]  # fmt: skip
