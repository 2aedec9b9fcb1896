"""What an older package's settings say: what set-up generates from now on, and what the administrator goes on saying.

Packages that others built under our names keep secrets and URLs in conffiles. Ours put those aside when they are
unpacked; here they are read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from katctl import files, settings
from katctl.answers import BROKER, purpose_of, purpose_of_role
from katctl.errors import SettingsError
from katctl.model import Module, Product, Setting
from katctl.site import Site

HOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
LOCAL = ("", "localhost", "127.0.0.1", "::1")
PORTS = {"postgresql": 5432, "amqp": 5672}
DONE = "adopted"
"""The list of what was put aside, once it was taken over."""


def said_before(product: Product, module: Module) -> dict[str, str]:
    """The assignments in the files that ``module`` put aside: all of its own, and of others those that it knows.

    Raises SettingsError for a file of its own that cannot be read as such.
    """
    found: dict[str, str] = {}
    for path in _put_aside(product, module):
        if _is_own(product, module, path):
            found |= settings.parse(files.read(path), where=str(path))
        else:
            found |= _understood(module, path)
    return found


def take_over(site: Site, module: Module, said: Mapping[str, str]) -> dict[str, str]:
    """Keep the secrets in ``said``, so that what is generated is what others know already; what is left of it then."""
    said = _renamed(module, said)
    for setting in module.settings:
        if said.get(setting.name):
            _keep(site, module, setting, said[setting.name])
    made = site.derivation.environment(module)
    shipped = {setting.name: setting.default or "" for setting in module.settings}
    return {
        name: text
        for name, text in said.items()
        if (text and not is_same(text, made[name]) if name in made else text != shipped.get(name, ""))
    }


def lost(product: Product, module: Module) -> Iterator[Path]:
    """Files with an administrator's words that nothing reads any more."""
    listed = files.read(product.aside(module.package) / DONE).splitlines()
    digests = {name: digest for digest, _, name in (line.partition(" ") for line in listed)}
    for path in _put_aside(product, module):
        name = f"/{path.relative_to(product.aside(module.package))}"
        edited = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != digests.get(name)
        if edited and not _is_own(product, module, path) and not _understood(module, path):
            yield path


def is_same(one: str, other: str) -> bool:
    """Whether both are the same value, or URLs of the same thing."""
    return one == other or ("://" in one and "://" in other and _parts(one) == _parts(other))


def _put_aside(product: Product, module: Module) -> list[Path]:
    return sorted(path for path in (product.aside(module.package) / "etc").rglob("*") if path.is_file())


def _is_own(product: Product, module: Module, path: Path) -> bool:
    own = product.administrator_file(module.name).relative_to(product.root)
    return path == product.aside(module.package) / own


def _understood(module: Module, path: Path) -> dict[str, str]:
    """The settings of ``module`` that a file of whatever kind sets."""
    known = {setting.name for setting in module.settings}
    found: dict[str, str] = {}
    for line in path.read_text(errors="replace").splitlines():
        try:
            found |= settings.parse(line)
        except SettingsError:
            continue
    return {name: text for name, text in found.items() if name in known}


def _renamed(module: Module, said: Mapping[str, str]) -> dict[str, str]:
    """``said`` with the settings that were said by way of others."""
    found = dict(said)
    shipped = {setting.name: setting.default or "" for setting in module.settings}
    for setting in module.settings:
        names = HOLE.findall(setting.was)
        values = {name: said.get(name) or shipped.get(name, "") for name in names}
        if not said.get(setting.name) and any(name in said for name in names) and all(values.values()):
            found[setting.name] = _filled(setting.was, values)
            for name in names:
                found.pop(name, None)
    return found


def _filled(was: str, values: Mapping[str, str]) -> str:
    is_url = "://" in was
    return HOLE.sub(lambda hole: quote(values[hole[1]], safe="") if is_url else values[hole[1]], was)


def _keep(site: Site, module: Module, setting: Setting, text: str) -> None:
    match setting.fill:
        case "{secret}":
            site.secrets.adopt(purpose_of(module, setting), text)
        case "{database}" if module.database and not site.answers.postgresql:
            role = module.database.role
            _keep_password(site, text, purpose_of_role(role), ("postgresql", role, f"/{module.database.name}"))
        case "{queue}" if not site.answers.rabbitmq:
            name = site.product.name
            _keep_password(site, text, BROKER, ("amqp", name, f"/{name}"))
        case _:
            pass


def _keep_password(site: Site, url: str, purpose: str, ours: tuple[str, str, str]) -> None:
    """If ``url`` leads, on this host, to what set-up would make itself."""
    scheme, user, password, host, port, path, query = _parts(url)
    if (scheme, user, path) == ours and (host, port, query) == ("localhost", PORTS[scheme], "") and password:
        site.secrets.adopt(purpose, password)


def _parts(url: str) -> tuple[str, str, str, str, int, str, str]:
    try:
        parts = urlsplit(url)
        scheme = {"postgres": "postgresql"}.get(parts.scheme, parts.scheme)
        host = "localhost" if (parts.hostname or "") in LOCAL else str(parts.hostname)
        words = unquote(parts.username or ""), unquote(parts.password or "")
        return scheme, *words, host, parts.port or PORTS.get(scheme, 0), unquote(parts.path), parts.query
    except ValueError:
        return "", "", url, "", 0, "", ""
