"""What a value of a schema may be, in a reader's words."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from katpkg.model import names
from katpkg.model.names import Name
from scripts.docs.markdown import code, prose

Schema = Mapping[str, Any]

MODEL = Path(names.__file__).parent

KINDS = {
    "string": "text",
    "integer": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "table",
}
"""JSON Schema's words in a reader's."""


def kind(schema: Schema) -> str:
    """The type of a value: ``list of package names``."""
    alternatives = parts(schema)
    if "properties" in alternatives[0]:
        return "list of tables" if is_list(schema) else "table"
    inner = " or ".join(_simple(part) for part in alternatives)
    if not is_list(schema):
        return inner
    return f"list of {inner}" if inner.endswith("`") else f"list of {inner}s"


def values(schema: Schema) -> Mapping[str, str]:
    """The values that it may have, when they are counted, each with what the model says about it."""
    counted = [schema["const"]] if "const" in schema else schema.get("enum", ())
    words = _members().get(schema.get("title", ""), {})
    return {json.dumps(value): prose(words.get(value, "")) for value in counted if value != ""}


def parts(schema: Schema) -> list[Schema]:
    """What a value may be: the alternatives without null; of a list, what it holds."""
    if is_list(schema):
        return parts(schema["items"])
    return [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]


def is_list(schema: Schema) -> bool:
    """Whether it is a list."""
    return schema.get("type") == "array"


def rules(text: str) -> Iterator[tuple[str, str]]:
    """The kinds of text that have a rule and occur in ``text``, and the rule."""
    for noun, rule in sorted(_names().values()):
        if noun in text:
            yield noun, prose(rule)


def _simple(schema: Schema) -> str:
    counted = values(schema)
    if counted:
        return " or ".join(map(code, counted))
    if schema.get("format") == "path":
        return "path"
    if schema.get("pattern") in _names():
        return _names()[schema["pattern"]][0]
    return KINDS.get(schema.get("type", ""), "text")


@cache
def _names() -> Mapping[str, tuple[str, str]]:
    """Noun and rule by the pattern that stands in a schema; several types of one pattern are just a name."""
    found: dict[str, tuple[str, str]] = {}
    for each in Name.__subclasses__():
        pattern, noun = f"^{each.pattern}$", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", each.__name__).lower()
        found[pattern] = ("name", min(found[pattern][1], each.rule, key=len)) if pattern in found else (noun, each.rule)
    return found


@cache
def _members() -> Mapping[str, Mapping[str, str]]:
    """By the name of each class of the model: its constants, and the docstring below each."""
    statements = (statement for path in MODEL.glob("*.py") for statement in ast.parse(path.read_text()).body)
    return {each.name: dict(_docstrings(each.body)) for each in statements if isinstance(each, ast.ClassDef)}


def _docstrings(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, below in pairwise(body):
        if isinstance(statement, ast.Assign) and isinstance(below, ast.Expr):
            value, words = (_text(each.value) for each in (statement, below))
            if value and words:
                yield value, words


def _text(expression: ast.expr) -> str:
    value = expression.value if isinstance(expression, ast.Constant) else ""
    return value if isinstance(value, str) else ""
