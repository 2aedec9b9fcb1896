"""The ground that every case begins on: an archive of two packages, three more to publish; and who judges the rest."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from katpkg.model.store import S3Options
from katpkg.model.suite import SuiteSpec
from katpkg.repository.apt.check.rules import Level
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.base import Verifier
from katpkg.repository.keys import PublicKey
from katpkg.repository.signing import GpgVerifier
from katpkg.store.base import HIDDEN, Store
from katpkg.store.local import LocalStore
from tests.builders import ROOT, make_deb, make_suite
from tests.fault.signer import QuickSigner
from tests.whole import OurWitness, check_whole

OLD = {"kat-old": "all", "kat-core": "amd64"}
NEW = {"kat-web": "all", "kat-core-tools": "amd64", "kat-arm": "arm64"}
SUITE: SuiteSpec = make_suite()
ERRORS = range(3, 10)
"""Exit codes of errors that are told: docs/reference/exit-codes.md. 1 is a bug."""
PATIENCE = 300.0
"""Seconds after which a publication hangs."""

KNOWN = re.compile(
    r"pool/bookworm/main/[a-z]+/[a-z-]+/[a-z-]+_[0-9.~a-z-]+_[a-z0-9]+\.deb"
    r"|dists/bookworm(?:-testing)?/(InRelease|Release|Release\.gpg|generations/[0-9TZ]+-[0-9a-f]{16}/InRelease"
    r"|main/binary-[a-z0-9]+/(Packages\.[gx]z|by-hash/SHA256/[0-9a-f]{64}))"
)
"""What may lie in an archive."""

DEFINITION = """\
targets = ["bookworm/amd64"]

[archive]
name = "kat"
origin = "{suite.origin}"
label = "{suite.label}"
description = "{suite.description}"
uri = "http://127.0.0.1/"
maintainer = "Test <test@example.org>"
architectures = ["amd64", "arm64"]

[signing]
public_key = "archive.asc"

