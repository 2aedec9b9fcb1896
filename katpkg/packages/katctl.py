"""The source of katctl, which lies beside katpkg and is never imported by it: here it is only files."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from katpkg.model.names import Sha256


def katctl_files() -> tuple[Path, ...]:
    """Its modules, sorted."""
    spec = find_spec("katctl")
    assert spec is not None  # noqa: S101
    assert spec.submodule_search_locations  # noqa: S101
    return tuple(sorted(Path(spec.submodule_search_locations[0]).glob("*.py")))


def katctl_digest() -> Sha256:
    """One digest of them, by name and content."""
    digest = hashlib.sha256()
    for path in katctl_files():
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return Sha256(digest.hexdigest())
