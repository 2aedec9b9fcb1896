"""Attestations as a definition asks for them: what is asked about, what is locked, and what is refused."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest

from katpkg.errors import ConfigError, SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Line
from katpkg.model.payload import DebPayload, TreePayload
from katpkg.model.project import Project
from katpkg.pipeline.attest import check_attested
from katpkg.pipeline.fetch import Intake, fetch, fetch_locked, intake_of
from katpkg.sources.lock import read_lock
from tests.builders import make_deb, make_module
from tests.github.hub import Hub, open_hub
from tests.github.sigstore import Sigstore, Workflow
from tests.unit.pipeline.projects import make_project

SIGSTORE = Sigstore()
Wanted = Literal["off", "warn", "require"]


class Scene:
    """A repository whose run left one zip file behind, and a definition with one module that takes it."""

    def __init__(self, hub: Hub, directory: Path) -> None:
        self.hub = hub
        self.directory = directory
        self.deb = make_deb(directory / "deb", {"Package": "kat-web"}).read_bytes()
        self.notes = b"notes"
        zipped = BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr("kat-web.deb", self.deb)
            archive.writestr("notes.txt", self.notes)
        self.zip = zipped.getvalue()
        hub.repository.artifacts.clear()
        hub.repository.listed.clear()
        hub.repository.artifact(hub.run, "web-1.0.zip", self.zip)
        self.root = SIGSTORE.trust_root(directory / "root.json")

    def attest(self, files: dict[str, bytes], sigstore: Sigstore = SIGSTORE, **changes: Any) -> None:
        """Have the run's workflow attest ``files``."""
        said = Workflow(
            repository=f"{self.hub.github.api}/acme/web",
            commit=self.hub.run["head_sha"],
            run=self.hub.run["id"],
            issuer=f"{self.hub.github.api}/_services/token",
        )
        bundle = sigstore.attest(replace(said, **changes), files)
        for content in files.values():
            known = self.hub.repository.attestations.setdefault(f"sha256:{Digest.of(content).sha256}", [])
            known.append(bundle)

    def module(self, wanted: Wanted, payload: DebPayload | TreePayload | None = None) -> ModuleSpec:
        """The module web, as it asks for an attestation."""
        rule = ArtifactRule(name=Line("web-{version}.zip"), attestation=wanted)
        return make_module(artifact=rule, payload=payload or DebPayload(kind="deb"))

    def project(self, module: ModuleSpec) -> Project:
        """A definition of ``module`` alone."""
        return replace(make_project(self.directory, module), source=self.hub.spec(trust_root=self.root))

    def intake(self, project: Project) -> Intake:
        """The way to the repository."""
        return intake_of(project, self.hub.access, self.hub.reporter)

    def fetch(self, wanted: Wanted, payload: DebPayload | TreePayload | None = None) -> Artifact:
        """What is locked of the module."""
        project = self.project(self.module(wanted, payload))
        fetch(self.intake(project), ())
        lock = read_lock(project.lock_file)
        assert lock is not None
        return lock.artifacts[0]

    @property
    def kept(self) -> list[Path]:
        """What is in the cache."""
        return [path for path in (self.directory / "cache").rglob("*") if path.is_file()]


TREE = TreePayload(kind="tree", copies=())


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "deb").mkdir()
    with open_hub(tmp_path) as hub:
        yield Scene(hub, tmp_path)


def test_the_deb_that_is_packaged_is_asked_about_and_the_answer_is_locked(scene: Scene) -> None:
    scene.attest({"kat-web.deb": scene.deb})
    found = scene.fetch("require").attestation
    assert found is not None
    assert (found.verdict, found.subject) == ("verified", "kat-web.deb")
    assert found.sha256 == Digest.of(scene.deb).sha256
    assert found.signer == f"{scene.hub.github.api}/acme/web/.github/workflows/build.yml@refs/tags/v1.0"
    assert found.run == f"{scene.hub.github.api}/acme/web/actions/runs/{scene.hub.run['id']}/attempts/1"


def test_an_attestation_of_the_zip_alone_proves_nothing_about_the_deb_in_it(scene: Scene) -> None:
    scene.attest({"web-1.0.zip": scene.zip})
    with pytest.raises(SourceError, match=r"nothing proves that kat-web\.deb is what the workflow built"):
        scene.fetch("require")


def test_whatever_is_no_deb_may_be_attested_as_a_whole(scene: Scene) -> None:
    scene.attest({"web-1.0.zip": scene.zip})
    found = scene.fetch("require", TREE).attestation
    assert found is not None
    assert (found.verdict, found.subject) == ("verified", "web-1.0.zip")


def test_or_file_by_file_and_then_all_of_them(scene: Scene) -> None:
    scene.attest({"kat-web.deb": scene.deb})
    with pytest.raises(SourceError, match=r"nothing proves that notes\.txt is what the workflow built"):
        scene.fetch("require", TREE)
    scene.attest({"notes.txt": scene.notes})
    found = scene.fetch("require", TREE).attestation
    assert found is not None
    assert found.verdict == "verified"


