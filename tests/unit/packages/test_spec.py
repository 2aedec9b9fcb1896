"""From a module to a package: what follows from a descriptor, and what never does."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from katpkg.model.artifact import Artifact, Provenance
from katpkg.model.module import Directory, LintianOverride, Migration, ModuleSpec, Relations
from katpkg.model.names import AbsolutePath, AccountName, Line, PackageName, UnitName, VariableName
from katpkg.model.package import Entry, EntryKind, PackageSpec
from katpkg.model.payload import MetaPayload
from katpkg.model.service import Command, Service, Setting
from katpkg.model.version import Version
from katpkg.packages.contents import Contents
from katpkg.packages.descriptor import descriptor
from katpkg.packages.order import Order
from katpkg.packages.spec import accounts, make_spec
from tests.builders import MOMENT, TEMPLATES, make_artifact, make_module, make_target
from tests.unit.pipeline.projects import make_project

SERVICE = Service(name=UnitName("kat-web"), description=Line("Web"), exec=Line("{venv}/bin/web"))
SETTING = Setting(name=VariableName("WEB_PORT"), meaning=Line("The port"), default=Line("8000"))
COMMAND = Command(name=Line("kat-web"), exec=Line("{venv}/bin/web"), user=AccountName("kat-web"))


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    (tmp_path / "web-1.0.zip").write_text("content")
    return make_artifact(tmp_path / "web-1.0.zip")


def order_of(directory: Path, module: ModuleSpec, artifact: Artifact | None = None, **siblings: str) -> Order:
    return Order(
        project=make_project(directory, module),
        module=module,
        target=make_target(),
        artifact=artifact,
        date=MOMENT,
        siblings={PackageName(name.replace("_", "-")): Version(version) for name, version in siblings.items()},
    )


def spec_of(order: Order, contents: Contents | None = None, version: str = "1.0-1~deb12u1") -> PackageSpec:
    root = order.project.directory / "root"
    root.mkdir(exist_ok=True)
    return make_spec(order, contents or Contents(root=root), Version(version), TEMPLATES)


def entry(spec: PackageSpec, path: str) -> Entry:
    (found,) = (each for each in spec.entries if each.path == path)
    return found


def test_every_account_is_made_once_and_root_never() -> None:
    module = make_module(
        services=(SERVICE, replace(SERVICE, name=UnitName("kat-web-worker"), user=AccountName("root"))),
        commands=(COMMAND,),
        directories=(Directory(path=AbsolutePath("/var/lib/x"), user=AccountName("kat-files")),),
        migrations=(Migration(name=Line("m"), exec=Line("x"), user=AccountName("kat-web")),),
    )
    assert [account.name for account in accounts(module)] == ["kat-files", "kat-web"]


def test_what_a_payload_needs_comes_before_what_the_module_asks_for(artifact: Artifact, tmp_path: Path) -> None:
    module = make_module(relations=Relations(depends=(Line("postgresql"),)))
    contents = Contents(root=tmp_path, depends=(Line("python3 (>= 3.11)"),))
    spec = spec_of(order_of(tmp_path, module, artifact), contents)
    assert spec.relations.depends == ("python3 (>= 3.11)", "postgresql")


def test_a_meta_package_pulls_in_exactly_what_was_built_with_it_and_the_keyring(tmp_path: Path) -> None:
    module = make_module(payload=MetaPayload(kind="meta", modules=(), version=Line("1")))
    spec = spec_of(order_of(tmp_path, module, kat_b="2.0-1", kat_a="1.0-3"))
    assert spec.relations.depends == ("kat-a (= 1.0-3)", "kat-b (= 2.0-1)", "kat-archive-keyring")


def test_the_package_tells_where_its_bits_came_from(artifact: Artifact, tmp_path: Path) -> None:
    spec = spec_of(order_of(tmp_path, make_module(), artifact))
    assert f"sha256: {artifact.digest.sha256}" in spec.built_from
    assert "origin: web-1.0.zip" in spec.built_from
    assert "target: bookworm/amd64" in spec.built_from
    assert spec.source_date_epoch == MOMENT


def test_of_an_artifact_of_a_run_it_tells_the_way_from_the_commit(artifact: Artifact, tmp_path: Path) -> None:
    found = Provenance(
        repository="acme/web",
        commit="c" * 40,
        ref="refs/tags/v1.0",
        id=7,
        workflow="w.yml",
        event="push",
        run=5,
        attempt=2,
    )
    spec = spec_of(order_of(tmp_path, make_module(), replace(artifact, provenance=found)))
    told = dict(line.split(": ", 1) for line in spec.built_from)
    assert (told["repository"], told["commit"], told["ref"]) == ("acme/web", "c" * 40, "refs/tags/v1.0")
    assert (told["run"], told["attempt"], told["artifact id"]) == ("5", "2", "7")
    assert "expires" not in told


def test_the_administrators_file_is_a_conffile_that_is_the_same_in_every_version(
    artifact: Artifact, tmp_path: Path
) -> None:
    module = make_module(settings=(SETTING,), services=(SERVICE,))
    one = spec_of(order_of(tmp_path, module, artifact))
    changed = replace(module, settings=(replace(SETTING, default=Line("9000"), meaning=Line("Another")),))
    other = spec_of(order_of(tmp_path, changed, replace(artifact, version="2.0")), version="2.0-1~deb12u1")
    mine = entry(one, "/etc/kat/web.conf")
    assert (mine.kind, mine.mode) == (EntryKind.CONFFILE, 0o640)
    assert mine.content == entry(other, "/etc/kat/web.conf").content
    defaults = entry(one, "/usr/lib/kat/web.defaults")
    assert defaults.kind is EntryKind.FILE
    assert defaults.content != entry(other, "/usr/lib/kat/web.defaults").content


def test_a_command_comes_with_a_page_of_the_manual(artifact: Artifact, tmp_path: Path) -> None:
    spec = spec_of(order_of(tmp_path, make_module(commands=(COMMAND,)), artifact))
    script, page = entry(spec, "/usr/bin/kat-web"), entry(spec, "/usr/share/man/man1/kat-web.1.gz")
    assert script.mode == 0o755
    assert isinstance(script.content, bytes)
    assert b"/opt/venvs/kat-web/bin/web" in script.content
    assert isinstance(page.content, bytes)
    assert gzip.decompress(page.content).startswith(b".TH")
    assert page.content[4:8] == bytes(4)  # gzip's own time stamp


def test_a_module_without_services_and_settings_tells_the_server_nothing(artifact: Artifact, tmp_path: Path) -> None:
    spec = spec_of(order_of(tmp_path, make_module(), artifact))
    assert spec.entries == ()
    told = spec_of(order_of(tmp_path, make_module(services=(SERVICE,)), artifact))
    assert [each.path for each in told.entries] == ["/usr/lib/kat/modules.d/web.json"]


def test_the_descriptor_has_no_placeholder_left_and_nothing_that_is_no_business_of_the_servers(
    artifact: Artifact, tmp_path: Path
) -> None:
    module = make_module(
        services=(SERVICE,), accept_vanished=("/x",), lintian=(LintianOverride(tag=Line("x"), reason=Line("y")),)
    )
    text = descriptor(order_of(tmp_path, module, artifact).places).decode()
    content = json.loads(text)
    assert "{" not in content["services"][0]["exec"]
    assert content["services"][0]["exec"] == "/opt/venvs/kat-web/bin/web"
    assert not content.keys() & {"accept_vanished", "lintian", "relations", "payload", "artifact"}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"accept_vanished": ("/x",)}, True),
        ({"summary": Line("another")}, False),
        ({"services": (SERVICE,)}, False),
        ({"lintian": (LintianOverride(tag=Line("x"), reason=Line("y")),)}, False),
    ],
)
def test_what_goes_into_a_package_decides_its_inputs_and_nothing_else_does(
    changes: dict[str, object], artifact: Artifact, tmp_path: Path, *, same: bool
) -> None:
    module = make_module()
    digest = TEMPLATES.digest()
    before = order_of(tmp_path, module, artifact).inputs(digest)
    after = order_of(tmp_path, replace(module, **changes), artifact).inputs(digest)  # type: ignore[arg-type]
    assert (before == after) is same


def test_where_an_artifact_lay_makes_no_difference_and_its_bytes_do(artifact: Artifact, tmp_path: Path) -> None:
    digest = TEMPLATES.digest()
    before = order_of(tmp_path, make_module(), artifact).inputs(digest)
    moved = replace(artifact, origin="elsewhere/web-1.0.zip", verified="otherwise")
    assert order_of(tmp_path, make_module(), moved).inputs(digest) == before
    (tmp_path / "other").write_text("other")
    assert order_of(tmp_path, make_module(), make_artifact(tmp_path / "other")).inputs(digest) != before
