"""What no type can say about where artifacts come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from katpkg.config.files import MAIN
from katpkg.errors import ConfigError
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.names import Codename
from katpkg.model.source import GitHubSpec, WebSpec


def check(source: object, modules: Mapping[Codename, tuple[ModuleSpec, ...]]) -> Iterator[ConfigError]:
    """Everything that does not fit: in ``source``, the archive's, and in what ``modules`` take from it or others."""
    if isinstance(source, GitHubSpec):
        yield from _check_github(source, f"{MAIN}: source")
    for specs in modules.values():
        for module in specs:
            file = f"modules/{module.name}.toml"
            if isinstance(module.source, GitHubSpec):
                yield from _check_github(module.source, f"{file}: source")
            if module.artifact is not None and isinstance(module.source or source, WebSpec):
                yield from _check_pinned(module.artifact, f"{file}: artifact")
            if module.artifact is not None and module.artifact.attestation != "off":
                yield from _check_attested(module.source or source, f"{file}: artifact.attestation")


def _check_github(source: GitHubSpec, where: str) -> Iterator[ConfigError]:
    if source.take == "runs" and source.workflow is None:
        yield ConfigError("missing key 'workflow'", where=where, hint='workflow = ".github/workflows/NAME.yml"')
    if not source.tags and not source.branches:
        yield ConfigError("neither a tag nor a branch may be built from", where=where, hint='tags = ["v*"]')
    if source.take == "releases" and not source.tags:
        yield ConfigError("releases are of tags, and no tag may be built from", where=where, hint='tags = ["v*"]')


def _check_attested(source: object, where: str) -> Iterator[ConfigError]:
    """``source`` is None when it could not be understood."""
    if source is not None and not isinstance(source, GitHubSpec):
        yield ConfigError("attestations are of artifacts from GitHub", where=where, hint='source.kind = "github"')
    if isinstance(source, GitHubSpec) and source.workflow is None:
        yield ConfigError(
            "an attestation is believed when one workflow signed it, and none is named",
            where=where,
            hint='source.workflow = ".github/workflows/NAME.yml"',
        )


def _check_pinned(rule: ArtifactRule, where: str) -> Iterator[ConfigError]:
    if not rule.version:
        said = "a web server does not tell which version is the newest"
        yield ConfigError(said, where=f"{where}.version", hint='version = "1.0"')
    if rule.beside:
        yield ConfigError(
            "only one artifact of a web server can be pinned",
            where=f"{where}.beside",
            hint="put all that it is to hold into one archive",
        )
    if rule.sha256 is None:
        yield ConfigError(
            "what a web server has must be pinned", where=f"{where}.sha256", hint="sha256sum prints it for a file"
        )
