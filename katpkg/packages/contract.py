"""The content contract: what the last published version had, the next one has too, unless somebody said otherwise.

Paths are compared without what a new version of the same software changes in them: versions of distributions and
how their names are spelt, the version of Python, and the tags of extension modules. Of what came along as a dependency
only the names count.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence

from packaging.utils import canonicalize_name

PYTHON = re.compile(r"/(lib|bin)/python3\.\d+(?=/|$)")
DIST_INFO = re.compile(r"(?<=/)([^-/]+)-[^-/]+\.(dist-info|egg-info)")
EXTENSION = re.compile(r"\.(?:cpython-\d+[^/]*|abi3)\.so$")
SITE_PACKAGES = re.compile(r"(?P<site>.*/site-packages)/(?P<top>[^/]+)(?P<rest>/.*)?")


def vanished(
    before: Iterable[str], after: Iterable[str], *, own: frozenset[str], accept: Sequence[str]
) -> tuple[str, ...]:
    """The paths (absolute) of ``before`` that have no counterpart in ``after``, sorted.

    ``own`` are the names in site-packages that are the module's, and are compared file by file; ``accept`` are
    patterns, in which * crosses slashes, of what may vanish.
    """
    kept = {normal(path, own) for path in after}
    gone = {normal(path, own) for path in before if not path.endswith("/")} - kept
    return tuple(sorted(path for path in gone if not any(fnmatch.fnmatchcase(path, each) for each in accept)))


def normal(path: str, own: frozenset[str]) -> str:
    """``path`` as every version of the same software has it."""
    path = PYTHON.sub(r"/\1/python3", path)
    path = EXTENSION.sub(".so", DIST_INFO.sub(lambda match: f"{canonicalize_name(match[1])}.{match[2]}", path))
    found = SITE_PACKAGES.fullmatch(path)
    if found and found["top"] not in own:
        return f"{found['site']}/{found['top']}"
    return path
