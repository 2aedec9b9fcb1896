"""What one host of several must tell another: who is where, and the secrets of its role. Meant for a pipe of root's."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from katctl import files
from katctl.errors import SettingsError
from katctl.hosts import FILE, POSTGRESQL, RABBITMQ
from katctl.model import Product
from katctl.secret import Secrets
from katctl.settings import quoted
from katctl.site import Site

FORMAT = 1
STDIN = Path("-")


def export(site: Site, roles: list[str]) -> str:
    """The answers for a host of ``roles``; secrets that nobody made yet are made, and known. Raises SettingsError."""
    product = site.product
    known = {role.name: role for role in product.roles}
    for role in roles:
        if role not in known:
            raise SettingsError(f"there is no role {role!r}", hint=f"one of {', '.join(known)}")
    if product.generated_file(FILE).exists():
        raise SettingsError("this host has its answers from another", hint="call it there, where they were made")
    if not site.hosts.is_spread:
        file = str(product.administrator_file(FILE))
        raise SettingsError("nobody said where the roles are", where=file, hint=f"{known[roles[0]].key}=ADDRESS")
    names = {name for role in roles for name in known[role].modules}
    secrets: dict[str, str] = {}
    for module in product.known:
        if module.name in names:
            secrets |= site.derivation.secrets_of(module)
    answers = {"format": FORMAT, "product": product.name, "hosts": _places(site), "secrets": secrets}
    return json.dumps(answers, indent=2)


def take(product: Product, path: Path) -> None:
    """Keep the answers in ``path``; those of before go. Raises SettingsError before anything is kept."""
    answers = _read(product, path)
    Secrets(product.state / "secrets.json").take(answers["secrets"])
    lines = [f"{name}={quoted(place)}" for name, place in sorted(answers["hosts"].items())]
    files.write(product.generated_file(FILE), "\n".join(["# From another host.", *lines, ""]))


def _places(site: Site) -> dict[str, str]:
    """As they are said here; who may make databases is not told to others."""
    places = dict(site.hosts.places)
    if site.answers.postgresql:
        parts = urlsplit(site.answers.postgresql)
        netloc = parts.netloc.rpartition("@")[2]
        places[POSTGRESQL] = urlunsplit((parts.scheme, netloc, "", parts.query, ""))
    if urlsplit(site.answers.rabbitmq).username:
        places[RABBITMQ] = site.answers.rabbitmq
    return places


def _read(product: Product, path: Path) -> dict[str, Any]:
    where = "standard input" if path == STDIN else str(path)
    try:
        if path != STDIN and path.stat().st_mode & 0o077:
            raise SettingsError("others may read it, and it holds secrets", where=where, hint=f"chmod 600 {path}")
        answers: dict[str, Any] = json.loads(sys.stdin.read() if path == STDIN else path.read_text())
        fits = answers["format"] == FORMAT and answers["product"] == product.name
        texts = [*answers["hosts"].items(), *answers["secrets"].items()]
    except OSError as error:
        raise SettingsError(
            f"it cannot be read: {error.strerror}", where=where, hint="katctl export ROLE >FILE, on the first host"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            "these are no answers", where=where, hint="katctl export ROLE, on the first host", details=repr(error)
        ) from error
    if not fits or not all(isinstance(word, str) for pair in texts for word in pair):
        raise SettingsError("these are answers for something else", where=where, hint="upgrade both hosts")
    return answers
