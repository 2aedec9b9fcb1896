"""JSON Schema of the files of a definition, so that editors complete and check them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_origin

from katpkg.config.archive import TABLES
from katpkg.config.shape import Key, alternatives, is_table, keys_of, values_of
from katpkg.model.archive import ArchiveDefinition
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Name
from katpkg.model.target import Release

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Path: {"type": "string", "format": "path"},
}
TARGETS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "pattern": "^[a-z][a-z0-9]*/[a-z0-9_-]+$"},
    "description": "What is built: CODENAME/ARCHITECTURE.",
}
EXTENDS: Schema = {
    "type": "string",
    "format": "path",
    "description": "The directory of another definition, which this one is laid over: what that one's files say holds "
    "where these say nothing. Tables are merged, unless they are of another kind; the rest is replaced.",
}
DIFFERENCES: Schema = {
    "type": "object",
    "description": "What differs for a release, by its codename: any of the keys here.",
    "additionalProperties": {"type": "object"},
}


def main_schema() -> Schema:
    """Of katpkg.toml."""
    definitions: dict[str, Schema] = {}
    properties = {name: _whole(name, kind, definitions) for name, kind in TABLES.items()}
    release = _table(Release, definitions) | {"required": []}  # what is built in need not be said again
    return {
        "$schema": DIALECT,
        "title": "katpkg.toml",
        "type": "object",
        "additionalProperties": False,
        "if": {"not": {"required": ["extends"]}},
        "then": {"required": ["archive", "signing", "targets"]},
        "properties": {
            "extends": EXTENDS,
            "targets": TARGETS,
            **properties,
            "release": {"type": "object", "additionalProperties": release},
        },
        "$defs": definitions,
    }


def module_schema() -> Schema:
    """Of a file modules/NAME.toml."""
    definitions: dict[str, Schema] = {}
    schema = _table(ModuleSpec, definitions)
    schema["required"] = [name for name in schema["required"] if name != "name"]  # the file's name says it
    schema["properties"]["target"] = DIFFERENCES
    return {"$schema": DIALECT, **schema, "title": "modules/NAME.toml", "$defs": definitions}


def _whole(name: str, hint: object, definitions: dict[str, Schema]) -> Schema:
    if is_table(hint):
        return _table(hint, definitions)
    return _value(hint, definitions) | {"description": _docstrings(ArchiveDefinition)[name]}


def _table(table: type[Any], definitions: dict[str, Schema]) -> Schema:
    keys, words = keys_of(table), _docstrings(table)
    return {
        "type": "object",
        "title": table.__name__,
        "description": inspect.cleandoc(table.__doc__ or ""),
        "additionalProperties": False,
        "required": [name for name, key in keys.items() if key.required],
        "properties": {name: _key(key, words.get(name), definitions) for name, key in keys.items()},
    }


def _key(key: Key, words: str | None, definitions: dict[str, Schema]) -> Schema:
    schema = _value(key.hint, definitions)
    if words:
        schema["description"] = words
    if key.default not in (MISSING, None):
        schema["default"] = _plain(key.default)
    return schema


def _value(hint: object, definitions: dict[str, Schema]) -> Schema:
    only, *others = alternatives(hint)
    if others:
        return {"anyOf": [_value(each, definitions) for each in (only, *others)]}
    if get_origin(only) is tuple:
        return {"type": "array", "items": _value(get_args(only)[0], definitions)}
    if is_table(only) or (isinstance(only, type) and issubclass(only, Enum)):
        return _defined(only, definitions)
    if isinstance(only, type) and issubclass(only, Name):
        return {"type": "string", "pattern": f"^{only.pattern}$"}
    if only in PLAIN:
        return dict(PLAIN[only])
    values = list(values_of(only))
    return {"type": "string", **({"const": values[0]} if len(values) == 1 else {"enum": values})}


def _defined(kind: type[Any], definitions: dict[str, Schema]) -> Schema:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}  # a table may hold itself
        definitions[name] = _table(kind, definitions) if is_table(kind) else _enum(kind)
    return {"$ref": f"#/$defs/{name}"}


def _enum(kind: type[Any]) -> Schema:
    words = inspect.cleandoc(kind.__doc__ or "")
    return {"type": "string", "title": kind.__name__, "description": words, "enum": list(values_of(kind))}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case tuple():
            return [_plain(each) for each in value]
        case Path():
            return str(value)
        case _:
            return value


def _docstrings(table: type[Any]) -> Mapping[str, str]:
    """What the model says about each key: the text below it in the source."""
    (definition,) = ast.parse(inspect.getsource(table)).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101  # it is the source of a class
    return dict(_told(definition.body))


def _told(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, below in pairwise(body):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                yield name, inspect.cleandoc(words)
            case _:
                pass
