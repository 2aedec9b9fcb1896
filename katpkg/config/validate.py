"""From plain values to the model, with every error at once and in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args, get_origin

from katpkg.config.layers import Path, shown
from katpkg.config.nearest import did_you_mean, unknown_key
from katpkg.config.shape import KIND, Key, alternatives, default_kind, is_table, keys_of, kinds_of, values_of
from katpkg.errors import ConfigError
from katpkg.model.names import Name

T = TypeVar("T")

PLAIN: dict[object, str] = {str: "text", int: "a number", bool: "true or false"}
"""Types whose values are taken as they are, never converted, and how a reader calls them."""

WRONG = object()
"""Stands for a value that is none; what it is part of is never made."""


def validate(kind: type[T], values: object, file: str, at: Path = ()) -> T | list[ConfigError]:
    """``values`` as a ``kind``, or every error in them; ``file`` and ``at`` say where they stand."""
    reading = _Reading(file)
    found = reading.value(kind, values, at)
    return reading.errors if reading.errors or not isinstance(found, kind) else found


class _Reading:
    """One file's values on their way into the model; what is wrong is noted, and WRONG stands for it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.errors: list[ConfigError] = []

    def value(self, hint: object, value: object, at: Path) -> Any:  # noqa: ANN401  # a value of the type ``hint``
        """``value`` as the type says."""
        only, *others = alternatives(hint)
        if others:
            return self._one_of(kinds_of(hint), value, at)
        if is_table(only):
            return self._table(only, value, at)
        if get_origin(only) is tuple:
            return self._list(get_args(only)[0], value, at)
        return self._single(only, value, at)

    def _table(self, table: type[Any], value: object, at: Path) -> object:
        if not isinstance(value, Mapping):
            return self._expected("a table", value, at)
        before = len(self.errors)
        known = keys_of(table)
        given = dict(self._given(known, value, at))
        for key in value:
            if key not in known:
                self.errors.append(unknown_key(key, known, self._where(at)))
        return table(**given) if len(self.errors) == before else WRONG

    def _given(self, known: Mapping[str, Key], values: Mapping[str, object], at: Path) -> Iterator[tuple[str, object]]:
        for name, key in known.items():
            if name in values:
                yield name, self.value(key.hint, values[name], (*at, name))
            elif key.required:
                self._wrong(f"missing key {name!r}", at)

    def _list(self, hint: object, value: object, at: Path) -> object:
        if not isinstance(value, list | tuple):
            return self._expected("a list", value, at)
        return tuple(self.value(hint, each, (*at, number)) for number, each in enumerate(value))

    def _one_of(self, kinds: Mapping[str, type[Any]], value: object, at: Path) -> object:
        """A table that is judged by its kind alone, so that errors are about that kind."""
        if not isinstance(value, Mapping):
            return self._expected("a table", value, at)
        kind = value.get(KIND, default_kind(kinds))
        if isinstance(kind, str) and kind in kinds:
            return self._table(kinds[kind], value, at)
        said = f"there is no {at[-1]} kind {kind!r}" if kind else f"missing key {KIND!r}"
        hint = did_you_mean(str(kind), kinds) or f"one of {', '.join(kinds)}"
        return self._wrong(said, (*at, KIND), hint)

    def _single(self, hint: object, value: object, at: Path) -> object:
        if hint in PLAIN:
            return value if type(value) is hint else self._expected(PLAIN[hint], value, at)
        if hint is FilePath:
            return FilePath(value) if isinstance(value, str) else self._expected("a path", value, at)
        if isinstance(hint, type) and issubclass(hint, Name):
            return self._name(hint, value, at)
        members = values_of(hint)
        if isinstance(value, str) and value in members:
            return members[value]
        return self._expected(_counted(list(members)), value, at)

    def _name(self, kind: type[Name], value: object, at: Path) -> object:
        if not isinstance(value, str):
            return self._expected(PLAIN[str], value, at)
        try:
            return kind(value)
        except ValueError as error:
            return self._wrong(str(error), at)

    def _expected(self, what: str, value: object, at: Path) -> object:
        return self._wrong(f"expected {what}, got {_named(value)}", at)

    def _wrong(self, message: str, at: Path, hint: str | None = None) -> object:
        self.errors.append(ConfigError(message, where=self._where(at), hint=hint))
        return WRONG

    def _where(self, at: Path) -> str:
        return f"{self._file}: {shown(at)}" if at else self._file


def _counted(values: Sequence[str]) -> str:
    *most, last = map(repr, values)
    return f"{', '.join(most)} or {last}" if most else last


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
