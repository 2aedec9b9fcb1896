"""JSON Schema of the files of a definition, so that editors complete and check them."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from katpkg.config.project import TABLES
from katpkg.model.module import ModuleSpec
from katpkg.model.target import Release

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def main_schema() -> dict[str, Any]:
    """Of katpkg.toml."""
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {
        "targets": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "pattern": "^[a-z][a-z0-9]*/[a-z0-9-]+$"},
            "description": "What is built: CODENAME/ARCHITECTURE.",
        }
    }
    for name, kind in TABLES.items():
        properties[name] = _schema(kind, definitions)
    release = _schema(Release, definitions)
    release["required"] = []
    properties["release"] = {"type": "object", "additionalProperties": release}
    return {
        "$schema": DIALECT,
        "title": "katpkg.toml",
        "type": "object",
        "additionalProperties": False,
        "required": ["archive", "signing", "targets"],
        "properties": properties,
        "$defs": definitions,
    }


def module_schema() -> dict[str, Any]:
    """Of a file modules/NAME.toml."""
    definitions: dict[str, Any] = {}
    schema = _schema(ModuleSpec, definitions)
    schema["required"] = [name for name in schema["required"] if name != "name"]
    schema["properties"]["target"] = {
        "type": "object",
        "description": "What differs for a release, by its codename: any of the keys here.",
        "additionalProperties": {"type": "object"},
    }
    return {"$schema": DIALECT, **schema, "title": "modules/NAME.toml", "$defs": definitions}


def _schema(kind: type[object], definitions: dict[str, Any]) -> dict[str, Any]:
    schema = TypeAdapter(kind).json_schema()
    definitions.update(schema.pop("$defs", {}))
    return schema
