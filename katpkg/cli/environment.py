"""What the command line hands down: the definition, the reporter, the clock and the secrets.

The only reader of the environment. Secrets are taken from it and from nowhere else; ``process`` hands none of it on.
What is heavy is imported where it is used, so that ``katpkg --help`` stays quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from katpkg.errors import SigningError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from katpkg.config.project import Loaded
    from katpkg.model.archive import ArchiveDefinition
    from katpkg.model.project import Project
    from katpkg.model.source import Choice
    from katpkg.pipeline.fetch import Intake
    from katpkg.report import Reporter
    from katpkg.repository.base import Signer
    from katpkg.repository.keys import PublicKey
    from katpkg.repository.rpm.signing import PackageSigner
    from katpkg.sources.access import Access, Secret

GITHUB_TOKENS = ("KATPKG_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")
"""Where a token for GitHub may stand; the first that is set counts."""

SIGNING_KEY = "KATPKG_SIGNING_KEY"
SIGNING_KEY_FILE = "KATPKG_SIGNING_KEY_FILE"
SIGNING_PASSPHRASE = "KATPKG_SIGNING_PASSPHRASE"  # noqa: S105


class Session:
    """One call of the command line."""

    def __init__(self, *, start: Path | None, json: bool, verbose: bool) -> None:
        self._start = start
        self.json = json
        self.verbose = verbose

    @cached_property
    def directory(self) -> Path:
        """Where katpkg.toml lies. Raises ConfigError."""
        from katpkg.config.files import find_definition

        return self._start.resolve() if self._start else find_definition(Path.cwd())

    @property
    def start(self) -> Path:
        """Where a new definition goes."""
        return self._start or Path.cwd()

    @cached_property
    def reporter(self) -> Reporter:
        """Who is told, on stderr: drawn where somebody looks, plain lines for a log, commands for a runner."""
        if is_runner():
            from katpkg.actions import GitHubActions

            summary = os.environ.get("GITHUB_STEP_SUMMARY")
            return GitHubActions(sys.stderr, Path(summary) if summary else None, verbose=self.verbose)
        if sys.stderr.isatty():
            from katpkg.terminal import Terminal

            return Terminal(sys.stderr, verbose=self.verbose)
        from katpkg.report import Plain

        return Plain(sys.stderr, verbose=self.verbose)

    def load(self) -> Loaded:
        """The definition with the origin of each value. Raises ConfigError with everything that is wrong."""
        from katpkg.config.project import load_project

        return load_project(self.directory)

    @cached_property
    def project(self) -> Project:
        """The definition. Raises ConfigError."""
        return self.load().project

    @cached_property
    def archive(self) -> ArchiveDefinition:
        """What katpkg.toml alone says; no module is read for it. Raises ConfigError."""
        from katpkg.config.archive import load_archive

        return load_archive(self.directory)

    @cached_property
    def now(self) -> datetime:
        """When this call began."""
        return datetime.now(UTC)

    def clock(self) -> datetime:
        """The time, anew at each call."""
        return datetime.now(UTC)

    @property
    def cores(self) -> int:
        """How many builds may run at once."""
        return len(os.sched_getaffinity(0))

    @property
    def templates(self) -> Path:
        """Where the templates lie: beside the package in a checkout, inside it once installed."""
        package = Path(__file__).resolve().parent.parent
        beside = package.parent / "debian-templates"
        return beside if beside.is_dir() else package / "debian-templates"

    def intake(self, choice: Choice | None = None) -> Intake:
        """Where artifacts come from; of a repository's runs, those of ``choice``. Raises ConfigError."""
        from katpkg.model.source import Choice
        from katpkg.pipeline.fetch import intake_of

        return intake_of(self.project, self.access, self.reporter, choice or Choice())

    @cached_property
    def access(self) -> Access:
        """What this call may use of the network."""
        import time

        from katpkg.sources.access import Access

        return Access(now=time.time, token=self.github_token(), proxy=_proxy_for)

    def github_token(self) -> Secret | None:
        """What says to GitHub who we are; None when nobody said so."""
        from katpkg.sources.access import Secret

        found = next(filter(None, (os.environ.get(name, "").strip() for name in GITHUB_TOKENS)), "")
        return Secret(found) if found else None

    @cached_property
    def public_key(self) -> PublicKey:
        """The key that clients have; gpg reads it once in a call. Raises SigningError."""
        from katpkg.repository.keys import PublicKey

        return PublicKey.read(self.archive.signing.public_key)

    def signer(self) -> AbstractContextManager[Signer]:
        """Who signs, while the context is open. Raises SigningError."""
        from contextlib import nullcontext

        signing = self.archive.signing
        key = self.public_key
        key.check_validity(self.now)
        if not signing.command:
            from katpkg.repository.signing import GpgSigner

            return GpgSigner(key, *self.signing_key())
        from katpkg.repository.external import ExternalSigner

        environment = {str(name): os.environ[name] for name in signing.environment if name in os.environ}
        return nullcontext(
            ExternalSigner(key=key, command=signing.command, directory=self.archive.directory, environment=environment)
        )

    def package_signer(self, signer: Signer) -> AbstractContextManager[PackageSigner]:
        """Who signs RPMs, with the key of ``signer``, while the context is open. Raises SigningError when asked to
        sign, where the key is not ours to give to rpmsign.
        """
        from katpkg.repository.rpm.signing import RpmSigner
        from katpkg.repository.signing import GpgSigner

        def home() -> Path:
            if isinstance(signer, GpgSigner):
                return signer.home()
            raise SigningError(
                "RPMs are signed by rpmsign, which needs the key itself",
                where="katpkg.toml: signing.command",
                hint=f"set {SIGNING_KEY_FILE} and leave signing.command out",
            )

        passphrase = os.environ.get(SIGNING_PASSPHRASE, "")
        return RpmSigner(lambda: self.public_key, home, passphrase)

    def signing_key(self) -> tuple[bytes, str]:
        """The armored secret key and its passphrase (may be empty). Raises SigningError."""
        passphrase = os.environ.get(SIGNING_PASSPHRASE, "")
        if key := os.environ.get(SIGNING_KEY):
            return key.encode(), passphrase
        if file := os.environ.get(SIGNING_KEY_FILE):
            try:
                return Path(file).read_bytes(), passphrase
            except OSError as error:
                raise SigningError(
                    f"the signing key cannot be read: {error.strerror}",
                    where=f"{SIGNING_KEY_FILE}={file}",
                    hint=f"ls -l {file}",
                ) from error
        raise SigningError(
            "no signing key",
            hint=f"set {SIGNING_KEY} to the armored secret key, or {SIGNING_KEY_FILE} to a file that holds it",
        )

    def result(self, lines: Iterable[str], **values: Any) -> None:  # noqa: ANN401
        """The result on stdout: ``values`` as versioned JSON if that was asked for, else ``lines``."""
        if self.json:
            import json

            click.echo(json.dumps({"version": 1, **values}, indent=2, default=_plain))
        else:
            is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
            sys.stdout.writelines(f"{line if is_coloured else click.unstyle(line)}\n" for line in lines)


def is_runner() -> bool:
    """Whether GitHub Actions reads what is told."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for ``url``."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


def _plain(value: object) -> object:
    """What JSON has no word for: a list that was not made yet, or something that is shown as text."""
    return list(value) if isinstance(value, Iterator) else str(value)
