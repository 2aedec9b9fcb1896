"""katpkg.lock: which artifact every module is built from, for each target. Written by fetch, obeyed by build."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli_w

from katpkg.errors import ConfigError
from katpkg.model.artifact import Artifact, Attestation, Provenance
from katpkg.model.digests import Digest
from katpkg.model.names import Architecture, Codename, ModuleName, Sha256
from katpkg.model.source import RepositoryName
from katpkg.sources.workplace import held, workplace

VERSION = 2
READABLE = (1, 2)
"""Version 1 knew no provenance."""

HEADER = "# Written by katpkg fetch; commit it. katpkg build uses what stands here and nothing else.\n\n"

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The artifacts that were found and verified together."""

    artifacts: tuple[Artifact, ...]

    def find(self, module: ModuleName, codename: Codename, architecture: Architecture) -> Artifact:
        """The artifact of ``module`` for a target. Raises ConfigError when the lock was written without it."""
        if artifact := self.get(module, codename, architecture):
            return artifact
        raise ConfigError(
            f"katpkg.lock has no artifact of {module} for {codename}/{architecture}",
            where="katpkg.lock",
            hint=f"katpkg fetch {module}",
        )

    def get(self, module: ModuleName, codename: Codename, architecture: Architecture) -> Artifact | None:
        """The artifact of ``module`` for a target; None when the lock was written without it."""
        for artifact in self.artifacts:
            if (artifact.module, artifact.codename, artifact.architecture) == (module, codename, architecture):
                return artifact
        return None


def read_lock(path: Path) -> Lock | None:
    """The lock at ``path``; None when there is none. Raises ConfigError."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        if content["version"] not in READABLE:
            raise ValueError(f"its version is {content['version']}, and this katpkg reads {VERSION} and older")
        return Lock(artifacts=tuple(_parse(entry) for entry in content.get("artifact", [])))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            "the lock cannot be read", where=str(path), hint=f"rm {path}; katpkg fetch", details=_reason(error)
        ) from error


def need_lock(path: Path) -> Lock:
    """The lock at ``path``. Raises ConfigError when there is none."""
    lock = read_lock(path)
    if lock is None:
        raise ConfigError("there is no lock", where=str(path), hint="katpkg fetch")
    return lock


def write_lock(path: Path, lock: Lock, modules: Collection[str] = ()) -> bool:
    """Write ``lock`` to ``path``, whole or not at all; whether that changed anything.

    Where ``modules`` are named it is about them: of others, what stands there stays, for another fetch may have found
    it meanwhile. Raises ConfigError.
    """
    if path.is_file() and path.read_bytes() == _content(path, lock, modules):
        return False
    try:
        with workplace(path.parent, "lock") as place, held(path.parent):
            new = place / path.name
            new.write_bytes(_content(path, lock, modules))
            new.replace(path)
    except OSError as error:
        raise ConfigError(
            f"the lock cannot be written: {error.strerror}",
            where=str(path),
            hint=f"look at {path.parent}; the lock is as it was before",
        ) from error
    return True


def _content(path: Path, lock: Lock, modules: Collection[str]) -> bytes:
    there = (read_lock(path) if modules else None) or Lock(artifacts=())
    artifacts = (
        each if each.module in modules else there.get(each.module, each.codename, each.architecture) or each
        for each in lock.artifacts
    )
    entries = sorted((_render(each) for each in artifacts), key=_order)
    return (HEADER + tomli_w.dumps({"version": VERSION, "artifact": entries})).encode()


def _render(artifact: Artifact) -> Entry:
    entry: Entry = {
        "module": artifact.module,
        "codename": artifact.codename,
        "architecture": artifact.architecture,
        "name": artifact.name,
        "version": artifact.version,
        "size": artifact.digest.size,
        "sha256": artifact.digest.sha256,
        "date": artifact.date,
        "origin": artifact.origin,
        "verified": artifact.verified,
    }
    if artifact.provenance is not None:
        entry["provenance"] = asdict(artifact.provenance)
    if artifact.attestation is not None:
        entry["attestation"] = {name: value for name, value in asdict(artifact.attestation).items() if value}
    if artifact.beside:
        entry["beside"] = [_render(each) for each in artifact.beside]
    return entry


def _parse(entry: Mapping[str, Any]) -> Artifact:
    return Artifact(
        module=ModuleName(entry["module"]),
        codename=Codename(entry["codename"]),
        architecture=Architecture(entry["architecture"]),
        name=str(entry["name"]),
        version=str(entry["version"]),
        digest=Digest(size=int(entry["size"]), sha256=Sha256(entry["sha256"])),
        date=int(entry["date"]),
        origin=str(entry["origin"]),
        verified=str(entry["verified"]),
        provenance=_parse_provenance(entry["provenance"]) if "provenance" in entry else None,
        attestation=_parse_attestation(entry["attestation"]) if "attestation" in entry else None,
        beside=tuple(_parse(each) for each in entry.get("beside", [])),
    )


def _parse_provenance(entry: Mapping[str, Any]) -> Provenance:
    return Provenance(
        repository=RepositoryName(entry["repository"]),
        commit=str(entry["commit"]),
        ref=str(entry["ref"]),
        id=int(entry["id"]),
        workflow=str(entry["workflow"]),
        event=str(entry["event"]),
        run=int(entry["run"]),
        attempt=int(entry["attempt"]),
        expires=str(entry["expires"]),
    )


def _parse_attestation(entry: Mapping[str, Any]) -> Attestation:
    verdict = entry["verdict"]
    if verdict not in ("verified", "unproven"):
        raise ValueError(f"{verdict!r} is no verdict")
    return Attestation(
        verdict=verdict,
        subject=str(entry["subject"]),
        sha256=str(entry["sha256"]),
        signer=str(entry.get("signer", "")),
        run=str(entry.get("run", "")),
        reason=str(entry.get("reason", "")),
    )


def _order(entry: Entry) -> tuple[str, ...]:
    return tuple(str(entry[key]) for key in ("module", "codename", "architecture"))


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
