"""A draft of the next state of a suite of RPMs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from katpkg.model.names import PackageName
from katpkg.model.suite import SuiteSpec
from katpkg.repository.base import Reader
from katpkg.repository.publication import Action
from katpkg.repository.published import Key
from katpkg.repository.rpm.generation import Generation
from katpkg.repository.rpm.metadata import Metadata
from katpkg.repository.rpm.record import KINDS, Record

Texts = Sequence[bytes]
"""The records of one package, one of each kind."""


@dataclass(kw_only=True)
class Draft:
    """Begins as what is published, and is changed package by package. Reads of it no more than a change asks for."""

    suite: SuiteSpec
    moment: datetime
    files: Sequence[Metadata]
    """The metadata as it is published."""
    added: dict[Key, Texts] = field(default_factory=dict)
    dropped: set[Key] = field(default_factory=set)
    actions: list[Action] = field(default_factory=list)
    is_new: bool = False
    """Whether it is to be published even if it has what is published already."""

    @classmethod
    def of(cls, suite: SuiteSpec, current: Generation | None, reader: Reader, moment: datetime) -> Draft:
        """One that changes nothing yet; ``moment`` is the date it will have. Raises RepositoryError."""
        files = current.metadata(reader) if current else [Metadata.nothing(kind) for kind in KINDS]
        return cls(suite=suite, moment=moment, files=files)

    @cached_property
    def records(self) -> Mapping[Key, Record]:
        """Every package that is published. Raises RepositoryError."""
        return {record.key: record for record in self.files[0].records()}

    def find(self, names: Collection[PackageName]) -> Mapping[Key, Record]:
        """The packages of ``names`` that are published. Raises RepositoryError."""
        return {record.key: record for record in self.files[0].named(names)}

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to publish."""
        return bool(self.added or self.dropped or self.is_new)

    def finish(self) -> list[Metadata]:
        """The metadata as it becomes."""
        count = self.files[0].count + len(self.added) - len(self.dropped)
        return [
            file.revised({key: texts[number] for key, texts in self.added.items()}, self.dropped, count)
            for number, file in enumerate(self.files)
        ]
