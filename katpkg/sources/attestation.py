"""Whether a build attestation proves what it should: signed by which workflow, about which file.

Signatures, certificates and logs are the matter of sigstore, the library; what they must say is ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.x509 import Certificate, ExtensionNotFound, ObjectIdentifier, UnrecognizedExtension
from sigstore.errors import Error
from sigstore.models import Bundle, ClientTrustConfig, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import (
    AllOf,
    AnyOf,
    OIDCBuildConfigURI,
    OIDCBuildTrigger,
    OIDCIssuerV2,
    OIDCSourceRepositoryDigest,
    OIDCSourceRepositoryRef,
    OIDCSourceRepositoryURI,
    VerificationPolicy,
)
from sigstore_models.trustroot.v1 import TrustedRoot as Root

from katpkg.errors import ConfigError, SourceError

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"

SIGNER = ObjectIdentifier("1.3.6.1.4.1.57264.1.9")
RUN = ObjectIdentifier("1.3.6.1.4.1.57264.1.21")
"""Fulcio's extensions of a certificate: the workflow that signed, and the run that it signed in."""

REFUSED = (Error, InvalidSignature, ExtensionNotFound, ValueError, KeyError, TypeError)
"""What comes of bundles that are forged, damaged or none."""


class Unproven(Exception):
    """Why an attestation does not prove it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the certificate of an attestation must say of the workflow that signed it."""

    issuer: str
    repository: str
    """Its URL."""
    workflow: str
    """Its URL with the ref."""
    ref: str
    commit: str
    events: tuple[str, ...]
    run: str
    """What the URL of the run begins with: an artifact is of one run, an asset may be of any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who signed, and in which run: URLs."""

    signer: str
    run: str


class Notary:
    """Those whose word counts: one or more roots of trust."""

    def __init__(self, roots: Sequence[TrustedRoot]) -> None:
        self._verifiers = [Verifier(trusted_root=root) for root in roots]

    @classmethod
    def read(cls, path: Path) -> Notary:
        """Of the file at ``path``: one trusted root, or one a line as `gh attestation trusted-root` prints them.

        Roots without a log of their own are passed over, for sigstore cannot judge by them. Raises ConfigError.
        """
        try:
            found = [Root.from_json(text) for text in _documents(path.read_text("utf-8"))]
            roots = [TrustedRoot(root) for root in found if root.tlogs]
            if not roots:
                raise ValueError("it names no log of signatures")
            return cls(roots)
        except (OSError, *REFUSED) as error:
            raise ConfigError(
                "the trust root cannot be read",
                where=str(path),
                hint="gh attestation trusted-root > FILE, and set source.trust_root to it",
                details=str(error),
            ) from error

    @classmethod
    def public(cls) -> Notary:
        """Sigstore's public instance, as its own update framework has it now. Raises SourceError."""
        try:
            return cls([ClientTrustConfig.production().trusted_root])
        except (OSError, Error) as error:
            raise SourceError(
                "Sigstore's trust root cannot be fetched",
                where="https://tuf-repo-cdn.sigstore.dev",
                hint="let this machine reach it, or set source.trust_root to what gh attestation trusted-root printed",
                details=str(error),
            ) from error

    def verify(self, bundle: Mapping[str, Any], claim: Claim, sha256: str) -> Proof:
        """Who vouches in ``bundle`` for the file with ``sha256``, as ``claim`` says. Raises Unproven."""
        try:
            parsed = Bundle.from_json(json.dumps(bundle))
            kind, statement = self._statement(parsed, _policy(claim))
            _check(kind, json.loads(statement), sha256)
            signer, run = (_said(parsed.signing_certificate, each) for each in (SIGNER, RUN))
        except REFUSED as error:
            raise Unproven(" ".join(str(error).split()) or type(error).__name__) from error
        if not run.startswith(claim.run):
            raise Unproven(f"it was signed in {run}, and the artifact is of {claim.run}")
        return Proof(signer=signer, run=run)

    def _statement(self, bundle: Bundle, policy: VerificationPolicy) -> tuple[str, bytes]:
        refusals = []
        for verifier in self._verifiers:
            try:
                return verifier.verify_dsse(bundle, policy)
            except Error as error:
                refusals.append(str(error))
        raise Unproven("; ".join(refusals))


def _policy(claim: Claim) -> VerificationPolicy:
    return AllOf(
        [
            OIDCIssuerV2(claim.issuer),
            OIDCSourceRepositoryURI(claim.repository),
            OIDCBuildConfigURI(claim.workflow),
            OIDCSourceRepositoryRef(claim.ref),
            OIDCSourceRepositoryDigest(claim.commit),
            AnyOf([OIDCBuildTrigger(event) for event in claim.events]),
        ]
    )


def _check(kind: str, statement: Mapping[str, Any], sha256: str) -> None:
    """Raise Unproven unless ``statement`` says of the file with ``sha256`` how it was built."""
    if kind != IN_TOTO or statement["_type"] != STATEMENT:
        raise Unproven(f"it is no in-toto statement: {kind}")
    if statement["predicateType"] != PROVENANCE:
        raise Unproven(f"it says nothing about how the file was built: it is a {statement['predicateType']}")
    if sha256 not in (subject["digest"].get("sha256") for subject in statement["subject"]):
        raise Unproven("it is about other files")


def _said(certificate: Certificate, identifier: ObjectIdentifier) -> str:
    extension = certificate.extensions.get_extension_for_oid(identifier).value
    if not isinstance(extension, UnrecognizedExtension):
        raise TypeError(f"{identifier.dotted_string} is not what Fulcio writes")
    return asn1.decode_der(str, extension.value)


def _documents(text: str) -> Iterator[str]:
    try:
        json.loads(text)
        yield text
    except ValueError:
        yield from filter(str.strip, text.splitlines())
