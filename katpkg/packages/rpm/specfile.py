"""A PackageSpec as a directory that rpmbuild builds: its files below ``root/``, and a spec file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from katpkg.errors import BuildError
from katpkg.model.evr import Evr
from katpkg.model.names import AbsolutePath
from katpkg.model.package import Entry, EntryKind, PackageSpec, Starting
from katpkg.model.target import Compression, PackageFormat
from katpkg.packages.description import wrapped
from katpkg.packages.rpm.files import owned
from katpkg.packages.rpm.inspect import INPUTS
from katpkg.packages.rpm.names import Names
from katpkg.packages.rpm.relations import tags
from katpkg.packages.staging import stage
from katpkg.packages.systemd import render_sysusers, render_tmpfiles
from katpkg.packages.templates import Templates

WIDTH = 78

PAYLOADS = {Compression.XZ: "w6.xzdio", Compression.ZSTD: "w19.zstdio"}
"""How rpmbuild compresses, in one thread: the bytes depend on their number."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_source(spec: PackageSpec, into: Path, templates: Templates, names: Names, compression: Compression) -> Path:
    """Write into the new directory ``into``: ``root/`` with the package's files, and the spec file, which is returned.

    Raises BuildError when the package has something that an RPM cannot have.
    """
    if spec.extra and spec.setting_up is None:
        raise BuildError(
            f"{spec.name} is made of what only Debian has: {', '.join(spec.extra)}",
            where=str(spec.target),
            hint="set codenames in the module to the releases it is for",
        )
    root = into / "root"
    root.mkdir(parents=True)
    for entry in (*spec.entries, *_system_files(spec)):
        stage(entry, root)
    files = list(owned(root, spec.foreign))
    for directory in spec.directories:
        (root / directory.path.relative).mkdir(parents=True, exist_ok=True)
    path = into / f"{spec.name}.spec"
    path.write_text(_render(spec, templates, names, files, compression))
    return path


def _system_files(spec: PackageSpec) -> Iterator[Entry]:
    preset = "".join(f"enable {unit}\n" for unit in _preset(spec))
    texts = {
        **{f"/usr/lib/systemd/system/{unit.name}.{unit.suffix}": unit.text for unit in spec.units},
        f"/usr/lib/systemd/system-preset/50-{spec.name}.preset": preset,
        f"/usr/lib/sysusers.d/{spec.name}.conf": render_sysusers(spec.accounts),
        f"/usr/lib/tmpfiles.d/{spec.name}.conf": render_tmpfiles(spec.directories),
        f"/usr/share/doc/{spec.name}/built-from": "".join(f"{line}\n" for line in spec.built_from),
    }
    for path, text in texts.items():
        if text:
            yield Entry(path=AbsolutePath(path), content=text.encode())


def _preset(spec: PackageSpec) -> list[str]:
    """The units that installation enables; where there is a set-up, that enables all but its own."""
    enables = spec.starting is not Starting.SETUP
    return [f"{unit.name}.{unit.suffix}" for unit in spec.units if unit.enabled and enables]


def _render(spec: PackageSpec, templates: Templates, names: Names, files: list[str], compression: Compression) -> str:
    return templates.render(
        "rpm.spec.j2",
        spec=spec,
        evr=Evr.of(spec.version),
        machine=PackageFormat.RPM.word(spec.architecture),
        payload=PAYLOADS[compression],
        inputs_name=INPUTS,
        tags=tags(spec, names),
        description=[*map(_escaped, wrapped(spec.description, WIDTH))],
        environment=spec.virtual_environment,
        sysusers=render_sysusers(spec.accounts),
        units=[f"{unit.name}.{unit.suffix}" for unit in spec.units],
        services=[f"{unit.name}.{unit.suffix}" for unit in spec.units if unit.suffix == "service"],
        preset=_preset(spec),
        starts=spec.starting is Starting.INSTALLATION,
        prepares=spec.starting is Starting.SETUP,
        setting_up=spec.setting_up,
        modes=list(_modes(spec)),
        files=files,
        date=_date(spec.source_date_epoch),
        changes=[textwrap.fill(each, WIDTH, initial_indent="- ", subsequent_indent="  ") for each in spec.changes],
    )


def _escaped(line: str) -> str:
    """rpmbuild takes a line that begins so for its own."""
    return f" {line}" if line.startswith(("%", "#")) else line


def _modes(spec: PackageSpec) -> Iterator[tuple[str, str]]:
    for entry in spec.entries:
        if entry.kind in (EntryKind.FILE, EntryKind.CONFFILE) and entry.mode not in (0o644, 0o755):
            yield f"{entry.mode:04o}", entry.path


def _date(epoch: int) -> str:
    """As a changelog has it, in English whatever the locale."""
    moment = datetime.fromtimestamp(epoch, UTC)
    return f"{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment:%d %Y}"
