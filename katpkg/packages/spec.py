"""From a module and its files to a PackageSpec: the one description that every format is rendered from."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import asdict, replace

from katpkg import __version__
from katpkg.model.artifact import Attestation, Provenance
from katpkg.model.module import ModuleSpec, Relations
from katpkg.model.names import AbsolutePath, Line
from katpkg.model.package import Account, Entry, EntryKind, PackageSpec, Starting, Upkeep
from katpkg.model.version import Version
from katpkg.packages.contents import Contents
from katpkg.packages.descriptor import descriptor
from katpkg.packages.order import Order
from katpkg.packages.setup import setting_up, setup_entries, setup_extra, setup_units
from katpkg.packages.systemd import render_units
from katpkg.packages.templates import Templates


def make_spec(order: Order, contents: Contents, version: Version, templates: Templates) -> PackageSpec:
    """The whole package. Raises BuildError and ConfigError."""
    module, archive = order.module, order.project.archive
    return PackageSpec(
        name=module.package,
        version=version,
        target=order.target,
        architecture=order.architecture,
        summary=module.summary,
        description=module.description,
        homepage=module.homepage,
        section=module.section,
        maintainer=archive.maintainer,
        license=module.license,
        copyright=module.copyright,
        relations=_relations(order, contents),
        changes=_changes(order),
        built_from=_built_from(order),
        inputs=order.inputs(templates.digest()),
        source_date_epoch=order.date,
        entries=tuple(_entries(order, contents, templates)),
        units=setup_units(order, templates) if module.is_setup else render_units(order.places, templates),
        accounts=accounts(module),
        directories=module.directories,
        virtual_environment=contents.virtual_environment,
        lintian=module.lintian,
        starting=_starting(order),
        setting_up=setting_up(order) if module.is_setup else None,
        upkeep=_upkeep(order),
        extra=setup_extra(order, templates) if module.is_setup else {},
    )


def accounts(module: ModuleSpec) -> tuple[Account, ...]:
    """The system accounts that the module's services, commands and directories need, each once."""
    found: dict[str, Account] = {}
    for service in module.services:
        found.setdefault(service.account, Account(name=service.account, description=service.description))
    others = [
        *(command.user for command in module.commands),
        *(directory.user for directory in module.directories),
        *(migration.user for migration in module.migrations),
    ]
    for name in filter(None, others):
        found.setdefault(name, Account(name=name, description=module.summary))
    return tuple(account for name, account in sorted(found.items()) if name != "root")


def _relations(order: Order, contents: Contents) -> Relations:
    exactly = tuple(Line(f"{name} (= {version})") for name, version in sorted(order.siblings.items()))
    keyring = (Line(order.project.archive.keyring_package),) if order.module.is_meta else ()
    setup = (Line(order.setup.package),) if order.setup and _starting(order) is Starting.SETUP else ()
    relations = order.module.relations
    return replace(relations, depends=(*contents.depends, *exactly, *keyring, *setup, *relations.depends))


def _starting(order: Order) -> Starting:
    if order.module.is_setup:
        return Starting.TRIGGER
    return Starting.SETUP if order.setup and order.module.services else Starting.INSTALLATION


def _upkeep(order: Order) -> Upkeep | None:
    if _starting(order) is not Starting.SETUP:
        return None
    places = order.places
    return Upkeep(
        descriptors=places.descriptors,
        descriptor=places.descriptor,
        etc=places.etc,
        settings=(places.administrator_file, places.generated_file) if order.module.settings else (),
        aside=places.aside,
        question=Line(f"{places.prefix}/purge"),
    )


def _changes(order: Order) -> tuple[Line, ...]:
    if order.module.is_setup:
        return (Line(f"Taken from katpkg {__version__}."),)
    if order.artifact is None:
        return (Line(f"Pulls in {len(order.siblings)} packages at the versions they were built together."),)
    return (Line(f"Built from {order.artifact.name} (upstream version {order.artifact.version})."),)


