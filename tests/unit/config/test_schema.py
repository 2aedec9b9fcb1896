"""The validator and the JSON Schema are two readings of one model: what one takes, the other takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from katpkg.config.archive import TABLES
from katpkg.config.schema import DIALECT, main_schema, module_schema
from katpkg.config.shape import alternatives, is_table, keys_of, values_of
from katpkg.config.validate import validate
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Name
from katpkg.model.target import Release

MODULE = {key: each for key, each in module_schema().items() if key != "properties"} | {
    "properties": {key: each for key, each in module_schema()["properties"].items() if key != "target"},
    "required": [*module_schema()["required"], "name"],
}
"""The schema of a module that has its name in it, as the validator sees one."""

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.just(1.5),  # 1.0 is an integer in JSON, and none in TOML
    st.sampled_from(["", "a", "kat-web", "/var/lib/x", "A_B", "two\nlines", "/a/../b", "strict", "wheel", "any"]),
    st.lists(st.just("x"), max_size=2),
    st.dictionaries(st.sampled_from(["kind", "name", "x"]), st.just("x"), max_size=2),
)
"""Values that are right in few places."""


def right(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the model, as a file says them."""
    only, *others = alternatives(hint)
    if others:
        return st.one_of(*map(right, (only, *others)))
    if is_table(only):
        return tables(only)
    if get_origin(only) is tuple:
        return st.lists(right(get_args(only)[0]), max_size=2)
    if counted := values_of(only):
        return st.sampled_from(list(counted))
    if isinstance(only, type) and issubclass(only, Name):
        return st.from_regex(re.compile(only.pattern, re.ASCII), fullmatch=True)
    return st.booleans() if only is bool else st.integers(0, 9) if only is int else st.sampled_from(["", "a/b"])


def tables(table: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with all they need and some of what they may have."""
    keys = keys_of(table)
    needed = {name: right(key.hint) for name, key in keys.items() if key.required}
    return st.fixed_dictionaries(needed, optional={name: right(keys[name].hint) for name in keys if name not in needed})


@st.composite
def spoiled(draw: st.DrawFn, table: Any) -> dict[str, Any]:
    """A table that is right, or wrong in one or two places at any depth."""
    tree: dict[str, Any] = draw(right(table))
    for _ in range(draw(st.integers(0, 2))):
        inside, key = draw(st.sampled_from([*places(tree), (tree, "unknown")]))
        if draw(st.booleans()) and key in inside:
            del inside[key]
        else:
            inside[key] = draw(ODD)
    return tree


def places(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Every key of every table in ``value``."""
    if isinstance(value, dict):
        yield from ((value, key) for key in value)
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from places(each)


def takes(schema: dict[str, Any], value: object) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))


@settings(max_examples=300)
@given(spoiled(ModuleSpec))
def test_a_module_is_right_for_the_schema_exactly_when_it_is_for_the_validator(tree: dict[str, Any]) -> None:
    found = validate(ModuleSpec, tree, "modules/web.toml")
    assert takes(MODULE, tree) == isinstance(found, ModuleSpec), found


@pytest.mark.parametrize("name", [*TABLES, "release"])
def test_a_table_is_right_for_the_schema_exactly_when_it_is_for_the_validator(name: str) -> None:
    kind: Any = TABLES.get(name, Release)
    whole = main_schema()
    schema = whole["properties"][name]
    if name == "release":
        schema = schema["additionalProperties"] | {"required": [n for n, key in keys_of(kind).items() if key.required]}

    @settings(max_examples=100)
    @given(spoiled(kind))
    def both_agree(tree: dict[str, Any]) -> None:
        found = validate(kind, tree, "katpkg.toml", (name,))
        assert takes({**schema, "$defs": whole["$defs"]}, tree) == isinstance(found, kind), found

    both_agree()


@settings(max_examples=100)
@given(spoiled(ModuleSpec), st.data())
def test_each_mistake_that_is_made_is_told_whatever_else_is_wrong(tree: dict[str, Any], data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(["summary", "queue", "services", "payload"]), min_size=1))
    found = validate(ModuleSpec, tree | dict.fromkeys(names, 1.5), "modules/web.toml")
    assert isinstance(found, list)
    told = {error.where for error in found}
    assert {f"modules/web.toml: {name}" for name in names} <= told


@pytest.mark.parametrize("schema", [main_schema(), module_schema()], ids=["katpkg.toml", "modules/NAME.toml"])
def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"status": "200"}, "expected a number, got '200'"),
        ({"status": True}, "expected a number, got true"),
        ({"status": 200.0}, "expected a number, got 200.0"),
        ({"contains": 1}, "expected text, got 1"),
    ],
)
def test_no_value_is_converted(values: dict[str, object], message: str) -> None:
    health = {"url": "http://127.0.0.1/", **values}
    service = {"name": "a", "description": "b", "exec": "/c", "health": health}
    found = validate(ModuleSpec, {"services": [service]}, "modules/web.toml")
    assert isinstance(found, list)
    assert message in [error.message for error in found]
