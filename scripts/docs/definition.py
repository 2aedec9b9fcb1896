"""docs/reference/definition.md, from the schema that ``katpkg config schema`` prints: every key, and what it means."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from katpkg.model.module import PLACEHOLDERS
from katpkg.packages.places import Places
from scripts.docs.kinds import Schema, is_list, kind, parts, rules, values
from scripts.docs.markdown import code, page, prose, table
from scripts.docs.words import WORDS

INTRODUCTION = """\
<!-- Written by `make docs` from the schema of the definition. -->

A definition is a directory: `katpkg.toml`, one file `modules/NAME.toml` for each module, and below `files/` what the
modules bring along. Relative paths in `katpkg.toml` start at that directory. `katpkg config show` prints the
effective definition and where each value comes from; `katpkg config schema` and `katpkg config schema --for module`
print the JSON Schema of the two kinds of file, for your editor."""

PLACES = "In the lines of services, commands and migrations:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: where it stands, and what the schema says about it."""

    path: str
    schema: Schema
    required: bool

    @property
    def name(self) -> str:
        """The key itself."""
        return self.path.rpartition(".")[2]

    @property
    def said(self) -> str:
        """What the model says about it, or about the table that it is."""
        return prose(self.schema.get("description") or parts(self.schema)[0].get("description", ""))

    @property
    def meaning(self) -> str:
        """What it means, and what each of its values does, when they are counted."""
        each = (f"{code(value)}: {words}" for value, words in values(parts(self.schema)[0]).items() if words)
        return " ".join((WORDS.get(self.path, self.said), *each)).strip()

    @property
    def default(self) -> str:
        """What holds when it is left out."""
        if self.required:
            return "required"
        default = self.schema.get("default")
        return "" if default in (None, "", []) else code(json.dumps(default))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a file of the definition: its heading, what it is for, its keys."""

    heading: str
    meaning: str
    keys: tuple[Key, ...]


def definition_page() -> str:
    """The whole page."""
    text = page(*(text for which in ("katpkg", "module") for text in _file(read_schema(which))))
    kinds = table(("kind", "rule"), rules(text))
    places = table(("placeholder", "stands for"), ((code(f"{{{name}}}"), _place(name)) for name in PLACEHOLDERS))
    ends = ("## Placeholders", PLACES, places, "## Kinds of text", kinds)
    return page("# katpkg.toml and modules/NAME.toml", INTRODUCTION, text.rstrip(), *ends)


@cache
def read_schema(which: str) -> Schema:
    """What ``katpkg config schema --for WHICH`` prints, each $ref replaced by what it refers to."""
    command = [sys.executable, "-m", "katpkg", "config", "schema", "--for", which]
    printed = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    schema = _resolved(printed, printed.get("$defs", {}))
    assert isinstance(schema, dict)  # noqa: S101
    return schema


def tables(schema: Schema, path: str = "", heading: str = "") -> Iterator[Table]:
    """The table that ``schema`` describes, and those inside it, each under its TOML header."""
    required = schema.get("required") or schema.get("then", {}).get("required", ())
    keys = tuple(
        Key(path=f"{path}.{name}".removeprefix("."), schema=each, required=name in required)
        for name, each in schema["properties"].items()
    )
    yield Table(heading=heading, meaning=prose(schema.get("description", "")), keys=keys)
    for key in keys:
        for part in parts(key.schema):
            yield from _inside(key, part)


def _inside(key: Key, part: Schema) -> Iterator[Table]:
    inner = part.get("additionalProperties")
    if "properties" in part:
        heading = code(f"[[{key.path}]]" if is_list(key.schema) else f"[{key.path}]")
        if len(parts(key.schema)) > 1:
            heading += f" with {code('kind = ' + next(iter(values(part['properties']['kind']))))}"
        yield from tables(part, key.path, heading)
    elif isinstance(inner, Mapping) and "properties" in inner:
        yield from tables(inner, key.path, code(f"[{key.path}.CODENAME]"))


def _file(schema: Schema) -> Iterator[str]:
    once = {each.heading: each for each in tables(schema)}  # two kinds of payload have copies
    for each in once.values():
        yield f"### {each.heading}" if each.heading else f"## {schema['title']}"
        yield each.meaning
        rows = ((code(key.name), kind(key.schema), key.default, key.meaning) for key in each.keys)
        yield table(("key", "type", "default", "meaning"), rows)


def _place(name: str) -> str:
    return prose(WORDS.get(f"{{{name}}}", "") or getattr(Places, name).__doc__)


def _resolved(value: object, definitions: Mapping[str, object]) -> object:
    if isinstance(value, list):
        return [_resolved(each, definitions) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        inner = _resolved(definitions[value["$ref"].rpartition("/")[2]], definitions)
        assert isinstance(inner, dict)  # noqa: S101
        return inner | {key: each for key, each in value.items() if key != "$ref"}
    return {key: _resolved(each, definitions) for key, each in value.items() if key != "$defs"}