def _built_from(order: Order) -> tuple[Line, ...]:
    lines = [f"katpkg: {__version__}", f"target: {order.target}"]
    if order.artifact is not None:
        lines += [
            f"artifact: {order.artifact.name}",
            f"origin: {order.artifact.origin}",
            f"size: {order.artifact.digest.size}",
            f"sha256: {order.artifact.digest.sha256}",
            f"verified: {order.artifact.verified}",
            *_provenance(order.artifact.provenance),
            *_attestation(order.artifact.attestation),
            *(f"beside it: {each.name} sha256:{each.digest.sha256} {each.origin}" for each in order.artifact.beside),
        ]
    return tuple(Line(line) for line in lines)


def _provenance(found: Provenance | None) -> Iterator[str]:
    """What the chain from commit to package is told by; nothing of it decides what is built."""
    for name, value in asdict(found).items() if found else ():
        if value:
            yield f"{'artifact id' if name == 'id' else name}: {value}"


def _attestation(found: Attestation | None) -> Iterator[str]:
    for name, value in asdict(found).items() if found else ():
        if value:
            yield f"attestation {name}: {' '.join(value.split())}"


def _entries(order: Order, contents: Contents, templates: Templates) -> Iterator[Entry]:
    for child in sorted(contents.root.iterdir()):
        yield Entry(kind=EntryKind.TREE, path=AbsolutePath(f"/{child.name}"), content=child)
    for file in order.module.files:
        yield Entry(
            kind=EntryKind.CONFFILE if file.conffile else EntryKind.FILE,
            path=file.path,
            content=order.source_of(file),
            mode=int(file.mode, 8),
        )
    if order.module.is_setup:
        yield from setup_entries(order, templates)
    yield from _settings(order, templates)
    yield from _commands(order, templates)
    if order.module.services or order.module.settings:
        yield Entry(path=order.places.descriptor, content=descriptor(order.places))


def _settings(order: Order, templates: Templates) -> Iterator[Entry]:
    module, places = order.module, order.places
    if not module.settings:
        return
    files = {
        "package": module.package,
        "defaults_file": places.defaults_file,
        "generated_file": places.generated_file,
        "administrator_file": places.administrator_file,
        "afterwards": _afterwards(order),
    }
    text = _render(templates, "defaults.j2", settings=module.settings, **files)
    yield Entry(path=places.defaults_file, content=text)
    if _starting(order) is not Starting.INSTALLATION:
        return  # katctl makes the administrator's file, so that dpkg has none to ask about
    # the same in every version, for dpkg asks about a conffile when both sides changed it
    yield Entry(
        kind=EntryKind.CONFFILE,
        path=places.administrator_file,
        content=_render(templates, "administrator.conf.j2", **files),
        mode=0o640,
    )


def _afterwards(order: Order) -> str:
    """What makes a changed setting be seen."""
    if order.setup:
        return "katctl setup"
    return f"systemctl restart {' '.join(f'{service.name}.service' for service in order.module.services)}"


def _commands(order: Order, templates: Templates) -> Iterator[Entry]:
    places = order.places
    files = (places.defaults_file, places.generated_file, places.administrator_file)
    for command in order.module.commands:
        values: dict[str, object] = {
            "name": command.name,
            "exec": places.fill(command.exec),
            "directory": places.fill(command.directory),
            "package": order.module.package,
            "user": command.user or "",
            "settings_files": files if order.module.settings else (),
        }
        script = _render(templates, "command.j2", **values)
        yield Entry(path=AbsolutePath(f"/usr/bin/{command.name}"), content=script, mode=0o755)
        # compressed by us and not by dh_compress, so that the path here is the path in the package
        page = gzip.compress(_render(templates, "command.1.j2", **values), mtime=0)
        yield Entry(path=AbsolutePath(f"/usr/share/man/man1/{command.name}.1.gz"), content=page)


def _render(templates: Templates, template: str, /, **values: object) -> bytes:
    return templates.render(template, **values).encode()
