"""What a publication costs in a bucket: a dozen requests for a package more, whatever is published already."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from katpkg.model.suite import SuiteSpec
from katpkg.packages.deb.inspect import read_deb
from katpkg.pipeline.commit import Publisher
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Change
from katpkg.repository.apt.draft import Draft
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.apt.revise import Edits
from katpkg.repository.base import Reader, Verifier
from scripts.lab.proxy import FaultProxy
from scripts.lab.s3 import S3Server
from tests.builders import AMD64, make_deb, make_suite
from tests.contract.conftest import Connect
from tests.fakes import FakeSigner
from tests.sites import MAIN, made_up

MANY = 1500
"""Packages of which the index is so large that patches of it are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A change that adds packages without files."""

    number: int

    def make(self, draft: Draft, reader: Reader, verifier: Verifier) -> None:  # noqa: ARG002
        """Into the one index there is."""
        stanzas = [made_up(f"package{number:06}") for number in range(self.number)]
        draft.edit(reader, {(MAIN, AMD64): Edits(add=stanzas)})


Publish = Callable[..., list[str]]


@pytest.fixture
def bucket(s3_servers: dict[str, S3Server], connect: Connect, tmp_path: Path) -> Iterator[Publish]:
    """Publishes in one bucket, as a process of its own each time; says what that asked."""
    server = s3_servers["seaweedfs"]
    name = server.new_bucket()
    with FaultProxy(server.endpoint) as proxy:

        def publish(suite: SuiteSpec, change: Change | str) -> list[str]:
            repository = AptRepository(suite)
            if isinstance(change, str):
                deb = make_deb(tmp_path / change, {"Package": change, "Version": "1.0-1", "Architecture": "amd64"})
                change = repository.adding([read_deb(deb)])
            before = len(proxy.requests)
            Publisher(
                repository=repository,
                store=connect(proxy.endpoint, name),
                signer=FakeSigner(),
                clock=lambda: datetime.now(UTC),
                reporter=Quiet(),
            ).publish(change)
            return [f"{each.method} {each.path} {each.query}" for each in proxy.requests[before:]]

        yield publish


@pytest.mark.parametrize(("patches", "most"), [(False, 12), (True, 16)])
def test_a_package_more_costs_a_dozen_requests_and_four_for_patches(
    *, patches: bool, most: int, bucket: Publish
) -> None:
    suite = make_suite(architectures=(AMD64,), patches=patches)
    bucket(suite, Ground(number=MANY))
    bucket(suite, "kat-a")  # begins the list of patches
    asked = bucket(suite, "kat-b")
    assert len(asked) == most, "\n".join(asked)
    assert not [each for each in asked if "list-type" in each]
    assert bool([each for each in asked if "Packages.diff" in each]) == patches


def test_patches_that_were_turned_off_and_on_again_cost_no_more_than_before(bucket: Publish) -> None:
    suite = make_suite(architectures=(AMD64,))
    bucket(suite, Ground(number=MANY))
    bucket(suite, "kat-a")
    bucket(replace(suite, patches=False), "kat-b")
    asked = bucket(suite, "kat-c")
    assert len(asked) == 16, "\n".join(asked)
