"""Whether what arrived is what was meant: a .deb for the target, of the version that its name promised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from katpkg.errors import BuildError, SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.module import ModuleSpec
from katpkg.model.payload import DebPayload
from katpkg.model.target import Target
from katpkg.model.upstream import sorts_after_its_release, translate
from katpkg.packages.deb.head import read_head
from katpkg.sources.unpack import opened

INTERPRETER = re.compile(r"(?<![\w.-])python(3\.\d+)(?:-minimal)?(?![\w.-])")
BOUND = re.compile(r"(?<![\w.-])python3(?::any)? \((<<|<=|=|>=|>>) (\d+)\.(\d+)[^)]*\)")


def check_fit(module: ModuleSpec, target: Target, artifact: Artifact, file: Path) -> None:
    """Raise SourceError when the .deb in ``artifact`` is for another target, or of another version."""
    if not isinstance(module.payload, DebPayload):
        return
    try:
        with opened(artifact, file, module.payload.deb) as content:
            fields = read_head(content, artifact.name)
    except BuildError as error:
        raise SourceError(error.message, where=artifact.origin, hint="look at what the CI job uploaded") from error
    for wrong in _wrong(fields, target, artifact):
        raise wrong


def _wrong(fields: Mapping[str, str], target: Target, artifact: Artifact) -> Iterator[SourceError]:
    name, origin = artifact.name, artifact.origin
    architecture, version = fields["Architecture"], fields["Version"]
    there = f"take what was built for {target}: look at artifact.name"
    if architecture not in (target.architecture, "all"):
        yield SourceError(f"{name} is for {architecture}, and not for {target}", where=origin, hint=there)
    if not _is_of(version, artifact.version):
        hint = "its name promises another; look at what the CI job does with versions"
        yield SourceError(f"{name} holds version {version}", where=origin, hint=hint)
    if sorts_after_its_release(version):
        said = f"{name} holds version {version}, which dpkg takes for newer than the release it precedes"
        hint = "take the workflow that writes a tilde before rc: look at source.workflow and artifact.name"
        yield SourceError(said, where=origin, hint=hint)
    for field in ("Pre-Depends", "Depends"):
        if other := _other_python(fields.get(field, ""), target):
            python = target.release.python
            yield SourceError(
                f"{name} needs {other}, and {target.codename} has Python {python}", where=origin, hint=there
            )


def _is_of(version: str, promised: str) -> bool:
    """Whether a control file's ``version`` is ``promised``, which may be in another spelling, or a revision of it."""
    return version == promised or any(_same(each, promised) for each in (version, version.rpartition("-")[0]))


def _same(version: str, promised: str) -> bool:
    try:
        return translate(version).version == translate(promised).version
    except ValueError:
        return False


def _other_python(relations: str, target: Target) -> str | None:
    """The part of ``relations`` that no Python of the target fulfils; alternatives are left to apt."""
    for relation in (each.strip() for each in relations.split(",") if "|" not in each):
        found = INTERPRETER.search(relation)
        if found and found[1] != target.release.python:
            return relation
        if (bound := BOUND.search(relation)) and not _allows(bound, target.release.python_version):
            return relation
    return None


def _allows(bound: re.Match[str], python: tuple[int, int]) -> bool:
    limit = int(bound[2]), int(bound[3])
    return {"<<": python < limit, "<=": python <= limit, "=": python == limit}.get(bound[1], python >= limit)
