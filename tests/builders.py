"""What tests are made of: small valid things, to be changed where a test wants them otherwise."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from katpkg.model.artifact import Artifact
from katpkg.model.binary import BinaryPackage
from katpkg.model.digests import Digest
from katpkg.model.module import ModuleSpec, Relations
from katpkg.model.names import Architecture, Codename, Component, Line, ModuleName, PackageName, Sha256, SuiteName
from katpkg.model.package import PackageSpec
from katpkg.model.payload import TreePayload
from katpkg.model.suite import SuiteSpec
from katpkg.model.target import Compression, PackageFormat, Release, Target
from katpkg.model.version import Version
from katpkg.packages.templates import Templates

ROOT = Path(__file__).parent.parent
TEMPLATES = Templates(ROOT / "debian-templates")
MOMENT = 1_790_000_000

AMD64 = Architecture("amd64")
ALL = Architecture("all")
BOOKWORM = Release(codename=Codename("bookworm"), distribution="debian", version="12", python="3.11", glibc="2.36")
TRIXIE = Release(codename=Codename("trixie"), distribution="debian", version="13", python="3.13", glibc="2.41")
NOBLE = Release(
    codename=Codename("noble"),
    distribution="ubuntu",
    version="24.04",
    python="3.12",
    glibc="2.39",
    compression=Compression.ZSTD,
)
EL9 = Release(
    codename=Codename("el9"),
    distribution="el",
    version="9",
    python="3.12",
    glibc="2.34",
    format=PackageFormat.RPM,
    compression=Compression.ZSTD,
)


def make_target(release: Release = BOOKWORM, architecture: str = "amd64") -> Target:
    return Target(release=release, architecture=Architecture(architecture))


def make_module(**changes: Any) -> ModuleSpec:
    module = ModuleSpec(
        name=ModuleName("web"),
        package=PackageName("kat-web"),
        summary=Line("web interface"),
        description="It shows things.\n\nAnd more things.",
        license=Line("MIT"),
        copyright=Line("2026 its authors"),
        payload=TreePayload(kind="tree", copies=()),
    )
    return replace(module, **changes)


def make_spec(**changes: Any) -> PackageSpec:
    spec = PackageSpec(
        name=PackageName("kat-web"),
        version=Version("1.0-1~deb12u1"),
        target=make_target(),
        architecture=ALL,
        summary=Line("web interface"),
        description="It shows things.\n\nAnd more things.",
        homepage=Line("https://example.org/"),
        section=Line("net"),
        maintainer=Line("Somebody <somebody@example.org>"),
        license=Line("MIT"),
        copyright=Line("2026 its authors"),
        relations=Relations(),
        changes=(Line("Built from web-1.0.zip (upstream version 1.0)."),),
        built_from=(Line("artifact: web-1.0.zip"),),
        inputs=Sha256("0" * 64),
        source_date_epoch=MOMENT,
    )
    return replace(spec, **changes)


def make_suite(**changes: Any) -> SuiteSpec:
    suite = SuiteSpec(
        name=SuiteName("bookworm"),
        codename=Codename("bookworm"),
        component=Component("main"),
        architectures=(AMD64, Architecture("arm64")),
        origin=Line("Test"),
        label=Line("Test archive"),
        description=Line("For tests"),
    )
    return replace(suite, **changes)


def make_artifact(file: Path, **changes: Any) -> Artifact:
    artifact = Artifact(
        module=ModuleName("web"),
        codename=Codename("bookworm"),
        architecture=AMD64,
        name=file.name,
        version="1.0",
        digest=Digest.of(file),
        date=MOMENT,
        origin=file.name,
        verified="sha256 of a file in the artifact directory",
    )
    return replace(artifact, **changes)


def make_package(
    path: Path, name: str = "kat-web", version: str = "1.0-1~deb12u1", architecture: str = "all", content: str = "1"
) -> BinaryPackage:
    """A BinaryPackage whose file holds ``content`` and is no real .deb: for those who only move it about."""
    path = path / f"{name}_{version}_{architecture}.deb"
    path.write_text(content)
    fields = {
        "Package": name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "Somebody <somebody@example.org>",
        "Description": "short\n long\n .\n more",
        "Katpkg-Inputs": "1" * 64,
    }
    return BinaryPackage(file=str(path), digest=Digest.of(path), fields=fields, members=lambda: ("/usr/share/x",))


def make_deb(
    directory: Path,
    control: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    compression: str = "xz",
) -> Path:
    """A real .deb, packed by dpkg-deb."""
    fields = {
        "Package": "demo-thing",
        "Version": "1.0-1",
        "Architecture": "all",
        "Maintainer": "Somebody <somebody@example.org>",
        "Description": "a thing",
    } | dict(control or {})
    tree = directory / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text("".join(f"{name}: {value}\n" for name, value in fields.items()))
    for name, text in (files or {"usr/share/demo-thing/file": "text\n"}).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    path = directory / f"{fields['Package']}_{fields['Version']}_{fields['Architecture']}.deb"
    command: list[str | Path] = ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", tree, path]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(MOMENT)}  # two that are made in turn differ in nothing else
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return path


def make_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 9, 21, 14, 13, 20)), content)
    return path


def make_tar(path: Path, members: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = MOMENT
            tar.addfile(info, io.BytesIO(content))
    return path


def make_wheel(
    directory: Path,
    *,
    name: str = "web",
    version: str = "0.0.1.dev1",
    tag: str = "py3-none-any",
    files: Mapping[str, str] | None = None,
    scripts: str = "web = web.cli:main",
    requires: str = "",
) -> Path:
    """A real, small wheel."""
    info = f"{name}-{version}.dist-info"
    content = dict(files if files is not None else {f"{name}/__init__.py": "", f"{name}/cli.py": "def main(): ...\n"})
    asked = f"Requires-Dist: {requires}\n" if requires else ""
    content[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}"
    content[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    content[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n"
    content[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in (*content, f"{info}/RECORD"))
    path = directory / f"{name}-{version}-{tag}.whl"
    return make_zip(path, {each: text.encode() for each, text in content.items()})
