"""A Sigstore of the tests' own: a certificate authority, its log of certificates, and a log of signatures.

It signs as the real one does for a workflow on GitHub; only the keys, and so the trust root, are others.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.github.world import Json

MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)
FULCIO = "1.3.6.1.4.1.57264.1."
SHA256 = ec.ECDSA(hashes.SHA256())
LOG = "rekor.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What a token of GitHub says of the workflow that is running."""

    repository: str
    """Its URL."""
    commit: str
    run: int
    ref: str = "refs/tags/v1.0"
    path: str = ".github/workflows/build.yml"
    issuer: str = ""
    event: str = "push"
    signer: str = ""
    """The reusable workflow that signs, if it is another one."""

    @property
    def extensions(self) -> dict[int, str]:
        """What Fulcio writes into the certificate, by the last number of the extension."""
        config = f"{self.repository}/{self.path}@{self.ref}"
        return {
            8: self.issuer,
            9: self.signer or config,
            12: self.repository,
            13: self.commit,
            14: self.ref,
            18: config,
            20: self.event,
            21: f"{self.repository}/actions/runs/{self.run}/attempts/1",
        }


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(_public(key)).digest()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


@dataclass(slots=True)
class Sigstore:
    """One instance, with keys of its own."""

    authority: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    certificates: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=_key)

    def trust_root(self, path: Path) -> Path:
        """Write to ``path`` what those know who believe it."""
        valid = {"start": "2026-01-01T00:00:00Z"}
        authority = {
            "subject": {"organization": "test", "commonName": "test"},
            "certChain": {"certificates": [{"rawBytes": _text(_der(self._root()))}]},
            "validFor": valid,
        }
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_instance(self.log, f"https://{LOG}")],
            "certificateAuthorities": [authority],
            "ctlogs": [_instance(self.certificates, "https://ct.test")],
        }
        path.write_text(json.dumps(root))
        return path

    def attest(self, workflow: Workflow, files: dict[str, bytes], **changes: Any) -> Json:
        """The bundle in which ``workflow`` says that it built ``files``; ``changes`` are made to the statement."""
        subjects = [{"name": name, "digest": {"sha256": _hex(content)}} for name, content in files.items()]
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {"buildDefinition": {}},
        } | changes
        key = _key()
        certificate = self._certificate(key, workflow)
        kind, payload = "application/vnd.in-toto+json", json.dumps(statement).encode()
        signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
        signature = key.sign(signed, SHA256)
        envelope = {
            "payloadType": kind,
            "payload": _text(payload),
            "signatures": [{"sig": _text(signature), "keyid": ""}],
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _text(_der(certificate))},
                "tlogEntries": [self._entry(certificate, payload, signature)],
                "timestampVerificationData": {"rfc3161Timestamps": []},
            },
            "dsseEnvelope": envelope,
        }

    def _root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        builder = _builder(name, self.authority, MOMENT - timedelta(days=100), MOMENT + timedelta(days=3650))
        return (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def _certificate(self, key: ec.EllipticCurvePrivateKey, workflow: Workflow) -> x509.Certificate:
        builder = _builder(x509.Name([]), key, MOMENT - timedelta(minutes=1), MOMENT + timedelta(minutes=9))
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(workflow.extensions[9])])
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key())
        builder = (
            builder.add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(names, critical=True)
        )
        for number, value in workflow.extensions.items():
            extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{FULCIO}{number}"), asn1.encode_der(value))
            builder = builder.add_extension(extension, critical=False)
        unlogged = builder.sign(self.authority, hashes.SHA256())
        receipt = x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), self._receipt(unlogged.tbs_certificate_bytes)
        )
        return builder.add_extension(receipt, critical=False).sign(self.authority, hashes.SHA256())

    def _receipt(self, certificate: bytes) -> bytes:
        """The signed timestamp with which the log of certificates takes one in (RFC 6962, 3.2)."""
        moment = int(MOMENT.timestamp() * 1000)
        entry = _id(self.authority) + len(certificate).to_bytes(3, "big") + certificate
        signature = self.certificates.sign(struct.pack("!BBQH", 0, 0, moment, 1) + entry + b"\0\0", SHA256)
        stamp = struct.pack("!B32sQH", 0, _id(self.certificates), moment, 0) + struct.pack("!BBH", 4, 3, len(signature))
        listed = len(stamp + signature).to_bytes(2, "big") + stamp + signature
        return asn1.encode_der(len(listed).to_bytes(2, "big") + listed)

    def _entry(self, certificate: x509.Certificate, payload: bytes, signature: bytes) -> Json:
        """The log's only entry, its promise to have it, and the proof that it has (dsse 0.0.1)."""
        verifier = _text(certificate.public_bytes(serialization.Encoding.PEM))
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": _hex(payload)},
            "payloadHash": {"algorithm": "sha256", "value": _hex(payload)},
            "signatures": [{"signature": _text(signature), "verifier": verifier}],
        }
        body = json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}).encode()
        moment = int(MOMENT.timestamp())
        said: Any = {"body": _text(body), "integratedTime": moment, "logID": _id(self.log).hex(), "logIndex": 0}
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"{LOG} - 1\n1\n{_text(root)}\n"
        line = _text(_id(self.log)[:4] + self.log.sign(note.encode(), SHA256))
        return {
            "logIndex": "0",
            "logId": {"keyId": _text(_id(self.log))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(moment),
            "inclusionPromise": {"signedEntryTimestamp": _text(self.log.sign(rfc8785.dumps(said), SHA256))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _text(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 {LOG} {line}\n"},
            },
            "canonicalizedBody": _text(body),
        }


def _instance(key: ec.EllipticCurvePrivateKey, url: str) -> Json:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": _text(_public(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": "2026-01-01T00:00:00Z"},
        },
        "logId": {"keyId": _text(_id(key))},
    }


def _builder(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    rest = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    more = dict.fromkeys((*rest, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates, **more
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _hex(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
