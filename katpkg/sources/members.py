"""What an archive says it holds, and why none of it is believed.

Zip and tar members are read into one form and judged by one set of rules before a byte is written; bytes are counted
again while they are written, because a declared size is only a claim.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from katpkg.errors import SourceError


class MemberKind(Enum):
    """What a member is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    OTHER = "device, pipe or socket"


class Links(Enum):
    """Which symbolic links are taken."""

    INSIDE = "inside"
    """Those that stay in the tree."""
    ENVIRONMENT = "inside, or an interpreter"
    """The same; but the interpreter of a virtual environment may be a link to anywhere, and then it is left out."""
    ANY = "any"
    """All: the files of a package, whose links mean the server's root. They are made, and never followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much an archive may hold."""

    total: int = 4 << 30
    """Bytes, unpacked."""
    members: int = 200_000
    ratio: int = 200
    """Unpacked to packed bytes; only asked of archives that unpack to more than ``ratio_from``."""
    ratio_from: int = 64 << 20
    depth: int = 64
    """Directories below each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member, its name made relative and normal; ``target`` is what a link points to."""

    name: str
    kind: MemberKind
    size: int = 0
    executable: bool = False
    target: str = ""


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_INTERPRETER = re.compile(r"(^|/)bin/python[0-9.]*$")


def unsafe(what: str, where: str) -> SourceError:
    """The error for an archive that is damaged, or that nobody should unpack: all of it stays packed."""
    return SourceError(what, where=where, hint="look at what made it; nothing of it was unpacked")


def normal_name(raw: str, where: str) -> str:
    """``raw`` without a leading ``./`` or a slash at its end; ``""`` for the root. Raises SourceError."""
    if _CONTROL.search(raw):
        raise unsafe(f"the name {raw!r} has control characters in it, or is no UTF-8", where)
    if raw.startswith("/") or "\\" in raw or _DRIVE.match(raw):
        raise unsafe(f"the name {raw!r} is absolute, or of another system", where)
    parts = [part for part in raw.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise unsafe(f"the name {raw!r} leads out of the archive", where)
    if any(len(part.encode()) > 255 for part in parts):
        raise unsafe(f"the name {raw[:40]!r}… is longer than a file system takes", where)
    return "/".join(parts)


def judge(members: Iterable[Member], packed: int, limits: Limits, links: Links, where: str) -> None:
    """Raise SourceError unless ``members`` may be unpacked; ``packed`` is the archive's own size in bytes."""
    seen: dict[str, Member] = {}
    total = 0
    for count, member in enumerate(members, 1):
        total += member.size
        _judge_size(count, total, packed, limits, where)
        _judge_kind(member, links, where)
        _judge_place(member, seen, limits, where)
        seen[_folded(member.name)] = member
    for member in seen.values():
        _judge_parents(member, seen, where)


def _judge_size(count: int, total: int, packed: int, limits: Limits, where: str) -> None:
    if count > limits.members:
        raise unsafe(f"it has more than {limits.members} members", where)
    if total > limits.total:
        raise unsafe(f"it unpacks to more than {limits.total >> 20} MiB", where)
    if total > limits.ratio_from and total > packed * limits.ratio:
        raise unsafe(f"it unpacks to more than {limits.ratio} times its size: a bomb", where)


def _judge_kind(member: Member, links: Links, where: str) -> None:
    if member.kind is MemberKind.OTHER:
        raise unsafe(f"{member.name!r} is a {member.kind.value}", where)
    if member.kind is MemberKind.SYMLINK and links is not Links.ANY and leaves(member) and not left_out(member, links):
        raise unsafe(f"the link {member.name!r} points out of the archive, to {member.target!r}", where)


def left_out(member: Member, links: Links) -> bool:
    """Whether ``member`` is a link that nobody needs: the server has an interpreter of its own."""
    return links is Links.ENVIRONMENT and bool(_INTERPRETER.search(member.name)) and leaves(member)


def leaves(member: Member) -> bool:
    """Whether the link ``member`` points out of the archive."""
    if not member.target or member.target.startswith("/") or _CONTROL.search(member.target):
        return True
    depth = member.name.count("/")
    for part in member.target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def _judge_place(member: Member, seen: dict[str, Member], limits: Limits, where: str) -> None:
    twin = seen.get(_folded(member.name))
    if twin is not None and not (twin.kind is member.kind is MemberKind.DIRECTORY and twin.name == member.name):
        raise unsafe(f"{member.name!r} and {twin.name!r} are one name, or too much alike", where)
    if member.name.count("/") >= limits.depth:
        raise unsafe(f"{member.name[:60]!r}… lies more than {limits.depth} directories deep", where)
    if member.kind is MemberKind.HARDLINK:
        first = seen.get(_folded(member.target))
        if first is None or first.name != member.target or first.kind is not MemberKind.FILE:
            raise unsafe(f"{member.name!r} is a hard link to {member.target!r}, no file before it", where)


def _judge_parents(member: Member, seen: dict[str, Member], where: str) -> None:
    parts = member.name.split("/")
    for end in range(1, len(parts)):
        name = "/".join(parts[:end])
        parent = seen.get(_folded(name))
        if parent is None:
            continue
        if parent.kind is not MemberKind.DIRECTORY:
            raise unsafe(f"{member.name!r} lies below {parent.name!r}, which is a {parent.kind.value}", where)
        if parent.name != name:
            raise unsafe(f"{name!r} and {parent.name!r} are one name, or too much alike", where)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
