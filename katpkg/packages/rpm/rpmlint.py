"""rpmlint's opinion, where it is installed. An error or a warning stops the build, unless it is right as it is."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage

FINDING = re.compile(r"(?m)^\S+: ([EW]): (.*)$")

FILTERS = (
    ("no-signature", "it is signed when it is published"),
    ("no-group-tag", "nobody reads it any more"),
    ("no-manual-page-for-binary", "rpmlint 2.4 sees none; lintian has seen them"),
    ("manpage-not-compressed bz2 ", "it is compressed by gzip"),
    ("files-duplicated-waste ", "wheels bring the same file twice, and RECORD lists both"),
    ("requires-on-release ", "a meta package names exactly what was built with it"),
    ("no-url-tag", "a module need not have a homepage"),
    ("no-binary", "a virtual environment for one architecture may be pure Python by chance"),
    ("only-non-binary-in-usr-lib", "what the product shares lies in /usr/lib/PRODUCT on every distribution"),
    ("summary-not-capitalized", "the summary is the Debian package's too, where it begins small"),
    ("invalid-license", "licences are SPDX identifiers, as Fedora has them since 2022"),
    ("non-standard-[ug]id /", "the package makes the account itself"),
    ("non-standard-dir-perm /var/", "state is for the service that keeps it"),
    ("non-readable /etc/", "the administrator may put secrets there"),
    ("dir-or-file-in-opt /opt/venvs", "administrators' scripts look for virtual environments there"),
    (".*/opt/venvs/", "files of wheels are their authors', and are listed with their digests in RECORD"),
)
"""What rpmlint finds although it is right as it is, each with the reason."""


def check(package: BinaryPackage) -> None:
    """Raise BuildError when rpmlint finds an error or a warning in ``package``. Nothing where it is not installed."""
    if shutil.which("rpmlint", path=process.SYSTEM_PATH) is None:
        return
    with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
        config = Path(directory) / "filters.toml"
        config.write_text("".join(("Filters = [\n", *(f"  ': [EWI]: {tag}',\n" for tag, _ in FILTERS), "]\n")))
        done = process.run(["rpmlint", "--config", config, package.path], cwd=config.parent, accept=range(256))
    findings = [": ".join(found) for found in FINDING.findall(done.text)]
    if done.status != 0 and not findings:
        raise BuildError(f"rpmlint could not look at {package.filename}", details=process.tail(done.output))
    if findings:
        raise BuildError(
            f"rpmlint finds fault with {package.filename}", hint="mend them", details="\n".join(findings[:40])
        )
