"""One file of a built .deb, read without unpacking the rest: what a package says of itself."""

from __future__ import annotations

from pathlib import Path

from katpkg.packages.deb.ar import DebReader, invalid
from katpkg.packages.deb.paths import normal
from katpkg.packages.deb.tar import Kind, read_tar

LARGEST = 1 << 20


def read_document(path: Path, name: str) -> str | None:
    """The text of the file ``name`` (absolute) in the .deb at ``path``; None when it has none. Raises BuildError."""
    with path.open("rb") as file:
        reader = DebReader(file.read, path)
        reader.control()
        stream = reader.unpack(reader.data())
        try:
            for member in read_tar(stream):
                if f"/{normal(member.name)}" == name and member.kind is Kind.FILE and member.size <= LARGEST:
                    return stream.read(member.size).decode("utf-8", "replace")
        except ValueError as error:
            raise invalid(path, f"it is damaged: {error}") from error
    return None
