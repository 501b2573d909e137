"""JSON Schema of plant.toml, made from its models, so that editors complete and underline.

Inlined and limited to keywords of draft 4, because editors' TOML plug-ins stop there.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from luban.plant.settings import PlantFile

__all__ = ["schema", "schema_of"]


def schema() -> dict[str, Any]:
    """JSON Schema of plant.toml."""
    return schema_of(PlantFile)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of a TOML file that has this shape."""
    made = model.model_json_schema()
    definitions = made.pop("$defs", {})
    return {"$schema": "http://json-schema.org/draft-04/schema#", **_plain(made, definitions)}


def _plain(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _plain(target | {key: value for key, value in node.items() if key != "$ref"}, definitions)
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            found[key] = {name: _plain(part, definitions) for name, part in value.items()}
        elif key == "const":
            found["enum"] = [value]
        elif key not in {"title", "examples"} and not (key == "default" and isinstance(value, dict)):
            found[key] = _plain(value, definitions)
    return found
