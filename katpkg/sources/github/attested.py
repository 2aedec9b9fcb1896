"""The attestations that GitHub keeps for a repository, asked for by the digest of what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from katpkg.model.artifact import Artifact, Attestation
from katpkg.model.names import Sha256
from katpkg.model.source import GitHubSpec
from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.attestation import Claim, Notary, Unproven
from katpkg.sources.github.api import Api
from katpkg.sources.github.refusals import Absent


class Attestations:
    """Those of the repository of ``spec``. Nothing is asked before it is needed."""

    def __init__(self, spec: GitHubSpec, access: Access, reporter: Reporter) -> None:
        self._spec = spec
        self._api = Api(spec, access, reporter)
        self._bundles = cache(self._listed)

    def judge(self, artifact: Artifact, subject: str, sha256: Sha256) -> Attestation:
        """Whether one of them proves that ``artifact``'s run made the file ``subject``.

        Raises SourceError when they cannot be asked for, and ConfigError when there is no trust root to judge by.
        """
        reasons = []
        for bundle in self._bundles(sha256):
            try:
                proof = self._notary.verify(bundle, self._claim(artifact), sha256)
            except Unproven as error:
                reasons.append(str(error))
                continue
            said = {"signer": proof.signer, "run": proof.run}
            return Attestation(verdict="verified", subject=subject, sha256=sha256, **said)
        reason = "; ".join(reasons) or f"{self._spec.repository} has no attestation of it"
        return Attestation(verdict="unproven", subject=subject, sha256=sha256, reason=reason)

    @cached_property
    def _notary(self) -> Notary:
        return Notary.read(self._spec.trust_root) if self._spec.trust_root else Notary.public()

    def _listed(self, sha256: Sha256) -> tuple[Mapping[str, Any], ...]:
        url = self._api.url("attestations", f"sha256:{sha256}")
        try:
            return tuple(each.get("bundle") or {} for each in self._api.list(url, "attestations"))
        except Absent:
            return ()

    def _claim(self, artifact: Artifact) -> Claim:
        found = artifact.provenance
        assert found is not None  # noqa: S101  # what GitHub offers has one
        repository = f"{self._spec.web}/{self._spec.repository}"
        return Claim(
            issuer=self._spec.issuer,
            repository=repository,
            workflow=f"{repository}/{self._spec.workflow}@{found.ref}",
            ref=found.ref,
            commit=found.commit,
            events=tuple(map(str, self._spec.events)),
            run=f"{repository}/actions/runs/{found.run}/" if found.run else "",
        )
