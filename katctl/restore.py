"""Bringing a backup back: checked before anything is touched, beside the present data until it is whole."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from katctl import files, packages
from katctl.backup import FORMAT, MANIFEST, Manifest, configuration, digest
from katctl.cluster import Cluster
from katctl.databases import Databases, is_the_administrators, server_of
from katctl.errors import BackupError
from katctl.model import Database, Directory, Module
from katctl.postgresql import identifier
from katctl.rollout import stop_all
from katctl.site import Site, alone, open_again
from katctl.state import key_of
from katctl.steps import Configuration


@dataclass(frozen=True, slots=True)
class Backup:
    """An open backup, whose files are what its manifest says."""

    tar: tarfile.TarFile
    manifest: Manifest

    def copy(self, member: str, path: Path) -> None:
        """Write the file ``member`` to ``path``, for root alone."""
        with _open(self.tar, member) as source, path.open("wb") as file:
            path.chmod(0o600)
            shutil.copyfileobj(source, file)

    def text(self, member: str) -> str:
        """What the file ``member`` says."""
        with _open(self.tar, member) as source:
            return source.read().decode()

    def has(self, member: str) -> bool:
        """Whether there is such a file."""
        return member in self.manifest.sha256


@contextmanager
def open_backup(path: Path, product: str) -> Iterator[Backup]:
    """Open ``path`` and check every file in it. Raises BackupError."""
    with ExitStack() as files:
        try:
            tar = files.enter_context(tarfile.open(path))
            manifest = Manifest(**json.loads(_open(tar, MANIFEST).read()))
            _check(tar, manifest, path, product)
        except FileNotFoundError as error:
            raise BackupError("there is no such backup", where=str(path), hint=f"ls {path.parent}") from error
        except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
            raise BackupError(f"it is no whole backup: {error}", where=str(path), hint="take another one") from error
        yield Backup(tar, manifest)


def restore(site: Site, path: Path) -> Site:
    """Stop all, and bring data, secrets and configuration of ``path`` back; what is to be started is not yet.

    The caller sets up afterwards. Raises BackupError before anything is changed when the backup does not fit.
    """
    with open_backup(path, site.product.name) as backup, alone(site) as site:
        _check_fit(site, backup, path)
        site.memory.change(restoring=str(path))
        site.tell("stopping the services")
        stop_all(site)
        _restore_words(site, backup)
        fresh = open_again(site)
        for step in (Configuration(fresh), Cluster(fresh), Databases(fresh)):
            step.make()
        for module in site.product.modules:
            if module.database and module.name in backup.manifest.databases:
                _restore_database(fresh, backup, module, module.database)
            for directory in module.directories:
                if directory.path in backup.manifest.directories:
                    _restore_directory(backup, directory)
        site.memory.change(
            migrated=_done_once(site, backup),
            left_by=backup.manifest.versions,
            restoring="",
            upgrade=None,
            failure=None,
        )
    return fresh


def _done_once(site: Site, backup: Backup) -> dict[str, str]:
    """Data that comes back has all that is done once for new data; the rest is to be migrated again."""
    versions = backup.manifest.versions
    return {
        key_of(module, migration): versions[module.package]
        for module in site.product.modules
        for migration in module.migrations
        if migration.once and module.package in versions
    }


def _check(tar: tarfile.TarFile, manifest: Manifest, path: Path, product: str) -> None:
    if manifest.format != FORMAT or manifest.product != product:
        raise BackupError(
            f"it is a backup of {manifest.product}, format {manifest.format}",
            where=str(path),
            hint=f"restore a backup of {product}, format {FORMAT}",
        )
    for member, expected in manifest.sha256.items():
        with _open(tar, member) as file:
            if digest(file) != expected:
                raise BackupError(f"{member} is damaged", where=str(path), hint="take another backup")


def _check_fit(site: Site, backup: Backup, path: Path) -> None:
    here = {module.name: module for module in site.product.modules}
    theirs = [name for name in backup.manifest.databases if name in here and is_the_administrators(site, here[name])]
    if theirs:
        raise BackupError(
            f"the databases of {', '.join(theirs)} are where the administrator says",
            where=str(path),
            hint="pg_restore databases/MODULE.dump of the backup there, or take their URLs out of your settings first",
        )
    absent = sorted(set(backup.manifest.databases) - set(here))
    if absent:
        raise BackupError(
            f"it holds data of modules that are not installed here: {', '.join(absent)}",
            where=str(path),
            hint=packages.to_install(*sorted(backup.manifest.versions)),
        )


def _restore_words(site: Site, backup: Backup) -> None:
    site.tell("restoring secrets and configuration")
    for member, path in configuration(site.product).items():
        if backup.has(member):
            mode = 0o640 if path.parent == site.product.etc else 0o600
            files.write(path, backup.text(member), mode=mode)


def _restore_database(site: Site, backup: Backup, module: Module, database: Database) -> None:
    name, role = identifier(database.name), identifier(database.role)
    site.tell(f"restoring the database {name}")
    server, new, old = site.postgresql, f"{name}_new", f"{name}_old"
    dump = site.product.state / "restoring.dump"
    try:
        backup.copy(backup.manifest.databases[module.name], dump)
        if not site.answers.makes_databases:
            server_of(site, module, database).replace(dump, name)
            return
        server.ask(f"DROP DATABASE IF EXISTS {new};")
        server.ask(f"CREATE DATABASE {new} OWNER {role} ENCODING 'UTF8' TEMPLATE template0;")
        server.restore(dump, new, role)
    finally:
        dump.unlink(missing_ok=True)
    server.ask(f"DROP DATABASE IF EXISTS {old};")
    server.ask(f"REVOKE CONNECT, TEMPORARY ON DATABASE {new} FROM PUBLIC;")
    server.ask(f"BEGIN; ALTER DATABASE {name} RENAME TO {old}; ALTER DATABASE {new} RENAME TO {name}; COMMIT;")
    server.ask(f"DROP DATABASE {old};")


def _restore_directory(backup: Backup, directory: Directory) -> None:
    """Beside the present one first, so that neither is ever half there."""
    place = Path(directory.path)
    new, old = place.with_name(f".{place.name}.new"), place.with_name(f".{place.name}.old")
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    new.mkdir(parents=True)
    prefix = backup.manifest.directories[directory.path]
    for info in backup.tar.getmembers():
        if info.name.startswith(f"{prefix.lstrip('/')}/"):
            _extract(backup.tar, info, new / info.name[len(prefix.lstrip("/")) + 1 :])
    _own(new, directory)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _extract(tar: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> None:
    if ".." in path.parts:
        raise BackupError(f"{info.name} leads out of its directory", hint="do not trust this backup")
    path.parent.mkdir(parents=True, exist_ok=True)
    if info.isdir():
        path.mkdir(exist_ok=True)
        path.chmod(info.mode)
    elif info.issym():
        path.symlink_to(info.linkname)
    elif info.isfile():
        with _open(tar, info.name) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
        path.chmod(info.mode)


def _own(root: Path, directory: Directory) -> None:
    """Numbers of accounts differ between machines; all in it is its account's."""
    root.chmod(int(directory.mode, 8))
    files.give(root, directory.user)


def _open(tar: tarfile.TarFile, member: str) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise KeyError(f"{member} is no file")
    return file