[publish]
"""


class Wrong(AssertionError):
    """What must not be, is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A definition, packages, and an archive, below one directory."""

    root: Path
    is_signed: bool
    """Whether by gpg; otherwise by a fake."""

    @property
    def public(self) -> Path:
        """The archive, when it is a directory."""
        return self.root / "public"

    @property
    def new(self) -> list[Path]:
        """What there is to publish."""
        return sorted((self.root / "new").iterdir())

    @property
    def verifier(self) -> Verifier:
        """Knows what is signed as it should be."""
        return GpgVerifier(_key(self.root / "archive.asc")) if self.is_signed else QuickSigner()

    @property
    def environment(self) -> dict[str, str]:
        """Of everything that is run here; the same each time, so that it does the same each time."""
        own = {"KATPKG_SIGNING_KEY_FILE": str(self.root / "secret.asc"), "PYTHONHASHSEED": "0"}
        return {**os.environ, **own, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}

    def command(self, *words: str | Path) -> list[str | Path]:
        """The command line of katpkg."""
        module = "katpkg" if self.is_signed else "tests.fault.publish"
        return [sys.executable, "-m", module, "-C", self.root, *words]

    def katpkg(
        self, *words: str | Path, under: Sequence[str | Path] = (), patience: float = PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """Call katpkg, by way of the command ``under``."""
        return subprocess.run(
            [*under, *self.command(*words)],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            env=self.environment,
            cwd=self.root,
            timeout=patience,
        )

    def publish(self, *, under: Sequence[str | Path] = ()) -> subprocess.CompletedProcess[str]:
        """Publish what is new."""
        return self.katpkg("publish", *self.new, under=under)

    def copy(self, to: Path) -> Ground:
        """The same elsewhere."""
        shutil.copytree(self.root, to, symlinks=True)
        return Ground(root=to, is_signed=self.is_signed)

    def in_bucket(self, bucket: str, options: S3Options) -> None:
        """Have the archive in a bucket from now on."""
        place = f'bucket = "s3://{bucket}/archive"\n\n[publish.s3]\n'
        place += f'endpoint = "{options.endpoint}"\nregion = "us-east-1"\npath_style = true\n'
        (self.root / "katpkg.toml").write_text(DEFINITION.format(suite=SUITE) + place)


@cache
def _key(path: Path) -> PublicKey:
    return PublicKey.read(path)


def make_ground(root: Path, *, is_signed: bool = False) -> Ground:
    """A new one, with its archive in a directory."""
    ground = Ground(root=root, is_signed=is_signed)
    for directory, packages in (("old", OLD), ("new", NEW)):
        (root / directory).mkdir(parents=True)
        for name, architecture in packages.items():
            pack(root / directory, name, architecture)
    (root / "katpkg.toml").write_text(DEFINITION.format(suite=SUITE) + 'store = "public"\n')
    if is_signed:
        _must(ground.katpkg("key", "new", "--user-id", "Test <t@example.org>", "--secret", root / "secret.asc"))
    _must(ground.katpkg("publish", *sorted((root / "old").iterdir())))
    return ground


def pack(directory: Path, name: str, architecture: str) -> Path:
    """A small .deb in ``directory``."""
    directory.mkdir(exist_ok=True)
    control = {"Package": name, "Version": "1.0-1~deb12u1", "Architecture": architecture}
    work = directory.parent / f"work-{name}"
    deb = make_deb(work, control, {f"usr/share/{name}/it": name * 100})
    moved = deb.rename(directory / deb.name)
    shutil.rmtree(work)
    return moved


def _must(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != 0:
        raise Wrong(f"{done.args}: {done.returncode}\n{done.stdout}{done.stderr}")


def judge(store: Store, verifier: Verifier, *, strict: bool = False) -> set[str]:
    """The names of the packages that are published in ``store``. Raises Wrong unless the archive is whole.

    What clients need must be so at any time; with ``strict`` the copies, which none needs, must be in line too.
    """
    levels = {Level.ERROR, Level.WARNING} if strict else {Level.ERROR}
    now = datetime.now(UTC)
    findings = [each for each in check_whole(store, OurWitness(verifier), now) if each.level in levels]
    if findings:
        raise Wrong("\n".join(f"{each.rule} {each.where}: {each.what}" for each in findings))
    strangers = [each.key for each in store.list("") if not KNOWN.fullmatch(each.key)]
    if strangers:
        raise Wrong(f"nobody knows what this is: {strangers}")
    return {str(stanza.name) for stanza in AptRepository(SUITE).published(store, verifier)}


def judge_answer(status: int, said: str, published: set[str]) -> str:
    """How a publication ended, in a word. Raises Wrong when what it said is not so, or says nothing to a user."""
    if "Traceback" in said or (status > 0 and status not in ERRORS):
        raise Wrong(f"status {status}\n{said}")
    if status == 0 and not published >= OLD.keys() | NEW.keys():
        raise Wrong(f"it said that all was published, and only this is: {sorted(published)}")
    if not published >= OLD.keys():
        raise Wrong(f"only this is left: {sorted(published)}")
    if published - OLD.keys() and not published >= NEW.keys():
        raise Wrong(f"half of it is published: {sorted(published)}")
    if status > 0 and " hint: " not in said:
        raise Wrong(f"that is no help:\n{said}")
    return "killed" if status < 0 else f"exit {status}"


def left_in_scratch(public: Path) -> list[str]:
    """What a directory's writers have left behind, besides the lock that they share."""
    return sorted(path.name for path in (public / HIDDEN).iterdir() if path.name != "lock")


def judge_directory(ground: Ground, done: subprocess.CompletedProcess[str]) -> Iterator[str]:
    """How a publication to a directory ended, and how the next one did. Raises Wrong."""
    store = LocalStore(ground.public)
    published = judge(store, ground.verifier, strict=done.returncode == 0)
    yield judge_answer(done.returncode, done.stderr, published)
    again = ground.publish()
    _must(again)
    if not judge(store, ground.verifier, strict=True) >= OLD.keys() | NEW.keys():
        raise Wrong("the next publication did not publish everything")
    if again.stdout and (left := left_in_scratch(ground.public)):
        raise Wrong(f"the next publication wrote, and left {left}")
    yield "again 0"
