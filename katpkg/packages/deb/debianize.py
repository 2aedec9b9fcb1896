"""A PackageSpec as a debian/ directory that a Debian developer recognises and ``dpkg-buildpackage -b`` builds."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from email.utils import formatdate
from pathlib import Path

from debian.deb822 import Deb822

from katpkg.errors import BuildError
from katpkg.model.binary import INPUTS_FIELD
from katpkg.model.package import EntryKind, PackageSpec, Starting
from katpkg.model.target import Compression
from katpkg.packages.deb.overrides import overrides_for
from katpkg.packages.deb.scripts import maintainer_scripts
from katpkg.packages.description import wrapped
from katpkg.packages.hints import LOOK
from katpkg.packages.staging import stage
from katpkg.packages.systemd import render_sysusers, render_tmpfiles
from katpkg.packages.templates import Templates

WIDTH = 78

COMMON_LICENSES = {
    "Apache-2.0": "Apache-2.0",
    "CC0-1.0": "CC0-1.0",
    "GPL-2.0-only": "GPL-2",
    "GPL-2.0-or-later": "GPL-2",
    "GPL-3.0-only": "GPL-3",
    "GPL-3.0-or-later": "GPL-3",
    "LGPL-2.1-only": "LGPL-2.1",
    "LGPL-2.1-or-later": "LGPL-2.1",
    "LGPL-3.0-or-later": "LGPL-3",
    "MPL-2.0": "MPL-2.0",
}
"""SPDX identifiers of the licences whose text every Debian system has."""

BUILDDEB = {
    Compression.XZ: ("-Zxz", "--threads-max=2"),
    Compression.ZSTD: ("-Zzstd", "-z9", "--threads-max=1"),
}
"""How dpkg-deb compresses. zstd's bytes depend on the number of threads, so it is always one."""


SYSTEMD_FLAGS = {
    Starting.INSTALLATION: (),
    Starting.SETUP: ("--no-enable", "--no-start", "--no-restart-after-upgrade"),
    Starting.TRIGGER: ("--no-start", "--no-stop-on-upgrade"),
}
"""What dh_installsystemd leaves to others."""


def debianize(spec: PackageSpec, into: Path, templates: Templates, compression: Compression) -> None:
    """Write into the new directory ``into``: ``root/`` with the package's files, and ``debian/``.

    Raises BuildError when an entry cannot be what it says it is.
    """
    debian = into / "debian"
    (debian / "source").mkdir(parents=True)
    for entry in spec.entries:
        stage(entry, into / "root")
    files = _files(spec, templates, compression) | maintainer_scripts(spec, templates, _conffiles(into / "root"))
    for name, text in files.items():
        (debian / name).write_text(text)
    (debian / "rules").chmod(0o755)
    _check_control(debian / "control", spec)


def _files(spec: PackageSpec, templates: Templates, compression: Compression) -> dict[str, str]:
    """The files of debian/, by name."""
    files = {
        "control": _control(spec, templates),
        "rules": _rules(spec, templates, compression),
        "changelog": templates.render(
            "changelog.j2", spec=spec, changes=_bullets(spec.changes), date=formatdate(spec.source_date_epoch)
        ).replace("-0000", "+0000"),
        "copyright": _copyright(spec, templates),
        "source/format": "3.0 (quilt)\n",
        f"{spec.name}.docs": "debian/built-from\n",
        "built-from": "".join(f"{line}\n" for line in spec.built_from),
        f"{spec.name}.lintian-overrides": templates.render(
            "overrides.j2", package=spec.name, overrides=list(overrides_for(spec, compression))
        ),
        f"{spec.name}.install": "".join(_install_lines(spec)),
        **_systemd_files(spec),
        **{f"{spec.name}.{suffix}": text for suffix, text in spec.extra.items()},
    }
    return {name: text for name, text in files.items() if text}


def _copyright(spec: PackageSpec, templates: Templates) -> str:
    """With the licence's own words, unless every Debian system has them (Debian Policy 12.5)."""
    lines = templates.license(spec.license).splitlines()
    return templates.render(
        "copyright.j2",
        spec=spec,
        license_text="\n".join(f" {line.rstrip() or '.'}" for line in lines),
        common_license=COMMON_LICENSES.get(spec.license, ""),
    )


def _conffiles(root: Path) -> list[str]:
    """All that lies in /etc (dh_installdeb(1))."""
    return sorted(f"/{path.relative_to(root)}" for path in (root / "etc").rglob("*") if path.is_file())


def _control(spec: PackageSpec, templates: Templates) -> str:
    relations = asdict(spec.relations)
    relations["depends"] = (*spec.relations.depends, "${misc:Depends}")
    return templates.render(
        "control.j2",
        spec=spec,
        relation_fields=[(name.capitalize(), words) for name, words in relations.items() if words],
        inputs_field=INPUTS_FIELD,
        description=list(wrapped(spec.description, WIDTH)),
    )


def _bullets(changes: tuple[str, ...]) -> list[str]:
    return [textwrap.fill(change, WIDTH, initial_indent="  * ", subsequent_indent="    ") for change in changes]


def _rules(spec: PackageSpec, templates: Templates, compression: Compression) -> str:
    ordinary = (0o644, 0o755)
    return templates.render(
        "rules.j2",
        spec=spec,
        not_started=[f"{unit.name}.{unit.suffix}" for unit in spec.units if not unit.enabled],
        modes=[
            (f"{entry.mode:04o}", entry.path)
            for entry in spec.entries
            if entry.kind in (EntryKind.FILE, EntryKind.CONFFILE) and entry.mode not in ordinary
        ],
        systemd_flags=SYSTEMD_FLAGS[spec.starting],
        has_questions="templates" in spec.extra,
        compression=BUILDDEB[compression],
    )


def _install_lines(spec: PackageSpec) -> Iterator[str]:
    if spec.entries:
        yield "root/* /\n"
    for unit in spec.units:
        yield f"debian/{unit.name}.{unit.suffix} lib/systemd/system\n"


def _systemd_files(spec: PackageSpec) -> dict[str, str]:
    interpreter = spec.virtual_environment.interpreter if spec.virtual_environment else ""
    return {
        **{f"{unit.name}.{unit.suffix}": unit.text for unit in spec.units},
        f"{spec.name}.sysusers": render_sysusers(spec.accounts),
        f"{spec.name}.tmpfiles": render_tmpfiles(spec.directories),
        f"{spec.name}.triggers": f"interest-noawait {interpreter}\n" if interpreter else "",
    }


def _check_control(path: Path, spec: PackageSpec) -> None:
    """What a value might have smuggled in is seen by reading the file as dpkg will."""
    with path.open() as file:
        stanzas = list(Deb822.iter_paragraphs(file, use_apt_pkg=False))
    if (
        len(stanzas) != 2
        or stanzas[1].get("Package") != spec.name
        or stanzas[1].get(f"XB-{INPUTS_FIELD}") != spec.inputs
    ):
        raise BuildError("the control file did not come out as it was meant", where=str(path), hint=LOOK)