def test_what_lies_beside_an_artifact_needs_a_proof_of_its_own(scene: Scene) -> None:
    beside = scene.zip + b"0"
    scene.hub.repository.artifact(scene.hub.run, "shop-1.0", beside)
    rule = ArtifactRule(name=Line("web-{version}.zip"), beside=(Line("shop-{version}"),), attestation="require")
    project = scene.project(make_module(artifact=rule, payload=TREE))
    scene.attest({"web-1.0.zip": scene.zip})
    with pytest.raises(SourceError, match="nothing proves that"):
        fetch(scene.intake(project), ())
    assert not (scene.directory / "katpkg.lock").exists()
    scene.attest({"shop-1.0": beside})
    (locked,) = fetch(scene.intake(project), ()).artifacts
    assert [each.attestation and each.attestation.verdict for each in locked.all] == ["verified", "verified"]


def test_what_is_required_and_missing_is_refused_and_nothing_of_it_is_left(scene: Scene) -> None:
    with pytest.raises(SourceError) as caught:
        scene.fetch("require")
    assert caught.value.message == "nothing proves that kat-web.deb is what the workflow built"
    assert caught.value.where is not None
    assert caught.value.where.startswith("https://github.com/acme/web/actions/runs/")
    assert caught.value.hint is not None
    assert "actions/attest-build-provenance" in caught.value.hint
    assert caught.value.details == "acme/web has no attestation of it"
    assert scene.kept == []
    assert not (scene.directory / "katpkg.lock").exists()


FORGERIES: dict[str, dict[str, Any]] = {
    "by another repository": {"repository": "https://github.com/mallory/web"},
    "by another workflow": {"path": ".github/workflows/pull-request.yml"},
    "for another commit": {"commit": "d" * 40},
    "in another run": {"run": 1},
    "by a Sigstore that nobody knows": {"sigstore": Sigstore()},
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_what_was_attested_is_refused_and_nothing_of_it_is_left(forgery: dict[str, Any], scene: Scene) -> None:
    scene.attest({"kat-web.deb": scene.deb}, **forgery)
    with pytest.raises(SourceError, match="nothing proves"):
        scene.fetch("require")
    assert scene.kept == []
    assert not (scene.directory / "katpkg.lock").exists()


def test_one_good_attestation_among_bad_ones_is_enough(scene: Scene) -> None:
    scene.attest({"kat-web.deb": scene.deb}, repository="https://github.com/mallory/web")
    scene.attest({"kat-web.deb": scene.deb})
    found = scene.fetch("require").attestation
    assert found is not None
    assert found.verdict == "verified"


def test_a_warning_says_what_is_missing_and_the_lock_remembers(scene: Scene) -> None:
    found = scene.fetch("warn").attestation
    said = "nothing proves where kat-web.deb is from: acme/web has no attestation of it"
    assert said in scene.hub.reporter.told
    assert found is not None
    assert (found.verdict, found.reason) == ("unproven", "acme/web has no attestation of it")
    assert len(scene.kept) == 1


def test_nobody_is_asked_where_no_attestation_is_wanted(scene: Scene) -> None:
    assert scene.fetch("off").attestation is None
    assert scene.hub.github.count("/attestations/") == 0


def test_what_is_locked_is_not_asked_about_again(scene: Scene) -> None:
    scene.attest({"kat-web.deb": scene.deb})
    scene.fetch("require")
    asked = scene.hub.github.count("/attestations/")
    fetch_locked(scene.intake(scene.project(scene.module("require"))), ())
    assert (asked, scene.hub.github.count("/attestations/")) == (1, 1)


def test_nothing_is_built_from_a_lock_without_the_proof_that_the_definition_requires(scene: Scene) -> None:
    artifact = scene.fetch("warn")
    check_attested(scene.module("warn"), artifact)
    check_attested(scene.module("off"), replace(artifact, attestation=None))
    for unproven in (artifact, replace(artifact, attestation=None)):
        with pytest.raises(ConfigError) as caught:
            check_attested(scene.module("require"), unproven)
        assert caught.value.message == (
            "katpkg.lock has no proof of where web-1.0.zip is from, and the definition requires one"
        )
        assert (caught.value.where, caught.value.hint) == ("katpkg.lock", "katpkg fetch web")


def test_without_what_verifies_them_nothing_is_believed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore", None)
    scene.attest({"kat-web.deb": scene.deb})
    with pytest.raises(ConfigError) as caught:
        scene.fetch("require")
    assert caught.value.message == "attestations are verified by sigstore, which is not installed"
    assert (caught.value.where, caught.value.hint) == ("artifact.attestation", "pip install 'katpkg[attestations]'")
    assert not (scene.directory / "katpkg.lock").exists()


def test_what_comes_from_a_directory_has_no_attestations(scene: Scene) -> None:
    module = make_module(artifact=ArtifactRule(name=Line("web-{version}.zip"), attestation="require"))
    project = make_project(scene.directory, module)
    (scene.directory / "artifacts").mkdir()
    (scene.directory / "artifacts" / "web-1.0.zip").write_bytes(scene.zip)
    with pytest.raises(ConfigError) as caught:
        fetch(scene.intake(project), ())
    assert caught.value.message == "attestations are of artifacts from GitHub"
    assert not (scene.directory / "katpkg.lock").exists()
