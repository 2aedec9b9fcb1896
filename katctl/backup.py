"""A backup: one tar of databases, configuration, secrets and data, whose last member says what it holds, by digest."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO

from katctl import packages
from katctl.databases import database_name, server_of, with_data
from katctl.errors import BackupError, KatctlError
from katctl.hosts import FILE
from katctl.model import Product
from katctl.site import Site

MANIFEST = "manifest.json"
FORMAT = 1
KEPT = 3
"""Backups of upgrades that are kept; those that an administrator made are theirs to delete."""

UPGRADE = "upgrade"

WORKSHOP = "backup-"
"""What directories begin with in which a backup has its dumps until they are in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    product: str
    made: str
    """UTC, ISO 8601."""
    versions: dict[str, str]
    databases: dict[str, str]
    """Module → member."""
    directories: dict[str, str]
    """Path on the server → prefix of its members."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Of each file, by member."""
    format: int = FORMAT


def default_path(site: Site, now: datetime, reason: str) -> Path:
    """Where a backup goes unless somebody says otherwise."""
    return site.product.backups / f"{site.product.name}-{now:%Y%m%dT%H%M%SZ}-{reason}.tar"


def back_up(site: Site, path: Path, now: datetime, *, whole: bool) -> Path:
    """Write a backup to ``path``, whole or not at all: ``whole``, or without what only grows. Raises BackupError."""
    if path.exists():
        raise BackupError("there is a file already", where=str(path), hint="give another name")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        _sweep(site, path)
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
        with os.fdopen(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            _write(site, file, now, whole=whole)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise BackupError(
            f"it cannot be written: {error.strerror}", where=str(path), hint=f"df {path.parent}; make room there"
        ) from error
    except KatctlError as error:
        raise BackupError(
            f"it cannot be made: {error}",
            where=str(path),
            hint=error.hint or "katctl doctor says what is wrong",
            details=error.details,
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def back_up_before_upgrade(site: Site, now: datetime) -> Path:
    """Keep what new code may change as it is, and forget what was kept for older upgrades. Raises BackupError."""
    path = back_up(site, default_path(site, now, UPGRADE), now, whole=False)
    forget_old(site, keep=path)
    return path


def forget_old(site: Site, keep: Path) -> None:
    """Delete all but the newest backups that upgrades made, and never ``keep``."""
    old = sorted(site.product.backups.glob(f"{site.product.name}-*-{UPGRADE}.tar"))[:-KEPT]
    for path in old:
        if path != keep:
            path.unlink()


def configuration(product: Product) -> dict[str, Path]:
    """What a backup has of what was answered, said and made, by member; not all of it need be there."""
    names = (*(module.name for module in product.modules), FILE)
    return {
        "secrets.json": product.state / "secrets.json",
        **{f"administrator/{name}.conf": product.administrator_file(name) for name in names},
        "hosts.env": product.generated_file(FILE),
        "answers.env": product.generated_file(product.module),
    }


def digest(file: IO[bytes]) -> str:
    """SHA-256 of all that ``file`` has still to say."""
    found = hashlib.sha256()
    while part := file.read(1 << 20):
        found.update(part)
    return found.hexdigest()


def _write(site: Site, file: io.BufferedWriter, now: datetime, *, whole: bool) -> None:
    modules = site.product.modules
    with_dump = [module.name for module, _ in with_data(site)]
    manifest = Manifest(
        product=site.product.name,
        made=now.isoformat(timespec="seconds"),
        versions=packages.versions(module.package for module in modules),
        databases={name: f"databases/{name}.dump" for name in with_dump},
        directories={path: f"directories{path}" for path in _directories(site, whole=whole)},
    )
    for module in modules:
        if module.database and module.is_home and module.name not in with_dump:
            site.tell(f"{module.name} has no database yet: none of it is in the backup")
    with tarfile.open(fileobj=file, mode="w") as tar, _workshop(site) as work:
        words = ((name, path) for name, path in configuration(site.product).items() if path.exists())
        # one after the other: a dump goes when it was read
        for name, path in chain(words, _dumps(site, manifest, Path(work))):
            _add(tar, name, path, manifest)
        for root, prefix in manifest.directories.items():
            site.tell(f"backing up {root}")
            _add_tree(tar, prefix, Path(root), manifest)
        text = json.dumps(asdict(manifest), indent=2).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode, info.mtime = len(text), 0o600, int(now.timestamp())
        tar.addfile(info, io.BytesIO(text))


def _workshop(site: Site) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=site.product.state, prefix=WORKSHOP)


def _sweep(site: Site, path: Path) -> None:
    """Take away what backups left that were killed; none is made at the same time."""
    for unfinished in path.parent.glob(f".{site.product.name}-*.tar.unfinished"):
        unfinished.unlink()
    for work in site.product.state.glob(f"{WORKSHOP}*"):
        shutil.rmtree(work)


def _dumps(site: Site, manifest: Manifest, work: Path) -> Iterator[tuple[str, Path]]:
    for module, database in with_data(site):
        path = work / "dump"
        site.tell(f"backing up the database of {module.name}")
        server_of(site, module, database).dump(database_name(site, module, database), path)
        yield manifest.databases[module.name], path
        path.unlink()


def _directories(site: Site, *, whole: bool) -> list[str]:
    found = [each for module in site.product.modules for each in module.directories if each.backup]
    return [each.path for each in found if (whole or each.upgrade) and Path(each.path).is_dir()]


def _add(tar: tarfile.TarFile, name: str, path: Path, manifest: Manifest) -> None:
    info = tar.gettarinfo(str(path), name)
    with path.open("rb") as file:
        manifest.sha256[name] = digest(file)
        file.seek(0)
        tar.addfile(info, file)


def _add_tree(tar: tarfile.TarFile, prefix: str, root: Path, manifest: Manifest) -> None:
    for path in (root, *sorted(root.rglob("*"))):
        name = f"{prefix}{str(path).removeprefix(str(root))}"
        if path.is_file() and not path.is_symlink():
            _add(tar, name, path, manifest)
        elif path.is_dir() or path.is_symlink():
            tar.add(path, name, recursive=False)
