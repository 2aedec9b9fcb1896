"""What a module's artifact is made of, and how that becomes the files of a package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from katpkg.model.names import AbsolutePath, Line, ModuleName


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A file or tree of the payload and where it goes."""

    source: str
    """A path inside the artifact; ``.`` is all of it."""
    to: AbsolutePath
    """Where it lies on the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPayload:
    """A wheel and a hashed requirements lock, installed into a virtual environment for the target's Python."""

    kind: Literal["wheel"]
    wheel: str = "*.whl"
    """Which file of the artifact is the module's own wheel; a pattern that matches exactly one."""
    lock: str = "requirements.txt"
    """The requirements lock with hashes; {python} and {codename} stand for the target's."""
    accept_unmet: tuple[Line, ...] = ()
    """Requirements that may go unmet in it: ``DISTRIBUTION: REQUIREMENT``, both by name."""
    copies: tuple[Copy, ...] = ()
    """Files of the artifact that lie beside the virtual environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenvPayload:
    """A finished virtual environment, bound to where it was made: relocated, and what runs in it joined to it."""

    kind: Literal["venv"]
    archives: tuple[str, ...] = ()
    """Archives inside the artifact that hold environment and module; patterns that match exactly one each. Left out:
    the artifact holds them itself."""
    join: tuple[str, ...] = ()
    """Files and directories of the artifact that go into site-packages: the module, where it was run from elsewhere."""
    copies: tuple[Copy, ...] = ()
    """Files of the artifact that lie beside the virtual environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreePayload:
    """Files, installed as they are."""

    kind: Literal["tree"]
    copies: tuple[Copy, ...]
    """What goes where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebPayload:
    """An existing .deb: published as it is, or its files under our control file, units and accounts."""

    kind: Literal["deb"]
    deb: str = "*.deb"
    """Which file of the artifact is the package; a pattern that matches exactly one."""
    repack: bool = False
    """Whether its files are packed anew; otherwise it is published byte for byte."""
    convert: bool = False
    """Whether a finished .deb is converted for releases of RPMs, which have no use for it as it is."""
    drop: tuple[str, ...] = ()
    """Patterns of paths (absolute, * crosses slashes) that are left out when repacking."""
    only_for: tuple[Line, ...] = ()
    """Distributions of its virtual environment: when repacking, what none of them asks for is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaPayload:
    """Nothing but relations to other modules' packages, at exactly the versions that are built with it."""

    kind: Literal["meta"]
    modules: tuple[ModuleName, ...]
    """The modules it pulls in."""
    version: Line
    """Its upstream version, or ``= module`` for that of one of them; the revision rises when the set changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPayload:
    """katctl, from katpkg itself: it sets servers up, and starts, upgrades and restores what the other modules run.

    A definition with such a module leaves all that to it; in one without, packages start their services themselves.
    """

    kind: Literal["setup"]
    memory: int = 0
    """MiB that a server must have."""
    disk: int = 0
    """MiB that its /var must have."""


PayloadKind = WheelPayload | VenvPayload | TreePayload | DebPayload | MetaPayload | SetupPayload
