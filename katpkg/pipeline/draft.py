"""A first definition, deduced from the names of what a repository left behind lately: to be completed by a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from katpkg.errors import SourceError
from katpkg.model.source import GITHUB, GitHubSpec
from katpkg.sources.github.survey import Yield

Tree = dict[str, Any]

MAIN = "katpkg.toml"
VERSION = re.compile(r"(?<![a-z0-9.])v?\d+(?:\.\d+)+(?:[~.-]?(?:rc|a|b|dev|post)\.?\d+)?(?![a-z0-9])")
ARCHITECTURE = re.compile(r"(?<![a-z0-9])(amd64|arm64)(?![a-z0-9])")
ENDING = re.compile(r"\.(deb|whl|zip|tar(\.\w+)?|tgz)$")
NO_TARGET = "bookworm/amd64"
"""What is built for when no name tells it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A distribution release by the names that artifacts have for it."""

    codename: str
    distribution: str
    version: str


@dataclass(slots=True, kw_only=True)
class Found:
    """Artifacts that differ in their target only."""

    pattern: str
    names: list[str] = field(default_factory=list)
    codenames: set[str] = field(default_factory=set)
    architectures: set[str] = field(default_factory=set)

    @property
    def stem(self) -> str:
        """The part of the name that says what it is."""
        plain = ENDING.sub("", self.pattern).partition("{")[0]
        return re.sub(r"[^a-z0-9+.]+", "-", plain.lower()).strip("-.+")

    @property
    def is_deb(self) -> bool:
        """Whether it is a finished package."""
        return self.pattern.endswith(".deb")


def draft(
    spec: GitHubSpec, runs: Sequence[Yield], releases: Sequence[Yield], known: Sequence[Known]
) -> Mapping[str, Tree]:
    """The files of a definition, by their paths: what the workflow that looks most like packages left behind.

    Raises SourceError when nothing was left behind.
    """
    offers = [*runs, *releases[:1]]
    if not offers:
        raise SourceError(
            f"{spec.repository} has left nothing behind that could be packaged",
            where=spec.repository,
            hint="have a workflow upload what it builds (actions/upload-artifact), or attach it to a release",
        )
    best = max(offers, key=_worth)
    found = [each for each in _grouped(best, known) if each.is_deb] or _grouped(best, known)
    prefix = _prefix([each.stem for each in found], spec)
    modules: dict[str, Found] = {}
    for each in found:
        modules.setdefault(_module_name(each, prefix), each)
    assets = {each.stem: each.pattern for release in releases[:1] for each in _grouped(release, known) if each.is_deb}
    files = {MAIN: _main(spec, best, prefix, modules.values())}
    every = set(files[MAIN]["targets"])
    for name, each in modules.items():
        files[f"modules/{name}.toml"] = _module(each, name, prefix, every, assets if best.workflow else {})
    return files


def _worth(offer: Yield) -> tuple[int, int, int, bool]:
    """How much it looks like packages; what a tag started comes before what a branch did."""
    debs = sum(name.endswith(".deb") for name in offer.names)
    wheels = sum("wheel" in name or name.endswith(".whl") for name in offer.names)
    return debs, wheels, len(offer.names), bool(offer.workflow)


def _grouped(offer: Yield, known: Sequence[Known]) -> list[Found]:
    """Its names, those together that differ in their target only."""
    found: dict[str, Found] = {}
    for name in sorted(offer.names):
        pattern, release, architecture = _pattern(name, offer, known)
        each = found.setdefault(pattern, Found(pattern=pattern))
        each.codenames |= {release} - {""}
        each.architectures |= {architecture} - {""}
    return list(found.values())


def _pattern(name: str, offer: Yield, known: Sequence[Known]) -> tuple[str, str, str]:
    """``name`` with placeholders, and the codename and architecture that it tells; empty where it tells none."""
    codename = ""
    for release in known:
        forms = {f"{release.distribution}{release.version}": "{distribution}{release}", release.codename: "{codename}"}
        for form, placeholder in forms.items():
            changed = re.sub(rf"(?<![a-z0-9]){re.escape(form)}(?![a-z0-9])", placeholder, name, count=1)
            if changed != name and not codename:
                name, codename = changed, release.codename
    architecture = ARCHITECTURE.search(name)
    name = ARCHITECTURE.sub("{architecture}", name, count=1)
    tag = offer.ref.removeprefix("v") if offer.is_tag else ""
    for spelled in filter(None, (tag, tag.replace("~", "."))):
        if spelled in name:
            return name.replace(spelled, "{version}", 1), codename, architecture[1] if architecture else ""
    return VERSION.sub("{version}", name, count=1), codename, architecture[1] if architecture else ""


def _prefix(stems: Sequence[str], spec: GitHubSpec) -> str:
    """What the product is called: what most of the names begin with, else the repository."""
    first = Counter(stem.partition("-")[0] for stem in stems if "-" in stem)
    name, times = first.most_common(1)[0] if first else ("", 0)
    if times > len(stems) / 2 and len(name) > 1:
        return name
    return _word(spec.repository.partition("/")[2])


def _word(text: str) -> str:
    """``text`` as the name of a module may be."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain if plain[:1].isalpha() else f"m{plain}"


