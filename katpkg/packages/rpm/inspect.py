"""Reading a built RPM back: what is known of a package is what its file says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from katpkg.errors import BuildError
from katpkg.model.binary import INPUTS_FIELD, BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.target import PackageFormat
from katpkg.model.version import Version
from katpkg.packages.hints import AGAIN

INPUTS = INPUTS_FIELD.lower()
"""What a package of ours provides besides itself, in the version that is the digest of what it was built from: an RPM
has no fields of one's own, and what it provides stands in the repository's metadata."""


def read_rpm(path: Path) -> BinaryPackage:
    """What the RPM at ``path`` is and holds. Raises BuildError when it is none.

    Of what it holds, no digest is checked: rpmsign does that, without which none is published.
    """
    header = _header(path)
    try:
        return BinaryPackage(
            file=str(path),
            digest=Digest.of(path),
            fields=_fields(header),
            members=partial(tuple, _members(header)),
            format=PackageFormat.RPM,
        )
    except ValueError as error:
        raise _invalid(path, str(error)) from error


def list_members(path: Path) -> tuple[str, ...]:
    """The paths that the RPM at ``path`` holds. Raises BuildError."""
    return _members(_header(path))


def _header(path: Path) -> Any:  # noqa: ANN401  # the library has no types
    try:
        import createrepo_c  # takes as long as all the rest of a call that makes no RPM
    except ImportError as error:
        raise BuildError("createrepo_c is not installed", hint="pip install 'katpkg[rpm]'") from error
    try:
        return createrepo_c.package_from_rpm(str(path))
    except (OSError, createrepo_c.CreaterepoCError) as error:
        raise _invalid(path, str(error)) from error


def _fields(header: Any) -> Mapping[str, str]:  # noqa: ANN401
    epoch = f"{header.epoch}:" if header.epoch not in (None, "", "0") else ""
    fields = {
        "Package": header.name,
        "Version": Version(f"{epoch}{header.version}-{header.release}"),
        "Architecture": PackageFormat.RPM.architecture(header.arch),
        "Maintainer": header.rpm_packager or "",
        "Homepage": header.url or "",
        "Description": f"{header.summary}\n{header.description}",
        INPUTS_FIELD: next((each[3] for each in header.provides if each[0] == INPUTS), ""),
    }
    return {name: str(value) for name, value in fields.items() if value}


def _members(header: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(sorted(f"{each[1]}{each[2]}{'/' if each[0] == 'dir' else ''}" for each in header.files))


def _invalid(path: Path, why: str, details: str | None = None) -> BuildError:
    return BuildError(
        f"{path.name} is no RPM that can be published: {why}", where=str(path), hint=AGAIN, details=details
    )
