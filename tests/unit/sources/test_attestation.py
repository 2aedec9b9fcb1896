"""Which attestations are believed: those that the right workflow signed about the right file, and no others."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from katpkg.errors import ConfigError, SourceError
from katpkg.sources.attestation import Claim, Notary, Proof, Unproven
from tests.github.sigstore import Sigstore, Workflow

HOME = "https://github.com/acme/web"
ISSUER = "https://token.actions.githubusercontent.com"
RUN = Workflow(repository=HOME, commit="c" * 40, run=7, issuer=ISSUER)
SIGNER = f"{HOME}/.github/workflows/build.yml@refs/tags/v1.0"
CLAIM = Claim(
    issuer=ISSUER,
    repository=HOME,
    workflow=SIGNER,
    ref="refs/tags/v1.0",
    commit="c" * 40,
    events=("push", "release"),
    run=f"{HOME}/actions/runs/7/",
)
CONTENT = b"a package"
FILE = hashlib.sha256(CONTENT).hexdigest()
SIGSTORE = Sigstore()

OTHERS = {
    "of another repository": replace(RUN, repository="https://github.com/mallory/web"),
    "of another workflow": replace(RUN, path=".github/workflows/test.yml"),
    "of another tag": replace(RUN, ref="refs/tags/v9.9"),
    "of a branch called like the tag": replace(RUN, ref="refs/heads/v1.0"),
    "of another commit": replace(RUN, commit="d" * 40),
    "of a pull request": replace(RUN, event="pull_request_target"),
    "of another run": replace(RUN, run=8),
    "of a run whose number only begins alike": replace(RUN, run=77),
    "said by another issuer": replace(RUN, issuer="https://gitlab.com"),
}

STATEMENTS: dict[str, dict[str, Any]] = {
    "about how it was tested": {"predicateType": "https://in-toto.io/attestation/test-result/v0.1"},
    "that is none": {"_type": "https://example.org/poem"},
    "about nothing": {"subject": []},
    "about a digest of another kind": {"subject": [{"name": "x", "digest": {"sha1": FILE}}]},
}


def _payload(bundle: Any) -> None:
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    statement["subject"][0]["name"] = "another"
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()


def _entry(bundle: Any) -> Any:
    return bundle["verificationMaterial"]["tlogEntries"][0]


def _certificate(bundle: Any) -> None:
    other = SIGSTORE.attest(replace(RUN, commit="e" * 40), {"x": CONTENT})
    bundle["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]


def _log_entry(bundle: Any) -> None:
    other = SIGSTORE.attest(RUN, {"x": b"another"})
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]


DAMAGES: dict[str, Callable[[Any], Any]] = {
    "with another statement under the signature": _payload,
    "with another's certificate": _certificate,
    "with another's entry in the log": _log_entry,
    "that is in no log": lambda bundle: bundle["verificationMaterial"].update(tlogEntries=[]),
    "signed long after its certificate ended": lambda bundle: _entry(bundle).update(integratedTime="1900000000"),
    "whose log promises nothing": lambda bundle: _entry(bundle).pop("inclusionPromise"),
    "whose log proves nothing": lambda bundle: _entry(bundle)["inclusionProof"].update(rootHash="AAAA"),
    "without a signature": lambda bundle: bundle["dsseEnvelope"].update(signatures=[]),
    "without a statement": lambda bundle: bundle.pop("dsseEnvelope"),
    "whose certificate is none": lambda bundle: bundle["verificationMaterial"].update(certificate={"rawBytes": "AA=="}),
    "that is empty": lambda bundle: bundle.clear(),
}


@pytest.fixture(scope="module")
def notary(tmp_path_factory: pytest.TempPathFactory) -> Notary:
    return Notary.read(SIGSTORE.trust_root(tmp_path_factory.mktemp("root") / "root.json"))


def test_what_the_workflow_signed_is_believed_and_says_which_run_it_was(notary: Notary) -> None:
    bundle = SIGSTORE.attest(RUN, {"other.deb": b"x", "web.deb": CONTENT})
    assert notary.verify(bundle, CLAIM, FILE) == Proof(signer=SIGNER, run=f"{HOME}/actions/runs/7/attempts/1")


def test_an_asset_may_be_of_any_run_of_the_workflow(notary: Notary) -> None:
    bundle = SIGSTORE.attest(replace(RUN, run=8), {"web.deb": CONTENT})
    assert notary.verify(bundle, replace(CLAIM, run=""), FILE).run.endswith("/8/attempts/1")


def test_a_reusable_workflow_may_sign_for_the_one_that_calls_it(notary: Notary) -> None:
    signer = "https://github.com/acme/shared/.github/workflows/attest.yml@refs/heads/main"
    bundle = SIGSTORE.attest(replace(RUN, signer=signer), {"web.deb": CONTENT})
    assert notary.verify(bundle, CLAIM, FILE).signer == signer


@pytest.mark.parametrize("workflow", OTHERS.values(), ids=OTHERS)
def test_a_good_attestation_is_not_believed_when_it_is(workflow: Workflow, notary: Notary) -> None:
    with pytest.raises(Unproven):
        notary.verify(SIGSTORE.attest(workflow, {"web.deb": CONTENT}), CLAIM, FILE)


@pytest.mark.parametrize("changes", STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_is_not_believed(changes: dict[str, Any], notary: Notary) -> None:
    with pytest.raises(Unproven):
        notary.verify(SIGSTORE.attest(RUN, {"web.deb": CONTENT}, **changes), CLAIM, FILE)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_bundle_is_not_believed(damage: Callable[[Any], Any], notary: Notary) -> None:
    bundle = SIGSTORE.attest(RUN, {"web.deb": CONTENT})
    notary.verify(bundle, CLAIM, FILE)
    damage(bundle)
    with pytest.raises(Unproven):
        notary.verify(bundle, CLAIM, FILE)


def test_an_attestation_of_another_file_proves_nothing(notary: Notary) -> None:
    with pytest.raises(Unproven, match="it is about other files"):
        notary.verify(SIGSTORE.attest(RUN, {"web.deb": b"another"}), CLAIM, FILE)


def test_the_word_of_another_sigstore_counts_for_nothing(notary: Notary) -> None:
    with pytest.raises(Unproven, match="certificate"):
        notary.verify(Sigstore().attest(RUN, {"web.deb": CONTENT}), CLAIM, FILE)


def test_a_trust_root_may_be_several_one_a_line_as_gh_prints_them(tmp_path: Path) -> None:
    roots = [Sigstore().trust_root(tmp_path / "a").read_text(), SIGSTORE.trust_root(tmp_path / "b").read_text()]
    (tmp_path / "roots.jsonl").write_text("\n".join(roots) + "\n")
    notary = Notary.read(tmp_path / "roots.jsonl")
    assert notary.verify(SIGSTORE.attest(RUN, {"web.deb": CONTENT}), CLAIM, FILE).signer == SIGNER


@pytest.mark.parametrize("text", ["", "{}", "no JSON", '{"mediaType": "x"}'])
def test_a_trust_root_that_is_none_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        Notary.read(tmp_path / "root.json")
    assert caught.value.message == "the trust root cannot be read"
    assert caught.value.where == str(tmp_path / "root.json")
    assert caught.value.hint == "gh attestation trusted-root > FILE, and set source.trust_root to it"


def test_a_sigstore_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody listens
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(SourceError) as caught:
        Notary.public()
    assert caught.value.message == "Sigstore's trust root cannot be fetched"
    assert caught.value.hint is not None
    assert "source.trust_root" in caught.value.hint
