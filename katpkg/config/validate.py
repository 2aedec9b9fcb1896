"""From plain values to the model, with every error at once and in the reader's words."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from katpkg.config.layers import Path, shown
from katpkg.errors import ConfigError
from katpkg.model.module import ModuleSpec
from katpkg.model.payload import DebPayload, MetaPayload, TreePayload, WheelPayload

T = TypeVar("T")

PAYLOADS: dict[str, type[object]] = {
    "wheel": WheelPayload,
    "tree": TreePayload,
    "deb": DebPayload,
    "meta": MetaPayload,
}

WORDS = {
    "missing": "missing key {key!r}",
    "unexpected_keyword_argument": "unknown key {key!r}",
    "extra_forbidden": "unknown key {key!r}",
    "string_type": "expected text, got {input}",
    "int_type": "expected a number, got {input}",
    "int_parsing": "expected a number, got {input}",
    "bool_type": "expected true or false, got {input}",
    "bool_parsing": "expected true or false, got {input}",
    "tuple_type": "expected a list, got {input}",
    "dataclass_type": "expected a table, got {input}",
    "path_type": "expected a path, got {input}",
}


def validate(kind: type[T], values: Mapping[str, object], file: str, at: Path = ()) -> T | list[ConfigError]:
    """``values`` as a ``kind``, or every error in them; ``file`` and ``at`` say where they stand."""
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        return [_explain(kind, dict(each), file, at) for each in error.errors(include_url=False)]


def validate_module(values: Mapping[str, object], file: str) -> ModuleSpec | list[ConfigError]:
    """A module. Its payload is judged by its kind alone, so that errors are about that kind."""
    payload = values.get("payload")
    if not isinstance(payload, Mapping):
        return validate(ModuleSpec, values, file)
    kind = payload.get("kind")
    if kind not in PAYLOADS:
        near = difflib.get_close_matches(str(kind), PAYLOADS, n=1)
        return [
            ConfigError(
                f"there is no payload kind {kind!r}" if kind else "missing key 'kind'",
                where=f"{file}: payload.kind",
                hint=f"did you mean {near[0]!r}?" if near else f"one of {', '.join(PAYLOADS)}",
            )
        ]
    checked = validate(PAYLOADS[str(kind)], payload, file, ("payload",))
    if not isinstance(checked, list):
        return validate(ModuleSpec, {**values, "payload": checked}, file)
    rest = {**values, "payload": MetaPayload(kind="meta", modules=(), version="0")}  # type: ignore[arg-type]
    others = validate(ModuleSpec, rest, file)
    return checked + (others if isinstance(others, list) else [])


def _explain(kind: type[object], error: Mapping[str, Any], file: str, at: Path) -> ConfigError:
    path = tuple(part for part in error["loc"] if not (isinstance(part, str) and part[:1].isupper()))
    key = str(path[-1]) if path else ""
    unknown = error["type"] in ("unexpected_keyword_argument", "extra_forbidden")
    place = path[:-1] if error["type"] == "missing" or unknown else path
    where = f"{file}: {shown((*at, *place))}" if (*at, *place) else file
    hint = _did_you_mean(key, _keys_at(kind, path[:-1])) if unknown else None
    return ConfigError(_message(error, key), where=where, hint=hint)


def _message(error: Mapping[str, Any], key: str) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in ("enum", "literal_error"):
        return f"expected {error['ctx']['expected']}, got {_named(error['input'])}"
    words = WORDS.get(error["type"])
    return words.format(key=key, input=_named(error["input"])) if words else str(error["msg"])


def _named(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list"
        case _:
            return repr(value)


def _did_you_mean(key: str, known: list[str]) -> str | None:
    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known here: {', '.join(sorted(known))}" if known else None


def _keys_at(kind: object, path: Path) -> list[str]:
    """The keys of the table at ``path`` in a value of ``kind``."""
    for part in path:
        kind = _inner(kind) if isinstance(part, int) else _field(kind, part)
    found = _dataclass(kind)
    return [each.name for each in dataclasses.fields(found)] if found else []


def _field(kind: object, name: str) -> object:
    found = _dataclass(kind)
    return typing.get_type_hints(found).get(name) if found else None


def _inner(kind: object) -> object:
    return next(iter(typing.get_args(kind)), None)


def _dataclass(kind: object) -> type[Any] | None:
    for each in (kind, *(typing.get_args(kind) if isinstance(kind, types.UnionType) else ())):
        if isinstance(each, type) and dataclasses.is_dataclass(each) and not issubclass(each, Enum):
            return each
    return None
