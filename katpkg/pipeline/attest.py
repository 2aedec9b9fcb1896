"""Ask for the build attestations that a definition wants, of what is packaged, and write down the answers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from katpkg.errors import ConfigError, SourceError
from katpkg.model.artifact import Artifact, Attestation
from katpkg.model.digests import Digest
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Sha256
from katpkg.model.payload import DebPayload
from katpkg.model.project import Project
from katpkg.model.source import GitHubSpec, SourceSpec
from katpkg.packages.copies import only_file
from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.base import ArtifactSource
from katpkg.sources.cache import Cache
from katpkg.sources.lock import Lock
from katpkg.sources.unpack import links_of, open_payload

Judge = Callable[[Artifact, str, Sha256], Attestation]
"""Whether an attestation proves a file, by its name and digest, to be of the artifact's run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What asking for attestations takes."""

    project: Project
    source: ArtifactSource
    cache: Cache
    access: Access
    reporter: Reporter


def attest(inquiry: Inquiry, lock: Lock) -> Lock:
    """``lock`` with a verdict on each artifact of a module that asks for one; what has a good one keeps it.

    Every artifact is in the cache. Raises SourceError when one is unproven that must not be; it is not kept.
    """
    judge_of = cache(lambda spec: _judge_of(spec, inquiry))

    def attested(artifact: Artifact) -> Artifact:
        beside = tuple(map(attested, artifact.beside))
        return replace(_attested(inquiry, artifact, judge_of), beside=beside)

    return Lock(artifacts=tuple(map(attested, lock.artifacts)))


def check_attested(module: ModuleSpec, artifact: Artifact) -> None:
    """Raise ConfigError when ``module`` wants proof and katpkg.lock has none of ``artifact``."""
    found = artifact.attestation
    if module.artifact and module.artifact.attestation == "require" and not (found and found.verdict == "verified"):
        raise ConfigError(
            f"katpkg.lock has no proof of where {artifact.name} is from, and the definition requires one",
            where="katpkg.lock",
            hint=f"katpkg fetch {module.name}",
        )


def _attested(inquiry: Inquiry, artifact: Artifact, judge_of: Callable[[SourceSpec], Judge]) -> Artifact:
    module = _module(inquiry.project, artifact)
    wanted = module.artifact.attestation if module and module.artifact else "off"
    if module is None or wanted == "off":
        return replace(artifact, attestation=None)
    if artifact.attestation and artifact.attestation.verdict == "verified":
        return artifact
    judge = judge_of(module.source or inquiry.project.source)
    found = _ask(module, artifact, inquiry.cache.get(artifact, inquiry.source), judge)
    if found.verdict == "verified":
        inquiry.reporter.note(f"{found.subject} is attested: {found.signer}")
    elif wanted == "warn":
        inquiry.reporter.warning(f"nothing proves where {found.subject} is from: {found.reason}")
    else:
        inquiry.cache.forget(artifact)
        raise _unproven(module, artifact, found)
    return replace(artifact, attestation=found)


def _module(project: Project, artifact: Artifact) -> ModuleSpec | None:
    return next((each for each in project.modules.get(artifact.codename, ()) if each.name == artifact.module), None)


def _ask(module: ModuleSpec, artifact: Artifact, file: Path, judge: Judge) -> Attestation:
    """The verdict on what is packaged of ``artifact``: its .deb; of anything else, the whole or all the files in it."""
    whole = None if isinstance(module.payload, DebPayload) else judge(artifact, artifact.name, artifact.digest.sha256)
    if whole and whole.verdict == "verified":
        return whole
    with tempfile.TemporaryDirectory(prefix="katpkg-") as directory:
        found = whole
        for name, sha256 in _files(module, artifact, file, Path(directory) / "payload"):
            found = judge(artifact, name, sha256)
            if found.verdict != "verified":
                return found
    assert found is not None  # noqa: S101  # an artifact without a .deb was refused
    return found


def _files(module: ModuleSpec, artifact: Artifact, file: Path, into: Path) -> Iterator[tuple[str, Sha256]]:
    payload = open_payload(artifact, file, into, links=links_of(module.payload))
    if isinstance(module.payload, DebPayload):
        found = [only_file(payload, module.payload.deb, "deb")]
    else:
        found = sorted(path for path in into.rglob("*") if path.is_file() and not path.is_symlink())
    for path in found:
        yield str(path.relative_to(into)), Digest.of(path).sha256


def _judge_of(spec: SourceSpec, inquiry: Inquiry) -> Judge:
    if not isinstance(spec, GitHubSpec):
        raise ConfigError(
            "attestations are of artifacts from GitHub",
            where="artifact.attestation",
            hint='set it to "off", or source.kind to "github"',
        )
    if find_spec("sigstore") is None:
        raise ConfigError(
            "attestations are verified by sigstore, which is not installed",
            where="artifact.attestation",
            hint="pip install 'katpkg[attestations]'",
        )
    from katpkg.sources.github.attested import Attestations  # sigstore takes long to import

    return Attestations(spec, inquiry.access, inquiry.reporter).judge


def _unproven(module: ModuleSpec, artifact: Artifact, found: Attestation) -> SourceError:
    return SourceError(
        f"nothing proves that {found.subject} is what the workflow built",
        where=artifact.origin,
        hint=f"have the workflow attest it (actions/attest-build-provenance), or set artifact.attestation in "
        f'modules/{module.name}.toml to "warn" if you can answer for it',
        details=found.reason,
    )
