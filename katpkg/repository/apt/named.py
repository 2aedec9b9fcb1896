"""The keys of everything that generations name: their indexes and copies of them, the patches, and the packages."""

from __future__ import annotations

import re

from katpkg.errors import RepositoryError
from katpkg.model.names import Sha256
from katpkg.repository.apt import layout
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.index import Index
from katpkg.repository.apt.patches import PatchList
from katpkg.repository.base import MENDING, Archive

_FILENAME = re.compile(rb"^Filename: *(.*?) *$", re.MULTILINE)


class Named:
    """What the generations that were added name. An index that several have is read once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._keys: set[str] = set()
        self._read: set[Sha256] = set()

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def add(self, generation: Generation) -> None:
        """Add ``generation``. Raises RepositoryError when an index of it is missing or damaged."""
        for path, digest in generation.release.indexes.items():
            self._keys.add(layout.by_hash(generation.suite, path, digest.sha256))
            self._keys.add(layout.dists(generation.suite, path))
            if path.endswith("/Packages"):
                self._add_packages(generation, path)
            elif path.endswith(".diff/Index"):
                self._add_patches(generation, path)

    def _add_packages(self, generation: Generation, path: str) -> None:
        where = layout.dists(generation.suite, f"{path}.gz")
        if f"{path}.gz" not in generation.release.indexes:
            raise RepositoryError(
                "nobody knows what an index names of which there is no .gz", where=where, hint=MENDING
            )
        digest = generation.release.indexes[f"{path}.gz"].sha256
        if digest in self._read:
            return
        (content,) = generation.files(self._archive, [f"{path}.gz"])
        for plain, _ in Index(where=where, gz=content, xz=None).blocks():
            self._keys.update(name.decode().removeprefix("./") for name in _FILENAME.findall(plain))
        self._read.add(digest)

    def _add_patches(self, generation: Generation, path: str) -> None:
        (content,) = generation.files(self._archive, [path])
        index = path.removesuffix(".diff/Index")
        for patch in PatchList.parse(content, layout.dists(generation.suite, path)).patches:
            self._keys.add(layout.patch(generation.suite, index, patch.name))
