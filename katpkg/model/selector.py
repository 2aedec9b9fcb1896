"""Which packages somebody means who names them: one, one version of it, or many by a pattern."""

from __future__ import annotations

from fnmatch import fnmatchcase

from katpkg.model.names import Name, PackageName
from katpkg.model.version import Version


class Selector(Name):
    """Packages of an archive: NAME or NAME=VERSION, and either may be a pattern."""

    __slots__ = ()
    pattern = r"[a-z0-9+.*?\[\]!-]+(=[A-Za-z0-9.+:~*?\[\]!-]+)?"
    rule = "NAME or NAME=VERSION, where * ? and [...] stand for what they do in a shell"

    @property
    def name(self) -> str:
        """The part that is about names."""
        return self.partition("=")[0]

    def selects(self, name: PackageName, version: Version) -> bool:
        """Whether it means that version of that package."""
        wanted = self.partition("=")[2] or "*"
        return fnmatchcase(name, self.name) and fnmatchcase(version, wanted)
