"""Whether the distributions of a virtual environment fit together: each has what it asks for, and none another's files.

An installer that is told not to look at dependencies, because a lock has decided them, finds neither out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from katpkg.errors import BuildError
from katpkg.model.target import Target
from katpkg.packages.record import records
from katpkg.packages.tidy import Environment
from katpkg.packages.wheel import machine_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One that is installed, as its METADATA says."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    requirements: tuple[Requirement, ...]


def check_whole(environment: Environment, target: Target, accept: Collection[str] = ()) -> None:
    """Raise BuildError when a distribution lacks what it asks for on ``target``, or two have a file of one name.

    ``accept`` are requirements that may go unmet: ``DISTRIBUTION: REQUIREMENT``, both by name.
    """
    _check_owners(environment)
    there = {each.name: each for each in _distributions(environment.site_packages)}
    unmet = [(who, what) for who, what in _unmet(there, target) if f"{who.name}: {_name(what)}" not in accept]
    if unmet:
        who, what = unmet[0]
        found = there.get(_name(what))
        instead = f"{found.version} is there" if found else "it is not there"
        raise BuildError(
            f"{who.name} {who.version} needs {what.name}{what.specifier}, and {instead}",
            where=str(environment.path),
            hint="lock again with everything that the module's wheels ask for, or if it does without: "
            f"payload.accept_unmet = {sorted({f'{each.name}: {_name(other)}' for each, other in unmet})}",
        )


def needed(environment: Environment, target: Target, only_for: Collection[str]) -> frozenset[str]:
    """The distributions that are there because ``only_for`` ask for them on ``target``, and these, by their names.

    Raises BuildError when one of ``only_for`` is not there.
    """
    there = {each.name: each for each in _distributions(environment.site_packages)}
    roots = [canonicalize_name(name) for name in only_for]
    for name in roots:
        if name not in there:
            hint = f"payload.only_for: some of {', '.join(sorted(there))}"
            raise BuildError(f"there is no distribution {name}", where=str(environment.path), hint=hint)
    asked = {_name(requirement) for _, requirement in _asked(there, target, roots)}
    return frozenset(roots) | (asked & there.keys())


def _check_owners(environment: Environment) -> None:
    owners: dict[str, tuple[str, str]] = {}
    for record in records(environment.site_packages):
        distribution = record.path.parent.name.removesuffix(".dist-info")
        for name, digest, _ in record.rows():
            other, its = owners.setdefault(name, (distribution, digest))
            if its != digest:
                raise BuildError(
                    f"{other} and {distribution} both bring {name}, and one has overwritten the other's",
                    where=str(environment.path),
                    hint="keep one of them in the lock",
                )


def _distributions(site_packages: Path) -> Iterator[Distribution]:
    for file in sorted(site_packages.glob("*.dist-info/METADATA")):
        metadata = HeaderParser().parsestr(file.read_text("utf-8", "replace"))
        yield Distribution(
            name=canonicalize_name(metadata["Name"]),
            version=metadata["Version"],
            requirements=tuple(_requirements(metadata)),
        )


def _requirements(metadata: Message) -> Iterator[Requirement]:
    for text in metadata.get_all("Requires-Dist", []):
        try:
            yield Requirement(text)
        except InvalidRequirement:  # of old distributions; no installer could follow it either
            continue


def _unmet(there: dict[str, Distribution], target: Target) -> Iterator[tuple[Distribution, Requirement]]:
    """What is asked for and not there."""
    for who, what in _asked(there, target, there):
        found = there.get(_name(what))
        if found is None or not what.specifier.contains(Version(found.version), prereleases=True):
            yield who, what


def _asked(
    there: dict[str, Distribution], target: Target, names: Iterable[str]
) -> Iterator[tuple[Distribution, Requirement]]:
    """What ``names`` ask for, and what that does in turn; of extras, what those need that somebody asks for."""
    open_ends = [(name, "") for name in names]
    seen = set(open_ends)
    for name, extra in open_ends:
        for requirement in there[name].requirements:
            if not _applies(requirement, target, extra):
                continue
            yield there[name], requirement
            if (asked := _name(requirement)) in there:
                more = {(asked, each) for each in ("", *requirement.extras)} - seen
                seen |= more
                open_ends += sorted(more)


def _applies(requirement: Requirement, target: Target, extra: str) -> bool:
    if requirement.marker is None:
        return not extra
    python = target.release.python
    environment = {
        **{"python_version": python, "python_full_version": f"{python}.0", "implementation_version": f"{python}.0"},
        **{"implementation_name": "cpython", "platform_python_implementation": "CPython"},
        **{"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
        **{"platform_machine": machine_of(target.architecture), "platform_release": "", "platform_version": ""},
    }
    wanted = requirement.marker.evaluate({**environment, "extra": extra})
    return wanted and (not extra or not requirement.marker.evaluate({**environment, "extra": ""}))


def _name(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)
