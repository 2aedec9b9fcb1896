"""The whole definition: what katpkg.toml and modules/*.toml say once they are read, merged and found right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from katpkg.model.archive import ArchiveDefinition
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Codename


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(ArchiveDefinition):
    """A whole definition: katpkg.toml, and the modules that are packaged."""

    modules: Mapping[Codename, tuple[ModuleSpec, ...]]
    """What is packaged for each release: per-release differences are merged in."""

    @property
    def packages(self) -> frozenset[str]:
        """The names of all packages of the archive."""
        modules = (module.package for each in self.modules.values() for module in each)
        return frozenset((*modules, self.archive.keyring_package))

    @classmethod
    def of(cls, archive: ArchiveDefinition, modules: Mapping[Codename, tuple[ModuleSpec, ...]]) -> Self:
        """``archive``, and ``modules`` for its releases."""
        return cls(modules=modules, **{each.name: getattr(archive, each.name) for each in fields(ArchiveDefinition)})
