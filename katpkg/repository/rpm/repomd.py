"""repomd.xml: what a generation consists of. It is what we sign, and read again only when the signature is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from xml.etree import ElementTree

from katpkg.errors import RepositoryError
from katpkg.model.digests import Digest
from katpkg.model.names import Sha256, SuiteName
from katpkg.repository.base import RESTORE
from katpkg.repository.rpm.layout import metadata

SPACE = "{http://linux.duke.edu/metadata/repo}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repomd:
    """What repomd.xml says."""

    suite: SuiteName
    date: datetime
    files: Mapping[str, Digest]
    """The metadata files by kind, as they are stored."""

    def says_the_same(self, other: Repomd) -> bool:
        """Whether nothing but the date differs."""
        return self.files == other.files

    def render(self) -> bytes:
        """Its text. The suite stands there so that one suite's cannot be taken for another's."""
        moment = int(self.date.timestamp())
        data = "".join(_render(kind, digest, moment) for kind, digest in self.files.items())
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">\n'
            f"  <revision>{moment}</revision>\n  <tags>\n    <repo>{self.suite}</repo>\n  </tags>\n{data}</repomd>\n"
        )
        return text.encode()

    @classmethod
    def parse(cls, text: bytes, where: str) -> Self:
        """What ``text`` says, which we signed. Raises RepositoryError."""
        try:
            root = ElementTree.fromstring(text)  # noqa: S314  # it is signed by us
            return cls(
                suite=SuiteName(_text(root, f"{SPACE}tags/{SPACE}repo")),
                date=datetime.fromtimestamp(int(_text(root, f"{SPACE}revision")), UTC),
                files={each.attrib["type"]: _digest(each) for each in root.iter(f"{SPACE}data")},
            )
        except (ElementTree.ParseError, ValueError, KeyError) as error:
            raise RepositoryError(
                "repomd.xml cannot be read", where=where, hint=RESTORE, details=repr(error)
            ) from error


def _render(kind: str, digest: Digest, moment: int) -> str:
    return f"""\
  <data type="{kind}">
    <checksum type="sha256">{digest.sha256}</checksum>
    <location href="{metadata(kind, digest.sha256)}"/>
    <timestamp>{moment}</timestamp>
    <size>{digest.size}</size>
  </data>
"""


def _digest(data: ElementTree.Element) -> Digest:
    return Digest(size=int(_text(data, f"{SPACE}size")), sha256=Sha256(_text(data, f"{SPACE}checksum")))


def _text(element: ElementTree.Element, path: str) -> str:
    return element.findtext(path) or ""
