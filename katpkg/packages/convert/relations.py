"""A Debian package's relations, as far as they mean something elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from katpkg.model.module import Relations
from katpkg.model.names import Line
from katpkg.packages.rpm.names import Names

QUALIFIER = re.compile(r"(?<=[a-z0-9+.-]):[a-z][a-z0-9-]*")
RELATION = re.compile(r"(?P<name>[^\s(]+)\s*(?:\((?P<operator>[<>=]+)\s*(?P<version>[^)]+)\))?")
PLAIN_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of them."""

    relations: Relations
    notes: tuple[str, ...]


def carry(fields: Mapping[str, str], names: Names, libraries: frozenset[str]) -> Carried:
    """The relations in ``fields``, without what ``libraries`` (packages) say better.

    What the package needs is kept, known or not: who renders it tells all unknown names at once. What is only wished
    for or excluded is left out, and told, when nobody knows its name.
    """
    notes: list[str] = []
    needed = [*_relations(fields.get("Pre-Depends", "")), *_relations(fields.get("Depends", ""))]
    depends = (_plainly(each, names) for each in needed if not _alternatives(each) & libraries)
    others = {
        field: tuple(_known(fields.get(field.title(), ""), field, names, notes))
        for field in ("recommends", "suggests", "conflicts", "breaks", "provides")
    }
    return Carried(relations=Relations(depends=tuple(dict.fromkeys(depends)), **others), notes=tuple(notes))


def related(text: str) -> frozenset[str]:
    """The names in a field of relations."""
    return frozenset(name for relation in _relations(text) for name in _alternatives(relation))


def _relations(text: str) -> Iterator[str]:
    for each in text.split(","):
        if plain := QUALIFIER.sub("", each.strip()):
            yield " ".join(plain.split())


def _alternatives(relation: str) -> frozenset[str]:
    return frozenset(each.strip().split(" ")[0] for each in relation.split("|"))


def _known(text: str, field: str, names: Names, notes: list[str]) -> Iterator[Line]:
    for relation in _relations(text):
        if all(each in names.own or each in names.others for each in _alternatives(relation)):
            yield _plainly(relation, names)
        else:
            notes.append(f"{field} {relation}: nobody knows what that is called there")


def _plainly(relation: str, names: Names) -> Line:
    """Debian's epochs and revisions say nothing of other distributions' packages."""
    return Line(" | ".join(_single(each.strip(), names) for each in relation.split("|")))


def _single(text: str, names: Names) -> str:
    found = RELATION.fullmatch(text)
    if found is None or found["version"] is None:
        return text
    name, operator, version = found.group("name", "operator", "version")
    if name in names.own or (operator == ">=" and PLAIN_VERSION.fullmatch(version)):
        return f"{name} ({operator} {version})"
    return name
