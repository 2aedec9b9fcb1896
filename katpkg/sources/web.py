"""Files on a web server, pinned by version and digest."""

from __future__ import annotations

from calendar import timegm
from email.utils import parsedate

from katpkg.errors import SourceError
from katpkg.model.artifact import Artifact
from katpkg.model.digests import Digest
from katpkg.model.module import ArtifactRule, ModuleSpec
from katpkg.model.source import WebSpec
from katpkg.model.target import Target
from katpkg.report import Reporter
from katpkg.sources.access import Access
from katpkg.sources.base import BrokenOff
from katpkg.sources.dates import EARLIEST
from katpkg.sources.download import download
from katpkg.sources.http import Http, follow
from katpkg.sources.names import fill
from katpkg.sources.partial import Arrival
from katpkg.sources.patience import Patience


class WebSource:
    """Files below the URL of ``spec``. No token goes there."""

    def __init__(self, spec: WebSpec, access: Access, reporter: Reporter) -> None:
        self._spec = spec
        self._access = access
        self._reporter = reporter
        self._http = Http(access)

    def resolve(self, module: ModuleSpec, rule: ArtifactRule, target: Target) -> Artifact:
        """The file that ``rule`` pins; the server is asked for its size and its date."""
        assert rule.sha256 is not None  # noqa: S101  # config/artifacts.py sees to it
        name = fill(rule.name, target).replace("{version}", rule.version)
        url = f"{fill(self._spec.url, target).replace('{version}', rule.version).rstrip('/')}/{name}"
        size, date = self._patience().insist(lambda: self._look(url, name))
        return Artifact(
            module=module.name,
            codename=target.codename,
            architecture=target.architecture,
            name=name,
            version=rule.version,
            digest=Digest(size=size, sha256=rule.sha256),
            date=date,
            origin=url,
            verified="sha256 that the definition pins",
        )

    def fetch(self, artifact: Artifact, to: Arrival) -> None:
        """Download the file, going on with what is there."""
        url = artifact.origin
        download(
            lambda headers: follow(self._http, self._http, url, headers),
            to,
            artifact.digest.size,
            self._patience(),
        )

    def _look(self, url: str, name: str) -> tuple[int, int]:
        with follow(self._http, self._http, url, method="HEAD") as answer:
            size = answer.headers.get("content-length", "")
            if answer.status >= 500:
                raise BrokenOff(f"the server is in trouble: {answer.status}", where=url, hint="try it again later")
            if answer.status != 200 or not size.isdecimal():
                raise SourceError(
                    f"the server has no {name}: it answers {answer.status}",
                    where=url,
                    hint="look at source.url and artifact.name",
                )
            moment = parsedate(answer.headers.get("last-modified", ""))
            return int(size), timegm(moment) if moment else EARLIEST

    def _patience(self) -> Patience:
        return Patience(self._access, self._reporter)
