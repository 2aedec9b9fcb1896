"""The jobs that a definition and a lock amount to: one for each package, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from katpkg import __version__
from katpkg.errors import BuildError, ConfigError
from katpkg.model.artifact import Artifact
from katpkg.model.binary import BinaryPackage
from katpkg.model.module import ModuleSpec
from katpkg.model.names import Architecture, Codename, ModuleName, PackageName
from katpkg.model.package import PackageSpec
from katpkg.model.payload import MetaPayload
from katpkg.model.target import PackageFormat, Target
from katpkg.model.upstream import translate
from katpkg.model.version import Version
from katpkg.packages.keyring import UPSTREAM, keyring_spec
from katpkg.packages.order import Order, is_per_architecture
from katpkg.packages.setup import furnish
from katpkg.pipeline.built import keep
from katpkg.pipeline.make import Workshop, adopt, check, make
from katpkg.repository.keys import PublicKey
from katpkg.sources.lock import Lock

Make = Callable[[Version, tuple[str, ...]], BinaryPackage]
"""Makes the package in the given version; the paths are those of the last published one."""

Versions = Mapping[tuple[Codename, PackageName], Version]
"""The versions of the packages that exist, for those that name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A package to be made, or found made already."""

    target: Target
    package: PackageName
    architecture: Architecture
    upstream: Version
    inputs: str
    make: Make
    is_finished: bool = False
    """Whether it comes finished, in a version of its own."""


def module_orders(shop: Workshop, lock: Lock, targets: Sequence[Target], names: Sequence[str]) -> Iterator[Order]:
    """An order for each module (of ``names``, or all) that has an artifact, for each target it is built for.

    Raises ConfigError when the lock has none for one of them, or another version than the definition asks for.
    """
    for module, target in _modules(shop, targets, names):
        if module.is_setup:
            yield _setup_order(shop, lock, furnish(module), target)
        elif module.needs_artifact:
            artifact = lock.find(module.name, target.codename, target.architecture)
            _check_version(module, artifact)
            yield Order(
                project=shop.project,
                module=module,
                target=target,
                artifact=artifact,
                date=artifact.date,
                siblings={},
            )


def meta_orders(
    shop: Workshop, lock: Lock, targets: Sequence[Target], names: Sequence[str], versions: Versions
) -> Iterator[Order]:
    """An order for each meta package, whose siblings stand in ``versions``. Raises BuildError."""
    for module, target in _modules(shop, targets, names):
        if isinstance(module.payload, MetaPayload):
            members = tuple(_members(shop, module.payload, target))
            dates = [
                lock.find(each.name, target.codename, target.architecture).date
                for each in members
                if each.needs_artifact
            ]
            yield Order(
                project=shop.project,
                module=module,
                target=target,
                artifact=None,
                date=max(dates, default=0),
                siblings=_siblings(module, target, members, versions),
            )


def job(shop: Workshop, lock: Lock, order: Order) -> Job:
    """The job that fulfils ``order``. Raises ConfigError when its version is none."""
    if order.module.is_published_as_it_is:
        return _finished(shop, order)
    return Job(
        target=order.target,
        package=order.module.package,
        architecture=order.architecture,
        upstream=_upstream(order, lock),
        inputs=order.inputs(shop.templates.digest()),
        make=partial(make, shop, order),
    )


def keyring_job(shop: Workshop, target: Target, key: PublicKey) -> Job:
    """The job that makes the keyring package for ``target``'s release."""
    content = {PackageFormat.DEB: key.packets, PackageFormat.RPM: key.armored}[target.release.format]
    spec = keyring_spec(shop.project, target, content, key.fingerprint, key.created, shop.templates)
    return Job(
        target=target,
        package=spec.name,
        architecture=spec.architecture,
        upstream=UPSTREAM,
        inputs=spec.inputs,
        make=partial(_make_keyring, shop, spec),
    )


def releases(targets: Iterable[Target]) -> tuple[Target, ...]:
    """The first target of each release: what is not built per architecture is built for it."""
    first: dict[Codename, Target] = {}
    for target in targets:
        first.setdefault(target.codename, target)
    return tuple(first.values())


def _modules(shop: Workshop, targets: Sequence[Target], names: Sequence[str]) -> Iterator[tuple[ModuleSpec, Target]]:
    once = releases(targets)
    for target in targets:
        for module in shop.project.modules[target.codename]:
            wanted = not names or module.name in names
            if wanted and module.builds_for(target.codename) and (is_per_architecture(module) or target in once):
                yield module, target


def _check_version(module: ModuleSpec, artifact: Artifact) -> None:
    asked = module.artifact.version if module.artifact else ""
    if asked and asked != artifact.version:
        raise ConfigError(
            f"katpkg.lock has version {artifact.version} of {module.name}, and the definition asks for {asked}",
            where="katpkg.lock",
            hint=f"katpkg fetch {module.name}",
        )


def _setup_order(shop: Workshop, lock: Lock, module: ModuleSpec, target: Target) -> Order:
    """It is made of katpkg's own files, which have no date of their own: it gets that of the newest artifact."""
    date = max((artifact.date for artifact in lock.artifacts), default=0)
    return Order(project=shop.project, module=module, target=target, artifact=None, date=date, siblings={})


def _members(shop: Workshop, kind: MetaPayload, target: Target) -> Iterator[ModuleSpec]:
    known: dict[ModuleName, ModuleSpec] = {each.name: each for each in shop.project.modules[target.codename]}
    for name in kind.modules:
        if known[name].builds_for(target.codename):
            yield known[name]


def _siblings(
    module: ModuleSpec, target: Target, members: Iterable[ModuleSpec], versions: Versions
) -> dict[PackageName, Version]:
    siblings = {}
    for member in members:
        version = versions.get((target.codename, member.package))
        if version is None:
            raise BuildError(
                f"{module.package} needs {member.package}, which is neither built nor published for {target}",
                hint=f"katpkg build {member.name} {module.name}",
            )
        siblings[member.package] = version
    return siblings


def _upstream(order: Order, lock: Lock) -> Version:
    if order.module.is_setup:
        return Version(__version__)
    text = order.artifact.version if order.artifact else _meta_version(order, lock)
    try:
        return translate(text).version
    except ValueError as error:
        raise ConfigError(
            f"{text!r} cannot be the version of a package: {error}",
            where=order.artifact.name if order.artifact else f"modules/{order.module.name}.toml: payload.version",
        ) from error


def _meta_version(order: Order, lock: Lock) -> str:
    assert isinstance(order.module.payload, MetaPayload)  # noqa: S101
    text = str(order.module.payload.version)
    if text.startswith("="):
        name = ModuleName(text.removeprefix("=").strip())
        return lock.find(name, order.target.codename, order.target.architecture).version
    return text


def _finished(shop: Workshop, order: Order) -> Job:
    assert order.artifact is not None  # noqa: S101
    digest = order.artifact.digest.sha256
    return Job(
        target=order.target,
        package=order.module.package,
        architecture=order.architecture,
        upstream=Version(order.artifact.version),
        inputs=digest if order.target.release.format is PackageFormat.RPM else f"artifact:{digest}",
        make=lambda _version, _before: adopt(shop, order),
        is_finished=True,
    )


def _make_keyring(shop: Workshop, spec: PackageSpec, version: Version, _before: tuple[str, ...]) -> BinaryPackage:
    with shop.bench(spec.name) as bench:
        package = shop.builder(spec.target).build(replace(spec, version=version), bench)
        check(shop, package, spec.target)
        return keep(package, shop.project.build.directory / spec.target.codename)
