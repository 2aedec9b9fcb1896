"""lintian's opinion. An error or a warning stops the build, unless an override says why it is right as it is."""

from __future__ import annotations

import re

from katpkg import process
from katpkg.errors import BuildError
from katpkg.model.binary import BinaryPackage

FINDING = re.compile(r"(?m)^([EW]): (.*)$")


def check(package: BinaryPackage, distribution: str) -> None:
    """Raise BuildError when lintian, at its most pedantic, finds an error or a warning in ``package``."""
    done = process.run(
        ["lintian", "--profile", distribution, "--pedantic", "--no-cfg", "--tag-display-limit", "0", package.path],
        accept=(0, 1, 2),
    )
    findings = [": ".join(found) for found in FINDING.findall(done.text)]
    if done.status == 1 and not findings:
        raise BuildError(f"lintian could not look at {package.filename}", details=process.tail(done.output))
    if findings:
        raise BuildError(
            f"lintian finds fault with {package.filename}",
            hint="mend them, or add a [[lintian]] override with the reason to the module",
            details="\n".join(findings[:40]),
        )
