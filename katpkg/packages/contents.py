"""What a payload gives a package: its files laid out as they will lie on the server, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from katpkg.model.artifact import Payload
from katpkg.model.names import Line
from katpkg.model.package import VirtualEnvironment
from katpkg.model.payload import DebPayload, MetaPayload, SetupPayload, TreePayload, VenvPayload, WheelPayload
from katpkg.packages.copies import copy_out, only_file
from katpkg.packages.order import Order
from katpkg.packages.relocate import relocate
from katpkg.packages.repack import unpack_deb
from katpkg.packages.venv import assemble, depends_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The files that a payload gives a package, below ``root``."""

    root: Path
    depends: tuple[Line, ...] = ()
    own: frozenset[str] = frozenset()
    """The module's own top-level names in site-packages; what else lies there came with it."""
    virtual_environment: VirtualEnvironment | None = None


def lay_out(order: Order, payload: Payload | None, root: Path) -> Contents:
    """Make ``root`` and put the payload's files where the package will have them. Raises BuildError."""
    root.mkdir()
    if payload is None:
        return Contents(root=root)
    match order.module.payload:
        case MetaPayload() | SetupPayload():
            return Contents(root=root)
        case TreePayload(copies=copies):
            copy_out(payload, copies, root)
            return Contents(root=root)
        case WheelPayload() as kind:
            assembled = assemble(payload, kind, order.places, root)
            return Contents(
                root=root,
                depends=assembled.depends,
                own=assembled.own,
                virtual_environment=VirtualEnvironment(path=order.places.venv, interpreter=order.places.python),
            )
        case VenvPayload() as kind:
            environment = relocate(payload, kind, order.places, root)
            return Contents(
                root=root,
                depends=depends_of(environment, order.target),
                own=frozenset(Path(name).name for name in kind.join),
                virtual_environment=environment.on_the_server,
            )
        case DebPayload() as kind:
            repacked = unpack_deb(only_file(payload, kind.deb, "deb"), kind, order.places, root)
            return Contents(root=root, depends=repacked.depends, virtual_environment=repacked.virtual_environment)
