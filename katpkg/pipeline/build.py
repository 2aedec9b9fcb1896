"""Build what a definition asks for: the modules, the keyring, and then the packages that name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from katpkg.model.target import Target
from katpkg.model.version import with_revision
from katpkg.pipeline.jobs import Job, job, keyring_job, meta_orders, module_orders, releases
from katpkg.pipeline.make import Workshop, render_tree
from katpkg.pipeline.yard import Outcome, Yard
from katpkg.repository.keys import PublicKey
from katpkg.sources.lock import Lock

Perform = Callable[[Sequence[Job]], list[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one call is to build."""

    targets: tuple[Target, ...]
    modules: tuple[str, ...]
    """Their names; none: all, and the keyring package."""
    key: PublicKey
    """The archive's."""


def build(wish: Wish, shop: Workshop, lock: Lock, yard: Yard, perform: Perform) -> list[Outcome]:
    """Do what ``wish`` asks with ``perform`` (``yard.run`` or ``yard.plan``): the modules, then what names them.

    The keyring package is built with every whole build. Raises what the jobs raise.
    """
    orders = module_orders(shop, lock, wish.targets, wish.modules)
    jobs = [job(shop, lock, order) for order in orders]
    if not wish.modules:
        jobs += [keyring_job(shop, target, wish.key) for target in releases(wish.targets)]
    outcomes = perform(jobs)
    versions = yard.recorded() | {(each.target.codename, each.package): each.version for each in outcomes}
    metas = [job(shop, lock, order) for order in meta_orders(shop, lock, wish.targets, wish.modules, versions)]
    return outcomes + (perform(metas) if metas else [])


def render(wish: Wish, shop: Workshop, lock: Lock, into: Path) -> list[Path]:
    """Write the source tree of each package that has an artifact below ``into``, one directory a target.

    What is published as it is has none; the revision is always 1.
    """
    trees = []
    for order in module_orders(shop, lock, wish.targets, wish.modules):
        if not order.module.is_published_as_it_is:
            version = with_revision(job(shop, lock, order).upstream, 1, order.target.release)
            directory = into / str(order.target).replace("/", "-")
            directory.mkdir(parents=True, exist_ok=True)
            trees.append(render_tree(shop, order, version, directory))
    return trees
