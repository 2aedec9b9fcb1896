"""The same virtual environment as a package by dh-virtualenv, as its documentation shows."""

from __future__ import annotations

from pathlib import Path

PACKAGE = "kinto-dh-virtualenv"

UNCHANGED = ("dh_strip", "dh_dwz", "dh_strip_nondeterminism")
"""The helpers that change files of wheels, against what RECORD says of them."""

CONTROL = f"""\
Source: kinto
Section: web
Priority: optional
Maintainer: katpkg demo <demo@example.org>
Build-Depends: debhelper-compat (= 13), dh-virtualenv, python3
Standards-Version: 4.6.2

Package: {PACKAGE}
Architecture: any
Depends: ${{misc:Depends}}, ${{shlibs:Depends}}, python3
Description: JSON document store
 Built to be compared.
"""

CHANGELOG = """\
kinto (26.5.0-1) bookworm; urgency=medium

  * To be compared.

 -- katpkg demo <demo@example.org>  Mon, 21 Sep 2026 14:13:20 +0000
"""

RULES = """\
#!/usr/bin/make -f
export DH_VIRTUALENV_INSTALL_ROOT := /opt/venvs

%:
	dh $@ --with python-virtualenv

override_dh_virtualenv:
	dh_virtualenv --python /usr/bin/python3 --skip-install --extra-pip-arg=--require-hashes \\
		--extra-pip-arg=--no-deps --extra-pip-arg=--no-index --extra-pip-arg=--find-links={wheels}

override_dh_builddeb:
	dh_builddeb -- {compression}
"""


def write_source(into: Path, lock: Path, wheels: Path, compression: str, *, skipped: tuple[str, ...]) -> None:
    """Write the source tree ``into``, whose build leaves out the helpers in ``skipped``."""
    debian = into / "debian"
    (debian / "source").mkdir(parents=True)
    (into / "requirements.txt").write_text(lock.read_text())
    (debian / "control").write_text(CONTROL)
    (debian / "changelog").write_text(CHANGELOG)
    (debian / "source/format").write_text("3.0 (quilt)\n")
    without = "".join(f"\noverride_{helper}:\n" for helper in skipped)
    (debian / "rules").write_text(RULES.format(wheels=wheels, compression=compression) + without)
    (debian / "rules").chmod(0o755)
