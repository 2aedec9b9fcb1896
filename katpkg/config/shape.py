"""What the model's types ask of a table: its keys, and what each may hold. The validator and the schema go by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, TypeGuard, get_args, get_origin, get_type_hints

KIND = "kind"
"""The key by which the tables of a union are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a table, and the type of its value."""

    hint: object
    default: object
    """MISSING when it must be given, or when its default is a table of defaults."""
    required: bool


_KEYS: dict[type[Any], Mapping[str, Key]] = {}
"""What was found out about a table; that takes longer than reading one."""


def is_table(hint: object) -> TypeGuard[type[Any]]:
    """Whether values of the type are tables."""
    return isinstance(hint, type) and is_dataclass(hint)


def keys_of(table: type[Any]) -> Mapping[str, Key]:
    """The keys that ``table`` may have, in their order."""
    if table not in _KEYS:
        hints = get_type_hints(table)
        _KEYS[table] = {
            each.name: Key(
                hint=hints[each.name],
                default=each.default,
                required=each.default is MISSING and each.default_factory is MISSING,
            )
            for each in fields(table)
        }
    return _KEYS[table]


def alternatives(hint: object) -> tuple[object, ...]:
    """What a value may be: the members of a union without None, which no file can say; else the type alone."""
    if not isinstance(hint, UnionType):
        return (hint,)
    return tuple(each for each in get_args(hint) if each is not NoneType)


def kinds_of(union: object) -> Mapping[str, type[Any]]:
    """The tables of a union by the one value that the key ``kind`` has in each."""
    tables = [each for each in alternatives(union) if is_table(each)]
    return {name: table for table in tables for name in values_of(keys_of(table)[KIND].hint)}


def default_kind(kinds: Mapping[str, type[Any]]) -> str | None:
    """The kind that is meant when a table says none: the one that has it as its default."""
    return next((name for name, table in kinds.items() if keys_of(table)[KIND].default == name), None)


def values_of(hint: object) -> Mapping[str, object]:
    """The few values of an enum or a Literal, each by what a file says for it; none of any other type."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {each.value: each for each in hint}
    return {each: each for each in get_args(hint)} if get_origin(hint) is Literal else {}
