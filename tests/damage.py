"""An archive in memory, whole, and ways to spoil it: whatever is changed, all that follows from it is changed too."""

from __future__ import annotations

import gzip
import hashlib
import lzma
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from katpkg.model.digests import Digest
from katpkg.model.suite import SuiteSpec
from katpkg.report import Quiet
from katpkg.repository.apt.changes import Add
from katpkg.repository.apt.check.archive import Files
from katpkg.repository.apt.check.findings import Finding
from katpkg.repository.apt.check.release import ReleaseFile
from katpkg.repository.apt.check.scope import Demands
from katpkg.repository.apt.check.verify import verify
from katpkg.repository.apt.patches import PatchList, ed_script
from katpkg.repository.apt.plan import AptRepository
from katpkg.repository.clearsigned import covered
from katpkg.store.apply import apply
from tests.builders import make_package, make_suite
from tests.fakes import EPOCH, FakeSigner, MemoryStore, Ticking
from tests.whole import OurWitness

SUITE = make_suite()
INDEX = "main/binary-amd64/Packages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilable:
    """An archive of ours, signed by the fake."""

    directory: Path
    store: MemoryStore = field(default_factory=MemoryStore)

    @property
    def now(self) -> datetime:
        """An hour after the last publication."""
        return EPOCH + timedelta(hours=1)

    def publish(
        self, name: str, *, version: str = "1.0-1~deb12u1", suite: SuiteSpec = SUITE, minute: int = 0, content: str = ""
    ) -> None:
        """Publish a package for all architectures, at that minute of the first hour."""
        now = EPOCH + timedelta(minutes=minute)
        repository = AptRepository(suite)
        package = make_package(self.directory, name, version, content=content or name)
        plan = repository.plan(self.store, Add(packages=[repository.admit(package)]), FakeSigner(), lambda: now)
        apply(plan, self.store, Ticking(now), Quiet())

    def key(self, path: str, suite: str = "bookworm") -> str:
        """Of a file of the suite."""
        return f"dists/{suite}/{path}"

    def release(self, suite: str = "bookworm") -> str:
        """The text that is signed."""
        return FakeSigner().verify(self.store.objects[self.key("InRelease", suite)], "").decode()

    def by_hash(self, path: str, suite: str = "bookworm") -> str:
        """Where a listed file lies under its digest."""
        return self.key(ReleaseFile.parse(self.release(suite).encode()).files[path].by_hash, suite)

    def sign(self, text: str, suite: str = "bookworm") -> None:
        """Publish ``text`` as Release, signed, in both its forms."""
        self.store.objects[self.key("InRelease", suite)] = FakeSigner().sign(text.encode())
        self.store.objects[self.key("Release", suite)] = covered(text.encode())

    def change(self, old: str, new: str, suite: str = "bookworm") -> None:
        """Replace ``old`` in Release, where it must stand."""
        text = self.release(suite)
        assert old in text
        self.sign(text.replace(old, new), suite)

    def write(self, path: str, content: bytes, suite: str = "bookworm") -> None:
        """Publish ``content`` as a listed file, under its digest and its name."""
        text = self.release(suite)
        if path in ReleaseFile.parse(text.encode()).files:
            del self.store.objects[self.by_hash(path, suite)]
        self.sign(listing(text, path, content), suite)
        self.store.objects[self.key(path, suite)] = content
        self.store.objects[self.by_hash(path, suite)] = content

    def index(self, architecture: str = "amd64", suite: str = "bookworm") -> bytes:
        """The plain index."""
        return gzip.decompress(self.store.objects[self.key(f"main/binary-{architecture}/Packages.gz", suite)])

    def reindex(self, edit: Callable[[bytes], bytes], suite: str = "bookworm") -> None:
        """Change the indexes of both architectures."""
        for architecture in ("amd64", "arm64"):
            self.reindex_one(architecture, edit, suite)

    def reindex_one(self, architecture: str, edit: Callable[[bytes], bytes], suite: str = "bookworm") -> None:
        """Change one index, in all its forms."""
        before = self.index(architecture, suite)
        plain = edit(before)
        assert plain != before
        path = f"main/binary-{architecture}/Packages"
        self.sign(listing(self.release(suite), path, plain), suite)
        self.write(f"{path}.gz", gzip.compress(plain, mtime=0), suite)
        self.write(f"{path}.xz", lzma.compress(plain), suite)

    def add_patches(self) -> str:
        """Publish the patch that leads from the last state but one of an index to its last, and return its key."""
        earlier = max(key for key in self.store.objects if "/generations/" in key)
        listed = ReleaseFile.parse(FakeSigner().verify(self.store.objects[earlier], "")).files[f"{INDEX}.gz"]
        before, after = gzip.decompress(self.store.objects[self.key(listed.by_hash)]), self.index()
        assert after.startswith(before)
        script = ed_script([(before.count(b"\n"), 0, after.removeprefix(before))])
        packed = gzip.compress(script, mtime=0)
        patches = PatchList(current=Digest.of(before)).extend("2026-newest", script, packed, Digest.of(after))
        self.write(f"{INDEX}.diff/Index", patches.render())
        self.store.objects[self.key(f"{INDEX}.diff/2026-newest.gz")] = packed
        return self.key(f"{INDEX}.diff/2026-newest.gz")

    def findings(
        self, *, demands: Demands | None = None, files: Files | None = None, now: datetime | None = None
    ) -> tuple[Finding, ...]:
        """What is wrong with it."""
        demands = demands or Demands(sample=None)
        return tuple(verify(files or self.store, OurWitness(FakeSigner()), now or self.now, demands).findings)


def listing(text: str, path: str, content: bytes) -> str:
    """Release, when it lists ``content`` at ``path``."""
    kept = [line for line in text.splitlines() if not line.endswith(f" {path}")]
    return "\n".join([*kept, f" {hashlib.sha256(content).hexdigest()} {len(content)} {path}", ""])
