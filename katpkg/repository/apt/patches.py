"""pdiffs: what a client that has the last index fetches instead of the whole next one.

A patch is an ed script, a list of them says which text each starts from (Packages.diff/Index). Only lists with SHA256
fields are used by apt since 1.6; each publication adds one patch, and a client applies those it lacks in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256
from katpkg.repository.apt.revise import Hunk
from katpkg.repository.apt.stanza import parse_fields
from katpkg.repository.base import MENDING

MOST = 12
"""How many patches a list has; a client further behind fetches the whole index."""
SECTIONS = ("SHA256-History", "SHA256-Patches", "SHA256-Download")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One patch: its name, the text that it starts from, itself, and itself compressed."""

    name: str
    before: Digest
    plain: Digest
    gz: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchList:
    """Packages.diff/Index: the patches that lead to ``current``, the oldest first."""

    current: Digest
    patches: Sequence[Patch] = field(default=())

    def extend(self, name: str, script: bytes, compressed: bytes, to: Digest) -> Self:
        """The list when ``script`` leads on to the text ``to``; the oldest patches fall off."""
        patch = Patch(name=name, before=self.current, plain=Digest.of(script), gz=Digest.of(compressed))
        return type(self)(current=to, patches=(*self.patches, patch)[-MOST:])

    def render(self) -> bytes:
        """The file."""
        lines = [f"SHA256-Current: {self.current.sha256} {self.current.size}"]
        for section, rows in zip(SECTIONS, self._rows(), strict=True):
            lines += [f"{section}:", *rows]
        return "\n".join([*lines, ""]).encode()

    def _rows(self) -> Iterator[list[str]]:
        yield [f" {patch.before.sha256} {patch.before.size} {patch.name}" for patch in self.patches]
        yield [f" {patch.plain.sha256} {patch.plain.size} {patch.name}" for patch in self.patches]
        yield [f" {patch.gz.sha256} {patch.gz.size} {patch.name}.gz" for patch in self.patches]

    @classmethod
    def parse(cls, content: bytes, where: str) -> Self:
        """The list that ``content`` is. Raises RepositoryError."""
        try:
            fields = parse_fields(content.decode())
            history, plain, gz = ([_parse_row(row) for row in fields[name].split("\n") if row] for name in SECTIONS)
            current, _ = _parse_row(f"{fields['SHA256-Current']} .")
            patches = tuple(
                Patch(name=name, before=before, plain=script, gz=packed)
                for (before, name), (script, _), (packed, _) in zip(history, plain, gz, strict=True)
            )
        except (ValueError, KeyError) as error:
            said = "the list of patches cannot be read"
            raise RepositoryError(said, where=where, hint=MENDING, details=repr(error)) from error
        return cls(current=current, patches=patches)


def ed_script(hunks: Sequence[Hunk]) -> bytes:
    """``hunks`` as ed(1) takes them: the last first, so that line numbers hold. A stanza has no line of a lone dot."""
    return b"".join(_command(*hunk) for hunk in reversed(hunks))


def patch_name(date: datetime, script: bytes) -> str:
    """A name that no other patch has."""
    return f"{date:%Y-%m-%d-%H%M.%S}-{Digest.of(script).sha256[:8]}"


def _command(line: int, gone: int, come: bytes) -> bytes:
    if not gone:
        return b"%da\n%s.\n" % (line, come)
    lines = b"%d" % (line + 1) if gone == 1 else b"%d,%d" % (line + 1, line + gone)
    return b"%sc\n%s.\n" % (lines, come) if come else b"%sd\n" % lines


def _parse_row(row: str) -> tuple[Digest, str]:
    sha256, size, name = row.split()
    return Digest(size=int(size), sha256=Sha256(sha256)), name
