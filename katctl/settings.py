"""Settings with where they come from: shipped, generated, or the administrator's; the last one wins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from katctl import files
from katctl.errors import SettingsError
from katctl.model import Module, Product

SPECIAL = '\\"$`'
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MASK = "********"
QUOTED = {"'": re.compile(r"'([^']*)'"), '"': re.compile(r'"((?:[^"\\]|\\.)*)"')}


class Origin(Enum):
    """Who said it."""

    SHIPPED = "shipped"
    GENERATED = "generated"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One effective value."""

    name: str
    text: str
    origin: Origin
    file: Path
    secret: bool = False

    @property
    def shown(self) -> str:
        """It, or a mask over it."""
        return MASK if self.secret and self.text else self.text


def effective(product: Product, module: Module) -> dict[str, Value]:
    """The values that the services of ``module`` get. Raises SettingsError for a file that cannot be read as such."""
    secret = {setting.name for setting in module.settings if setting.secret}
    layers = (
        (Origin.SHIPPED, product.defaults_file(module.name)),
        (Origin.GENERATED, product.generated_file(module.name)),
        (Origin.ADMINISTRATOR, product.administrator_file(module.name)),
    )
    return {
        name: Value(name=name, text=text, origin=origin, file=file, secret=name in secret)
        for origin, file in layers
        for name, text in parse(files.read(file), where=str(file)).items()
    }


def administrators(product: Product, module: Module) -> list[Value]:
    """Those that the administrator set."""
    return [value for value in effective(product, module).values() if value.origin is Origin.ADMINISTRATOR]


def texts(product: Product, module: Module) -> dict[str, str]:
    """The same, as an environment."""
    return {name: value.text for name, value in effective(product, module).items()}


def administrator_text(product: Product, module: Module, values: Mapping[str, str] = MappingProxyType({})) -> str:
    """What the administrator's own file says to begin with."""
    head = f"""\
# Your settings of {module.package}, one NAME=value a line. What stands here wins over what is shipped
# ({product.defaults_file(module.name)}, which explains every setting) and over what was generated.
# Afterwards: katctl setup
"""
    return head + "".join(f"{name}={quoted(text)}\n" for name, text in values.items())


def silent(product: Product) -> list[Module]:
    """Modules about which the administrator has no file to write in: dpkg brings none, so that it never asks."""
    modules = [module for module in product.modules if module.settings]
    return [module for module in modules if not product.administrator_file(module.name).exists()]


def begin_files(product: Product) -> None:
    """Make the files that are not there, saying nothing yet."""
    for module in silent(product):
        files.write(product.administrator_file(module.name), administrator_text(product, module), mode=0o640)


def digest(environment: Mapping[str, str]) -> str:
    """What differs when a service has to be restarted to see its settings."""
    return hashlib.sha256(
        "\0".join(f"{name}={text}" for name, text in sorted(environment.items())).encode()
    ).hexdigest()


def parse(text: str, *, where: str = "") -> dict[str, str]:
    """The assignments in ``text``, as systemd reads an EnvironmentFile (systemd.exec(5)). Raises SettingsError."""
    return dict(_assignments(text, where))


def _assignments(text: str, where: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", ";")):
            continue
        name, sign, value = stripped.partition("=")
        if not sign or NAME.fullmatch(name.strip()) is None:
            raise SettingsError("that is no NAME=value", where=f"{where}:{number}", hint=f"mend or remove: {name[:40]}")
        yield name.strip(), _unquoted(value.strip(), f"{where}:{number}")


def _unquoted(value: str, where: str) -> str:
    mark = value[:1]
    if mark not in ("'", '"'):
        return value
    found = QUOTED[mark].fullmatch(value)
    if found is None:
        raise SettingsError("a quotation mark is open, or something follows it", where=where, hint=f"mend: {mark}")
    return found[1] if mark == "'" else re.sub(r"\\(.)", r"\1", found[1])


def quoted(value: str) -> str:
    """``value`` as both systemd's EnvironmentFile= and a sourcing shell read it back."""
    escaped = "".join(f"\\{char}" if char in SPECIAL else char for char in value)
    return f'"{escaped}"'
