"""What a host of several needs: to know where the others are, to be let through to them, and to run only its part."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from katctl import files, packages, settings, systemd
from katctl.errors import StepFailed
from katctl.health import neighbours, url_of
from katctl.hosts import FILE, host_of, networks_in, numbers_of
from katctl.model import Module
from katctl.probes import unreachable
from katctl.site import Site

PATIENCE = 30.0
"""Seconds that the other hosts may take until they answer."""

PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Part:
    """This host's part of the whole: it is known, installed, and all that runs."""

    site: Site
    name: str = "hosts"

    def missing(self) -> list[str]:
        """What nobody said, or is not installed, or runs in the wrong place."""
        return [*(said for said, _ in self._lacks()), *(f"{unit} runs, not here" for unit in self._astray())]

    def make(self) -> None:
        """Stop what other hosts run. Raises StepFailed for what somebody has to say or to install."""
        for said, hint in self._lacks():
            raise StepFailed(said, where=self.name, hint=hint)
        systemd.disable(self._astray())

    def _astray(self) -> list[str]:
        return [unit for unit in self.site.hosts.strangers() if systemd.is_active(unit) or systemd.is_enabled(unit)]

    def _lacks(self) -> Iterator[tuple[str, str]]:
        hosts, product = self.site.hosts, self.site.product
        if not hosts.is_spread:
            yield from self._lonely()
            return
        if not hosts.here:
            yield "no address in it is this host's", f"ip address; then mend {product.administrator_file(FILE)}"
        here = {module.name for module in product.modules}
        for role in product.roles:
            wanted = [module for module in product.census if module.name in role.modules]
            if role.key in hosts.here and not here.issuperset(module.name for module in wanted):
                yield f"{role.package} is not installed, and this host is its", packages.to_install(role.package)

    def _lonely(self) -> Iterator[tuple[str, str]]:
        """A part of the whole was asked for, and nobody said where the rest is."""
        product = self.site.product
        # one by one: asked for several, dpkg fails when it does not know one of them
        asked = [role for role in product.roles if packages.versions([role.package])]
        covered = {name for role in asked for name in role.modules}
        # what contains a role that was asked for is the whole, or more of it; it is not beside it
        beside = [role for role in product.roles if not any(set(each.modules) <= set(role.modules) for each in asked)]
        working = {module.name for module in product.census}
        if asked and not covered.issuperset(working & {name for role in beside for name in role.modules}):
            names = " and ".join(role.package for role in asked)
            how = f"ssh root@FIRST katctl export {' '.join(role.name for role in asked)} | katctl setup --answers -"
            file = product.administrator_file(FILE)
            yield f"{names}: a part of {product.name}, and nobody said where the rest is", f"{how}, or write {file}"


@dataclass(frozen=True, slots=True)
class Passage:
    """The services' sandbox lets them through to what is not on this host."""

    site: Site
    name: str = "passage to other hosts"

    def missing(self) -> list[str]:
        """Files that do not say what they should."""
        return [str(path) for path in files.stale(self._wanted())]

    def make(self) -> None:
        """Write them, or take them away; a service sees them when it is started."""
        for path, text in files.stale(self._wanted()).items():
            files.put(path, text, mode=0o644)
        systemd.reload()

    def _wanted(self) -> Iterator[tuple[Path, str]]:
        units = self.site.product.root / "etc/systemd/system"
        for module in self.site.product.modules:
            text = passage(self.site, module)
            for service in module.services:
                yield units / f"{service.name}.service.d/katctl.conf", text


def passage(site: Site, module: Module) -> str:
    """The drop-in of the module's services: what the administrator names in a URL they reach. It is empty when all that
    they speak to is on this host, and nobody beyond a bridge of it speaks to them.
    """
    hosts = [host_of(url_of(site, module, hole)) for hole in ("{database}", "{queue}")]
    hosts += [host_of(value.text) for value in settings.administrators(site.product, module) if "://" in value.text]
    numbers = numbers_of([*filter(None, hosts), *(site.hosts.addresses if site.hosts.is_spread else ())])
    networks = sorted({network for setting in module.settings for network in networks_in(setting.fill)})
    allowed = " ".join((*numbers, *networks))
    return f"# written by katctl\n[Service]\nIPAddressAllow={allowed}\n" if allowed else ""


@dataclass(frozen=True, slots=True)
class Others:
    """The services of other hosts that those of this one ask."""

    site: Site
    name: str = "the other hosts"

    def missing(self) -> list[str]:
        """Those that do not answer."""
        found = neighbours(self.site)
        return [f"{module.name}: {name}: {said}" for module, name, at in found if (said := unreachable(*at))]

    def make(self) -> None:
        """Wait for them. Raises StepFailed."""
        end = time.monotonic() + PATIENCE
        while missing := self.missing():
            if time.monotonic() > end:
                raise StepFailed(missing[0], where=self.name, hint="there: katctl health; and no firewall between")
            time.sleep(PAUSE)
