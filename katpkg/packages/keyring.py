"""The package that makes a machine trust the archive: its key, and the deb822 source that names it in Signed-By.

The key is package content in /usr/share/keyrings, never a conffile: an upgrade must be able to bring the next key.
"""

from __future__ import annotations

from datetime import UTC, datetime

from katpkg.model.module import LintianOverride, Relations
from katpkg.model.names import AbsolutePath, Architecture, Fingerprint, Line
from katpkg.model.package import Entry, EntryKind, PackageSpec
from katpkg.model.project import Project
from katpkg.model.suite import SuiteSpec
from katpkg.model.target import Target
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
This package holds the key that signs the archive of {label}, and tells apt
where the archive is. Its upgrades bring the next key before it is used, so a
machine that has it installed never has to be told about keys by hand."""


def keyring_spec(
    project: Project, target: Target, key: bytes, fingerprint: Fingerprint, date: int, templates: Templates
) -> PackageSpec:
    """The keyring package for ``target``'s release, at its first revision.

    ``key`` is the public key as binary OpenPGP packets, the form that every apt reads; ``date`` is when it was made,
    in seconds since the epoch.
    """
    archive, suite = project.archive, project.suite(target.codename)
    keyring = AbsolutePath(f"/usr/share/keyrings/{archive.keyring_package}.gpg")
    sources = _sources(project, suite, keyring, templates)
    return PackageSpec(
        name=archive.keyring_package,
        version=UPSTREAM,
        target=target,
        architecture=Architecture("all"),
        summary=Line(f"key and apt source of {archive.label}"),
        description=DESCRIPTION.format(label=archive.label),
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
                path=AbsolutePath(f"/etc/apt/sources.list.d/{archive.name}.sources"),
                content=sources,
            ),
        ),
    )


def _sources(project: Project, suite: SuiteSpec, keyring: AbsolutePath, templates: Templates) -> bytes:
    text = templates.render(
        "archive.sources.j2",
        label=project.archive.label,
        uri=project.archive.uri,
        suite=suite.name,
        component=suite.component,
        keyring=keyring,
    )
    return text.encode()
