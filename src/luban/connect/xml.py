"""XML from a wire or a file: parsed with everything dangerous switched off."""

from __future__ import annotations

from lxml import etree

from luban.core.errors import PayloadError

__all__ = ["LIMIT", "document", "name_of"]

LIMIT = 64 * 1024 * 1024  # one document [bytes]; a full agent buffer of 131,072 observations is about 30 MB


def document(data: bytes, *, where: str = "", limit: int = LIMIT) -> etree._Element:
    """Root element of one XML document.

    No entity is resolved, nothing is fetched, no DTD is read, libxml2's own depth and size limits stay on.

    data    the document [bytes]
    where   whom to name in the message
    limit   longest document accepted [bytes]
    Raises  PayloadError if it is too long or not well formed
    """
    if len(data) > limit:
        raise PayloadError("document too long", came=f"{len(data)} bytes", expected=f"at most {limit}", where=where)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PayloadError("not well-formed XML", came=str(error), where=where) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise PayloadError("document with a DOCTYPE", expected="plain XML without a DTD", where=where)
    return root


def name_of(element: etree._Element) -> str:
    """The element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
