"""The package that makes a machine trust the archive: its key, and the deb822 source that names it in Signed-By.

The key is package content in /usr/share/keyrings, never a conffile: an upgrade must be able to bring the next key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from katpkg.model.module import LintianOverride, Relations
from katpkg.model.names import AbsolutePath, Architecture, Fingerprint, Line
from katpkg.model.package import Entry, EntryKind, PackageSpec
from katpkg.model.project import Project
from katpkg.model.suite import SuiteSpec
from katpkg.model.target import PackageFormat, Target
from katpkg.model.version import Version
from katpkg.packages.order import digest_of_inputs
from katpkg.packages.templates import Templates

UPSTREAM = Version("1")
"""The keyring has no upstream; its revision alone rises, when key or source change."""

SOURCES = LintianOverride(
    tag=Line("package-installs-apt-sources"),
    context=Line("*"),
    reason=Line("to tell apt where the archive is, is what the package is for"),
)

DESCRIPTION = """\
This package holds the key that signs the archive of {label}, and tells {client}
where the archive is. Its upgrades bring the next key before it is used, so a
machine that has it installed never has to be told about keys by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How the clients of a format are told whom to trust, and where the archive is."""

    client: str
    suffix: str
    """Of the key's file."""
    source: str
    """Where the file lies that tells the client."""
    template: str


TRUSTS = {
    PackageFormat.DEB: Trust(
        client="apt", suffix="gpg", source="/etc/apt/sources.list.d/{name}.sources", template="archive.sources.j2"
    ),
    PackageFormat.RPM: Trust(
        client="dnf", suffix="asc", source="/etc/yum.repos.d/{name}.repo", template="archive.repo.j2"
    ),
}


def keyring_spec(
    project: Project, target: Target, key: bytes, fingerprint: Fingerprint, date: int, templates: Templates
) -> PackageSpec:
    """The keyring package for ``target``'s release, at its first revision.

    ``key`` is the public key: as binary OpenPGP packets, the form that every apt reads; for RPMs armored, the only form
    that rpm reads. ``date`` is when it was made, in seconds since the epoch.
    """
    archive = project.archive
    trust = TRUSTS[target.release.format]
    keyring = AbsolutePath(f"/usr/share/keyrings/{archive.keyring_package}.{trust.suffix}")
    sources = _sources(project, project.suite(target.codename), keyring, templates, trust)
    return PackageSpec(
        name=archive.keyring_package,
        version=UPSTREAM,
        target=target,
        architecture=Architecture("all"),
        summary=Line(f"key and {trust.client} source of {archive.label}"),
        description=DESCRIPTION.format(label=archive.label, client=trust.client),
        homepage=archive.homepage,
        section=Line("misc"),
        maintainer=archive.maintainer,
        license=Line("CC0-1.0"),
        copyright=Line(f"{datetime.fromtimestamp(date, UTC).year} {archive.maintainer}"),
        relations=Relations(),
        changes=(Line(f"The archive is signed by {fingerprint}."),),
        built_from=(Line(f"fingerprint: {fingerprint}"),),
        inputs=digest_of_inputs(
            templates.digest(), key=key.hex(), sources=sources.decode(), maintainer=archive.maintainer
        ),
        source_date_epoch=date,
        lintian=(SOURCES,),
        entries=(
            Entry(path=keyring, content=key),
            Entry(
                kind=EntryKind.CONFFILE,
                path=AbsolutePath(trust.source.format(name=archive.name)),
                content=sources,
            ),
        ),
    )


def _sources(project: Project, suite: SuiteSpec, keyring: AbsolutePath, templates: Templates, trust: Trust) -> bytes:
    text = templates.render(
        trust.template,
        name=project.archive.name,
        label=project.archive.label,
        uri=project.archive.uri,
        suite=suite.name,
        component=suite.component,
        keyring=keyring,
    )
    return text.encode()