def _module_name(found: Found, prefix: str) -> str:
    return _word(found.stem.removeprefix(f"{prefix}-") or prefix)


def _main(spec: GitHubSpec, best: Yield, prefix: str, found: Collection[Found]) -> Tree:
    owner = spec.repository.partition("/")[0]
    source: Tree = {"kind": "github", "repository": str(spec.repository)}
    if best.workflow:
        source |= {"workflow": best.workflow, "events": [best.event]}
    else:
        source["take"] = "releases"
    source |= (
        {"tags": ["v*" if best.ref.startswith("v") else "*"]} if best.is_tag else {"tags": [], "branches": [best.ref]}
    )
    if spec.api != GITHUB:
        source["api"] = str(spec.api)
    targets = sorted({target for each in found for target in _targets(each)}) or [NO_TARGET]
    return {
        "targets": targets,
        "archive": {
            "name": prefix,
            "origin": owner,
            "label": prefix,
            "description": f"Packages of {spec.repository}",
            "uri": f"https://packages.example.org/{prefix}/",
            "maintainer": f"{owner} <maintainer@example.org>",
            "architectures": sorted({target.partition("/")[2] for target in targets}),
        },
        "signing": {"public_key": "keys/archive.asc"},
        "source": source,
    }


def _targets(found: Found) -> Iterator[str]:
    for codename in found.codenames:
        for architecture in found.architectures or {NO_TARGET.partition("/")[2]}:
            yield f"{codename}/{architecture}"


def _module(found: Found, name: str, prefix: str, targets: Iterable[str], assets: Mapping[str, str]) -> Tree:
    package = found.stem if found.is_deb else f"{prefix}-{name}"
    tree: Tree = {
        "package": package,
        "summary": f"{name} of {prefix}",
        "description": "What it does, in a sentence or two.",
        "license": "unknown",
        "copyright": "its authors",
    }
    if found.codenames and found.codenames != {target.partition("/")[0] for target in targets}:
        tree["codenames"] = sorted(found.codenames)
    tree["artifact"] = {"name": found.pattern}
    if found.stem in assets:
        tree["artifact"]["asset"] = assets[found.stem]
    tree["payload"] = _payload(found, package)
    return tree


def _payload(found: Found, package: str) -> Tree:
    if found.is_deb:
        return {"kind": "deb"}
    if "wheel" in found.pattern or found.pattern.endswith(".whl"):
        return {"kind": "wheel"}
    return {"kind": "tree", "copies": [{"source": ".", "to": f"/usr/share/{package}"}]}
