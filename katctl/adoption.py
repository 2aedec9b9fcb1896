"""Making a server ours that ran packages of the same names which others built: nothing is lost, and nothing asked."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from katctl import files, packages
from katctl.backup import back_up_before_upgrade
from katctl.databases import is_the_administrators, with_data
from katctl.legacy import DONE, said_before, take_over
from katctl.model import Module
from katctl.rollout import stop_all
from katctl.settings import administrator_text
from katctl.site import Site
from katctl.state import Upgrade, key_of

NEW = "new"
"""The list of what a package put aside, until it is taken over."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Settings, secrets, databases, files and units of what was here before. It may be interrupted anywhere."""

    site: Site
    now: datetime
    name: str = "adopt what was here before"

    def missing(self) -> list[str]:
        """Packages whose predecessors left something."""
        return [module.package for module in self._modules()]

    def make(self) -> None:
        """Take it over. The data is kept as it was before anything else touches it."""
        site, modules = self.site, self._modules()
        stop_all(site)
        for module in modules:
            site.tell(f"adopting {module.package}")
            self._words(module)
        left_by = {each.package: _version_before(site.product.aside(each.package)) for each in modules}
        site.memory.change(left_by={**left_by, **site.memory.state.left_by})
        self._databases(modules)
        self._back_up()
        for module in modules:
            for directory in module.directories:
                if Path(directory.path).is_dir():
                    files.give(Path(directory.path), directory.user)
            self._units(module)
            aside = site.product.aside(module.package)
            files.give(aside, "root")
            (aside / NEW).replace(aside / DONE)

    def _modules(self) -> list[Module]:
        product = self.site.product
        return [module for module in product.modules if (product.aside(module.package) / NEW).exists()]

    def _words(self, module: Module) -> None:
        product = self.site.product
        if not module.settings:
            return
        left = take_over(self.site, module, said_before(product, module))
        path = product.administrator_file(module.name)
        if not path.exists():
            files.write(path, administrator_text(product, module, left), mode=0o640)
        os.chown(product.etc, 0, 0)
        product.etc.chmod(0o755)

    def _databases(self, modules: list[Module]) -> None:
        """Those that are where ours would be are ours; new data is not made in them again."""
        site = self.site
        ours = [(each, each.database) for each in modules if each.database and not is_the_administrators(site, each)]
        if not ours or not site.answers.makes_databases:
            return
        site.postgresql.start()
        there = site.postgresql.ask("SELECT datname FROM pg_database;").split()
        found = [(module, database) for module, database in ours if database.name in there]
        versions = packages.versions(module.package for module, _ in found)
        once = {
            key_of(module, each): versions.get(module.package, "")
            for module, _ in found
            for each in module.migrations
            if each.once
        }
        site.memory.change(migrated={**once, **site.memory.state.migrated})
        site.memory.add(databases=(database.key for _, database in found))

    def _back_up(self) -> None:
        """The packages of before are in no archive, so the way back has the data alone."""
        site = self.site
        upgrade = site.memory.state.upgrade or Upgrade(backup="", versions={})
        if not upgrade.backup and with_data(site):
            path = back_up_before_upgrade(site, self.now)
            site.memory.change(upgrade=replace(upgrade, backup=str(path)))

    def _units(self, module: Module) -> None:
        """What the administrator had disabled counts as enabled once, and so stays disabled."""
        disabled = files.read(self.site.product.aside(module.package) / "disabled").split()
        known = {service.unit for service in module.services}
        self.site.memory.add(enabled=known.intersection(disabled))


def _version_before(aside: Path) -> str:
    """The version of the package that was here, as its successor's preinst was told it."""
    return files.read(aside / "version").strip()
