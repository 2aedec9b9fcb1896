"""What the paths of a package may be: below the root, each once, and none through another that is no directory.

dpkg extracts as root. What only a strange reading of tar would put elsewhere is refused before anybody signs for it.
"""

from __future__ import annotations

from katpkg.packages.deb.tar import Kind, TarMember

SPECIAL_BITS = 0o6000


class Paths:
    """The paths of one package; what is wrong with one, or with all of them together, is a ValueError."""

    def __init__(self) -> None:
        self._directories: set[str] = set()
        self._files: set[str] = set()
        self._symlinks: set[str] = set()
        self._parents = {""}

    def add(self, member: TarMember) -> None:
        """Judge the next member as it comes."""
        name = normal(member.name)
        match member.kind:
            case Kind.DEVICE:
                raise ValueError(f"{member.name!r} is a device or a pipe")
            case Kind.DIRECTORY:
                self._add_parents(name)
                self._directories.add(name)
                return
            case Kind.SYMLINK:
                _check_symlink(name, member.target)
            case Kind.HARD_LINK if normal(member.target) not in self._files:
                raise ValueError(
                    f"{member.name!r} is a hard link to {member.target!r}, no file before it in the package"
                )
        if member.mode & SPECIAL_BITS:
            raise ValueError(f"{member.name!r} is setuid or setgid")
        if name in self._files or name in self._symlinks:
            raise ValueError(f"{member.name!r} is there twice")
        self._add_parents(name)
        (self._symlinks if member.kind is Kind.SYMLINK else self._files).add(name)

    def finish(self) -> list[str]:
        """All of them, absolute and sorted; directories end in a slash."""
        for name in sorted((self._parents | self._directories) & (self._files | self._symlinks)):
            what = "a symlink" if name in self._symlinks else "a file"
            raise ValueError(f"'/{name}' is {what}, and a directory too")
        self._directories.discard("")
        found = [f"/{name}/" for name in self._directories]
        found += [f"/{name}" for name in self._files]
        found += [f"/{name}" for name in self._symlinks]
        return sorted(found)

    def _add_parents(self, name: str) -> None:
        while (name := name.rpartition("/")[0]) not in self._parents:
            self._parents.add(name)


def normal(name: str) -> str:
    """``name`` relative to the root, without ``.`` and empty parts; the root itself is ``""``. Raises ValueError."""
    if name.startswith("/") or (".." in name and ".." in name.split("/")):
        raise ValueError(f"{name!r} leads out of the package")
    if "\n" in name:
        raise ValueError(f"{name!r} has a newline in it, which dpkg refuses")
    plain = name.removeprefix("./").rstrip("/")
    if "//" in plain or "/./" in plain or plain.startswith(".") or plain.endswith("/."):
        return "/".join(part for part in plain.split("/") if part not in ("", "."))
    return plain


def _check_symlink(name: str, target: str) -> None:
    """A link may point to anywhere on the server (Debian Policy 10.5), but not above its root."""
    if target.startswith("/") or ".." not in target:
        return
    depth = name.count("/")
    for part in target.split("/"):
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            raise ValueError(f"'/{name}' is a symlink to {target!r}, which leads out of the package")
