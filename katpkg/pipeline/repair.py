"""Writing anew what can be derived from what InRelease signs: files under their digests, and the copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from katpkg.model.digests import Digest
from katpkg.pipeline.commit import Publisher
from katpkg.repository.apt import layout
from katpkg.repository.apt.check.findings import Finding
from katpkg.repository.apt.check.remake import remake
from katpkg.repository.apt.check.rules import Rule
from katpkg.repository.apt.generation import Generation
from katpkg.repository.apt.plan import AptRepository
from katpkg.store.base import Store

DERIVED = frozenset(
    rule.id
    for rule in (
        Rule.BY_HASH_MISSING,
        Rule.BY_HASH_WRONG,
        Rule.COPY_MISSING,
        Rule.COPY_WRONG,
        Rule.RELEASE_DIFFERS,
        Rule.RELEASE_MISSING,
        Rule.RELEASE_GPG_WRONG,
    )
)
"""What can be mended: the rules of which a broken one is no loss."""

FORMS = (".xz", ".gz")


def is_repairable(finding: Finding) -> bool:
    """Whether ``repair`` may mend it."""
    return finding.rule in DERIVED


def repair(publisher: Publisher) -> Iterator[str]:
    """Mend a suite, and say what was done. Touches neither InRelease nor any package.

    Raises SigningError when its InRelease is not ours, and RepositoryError when too much is lost.
    """
    assert isinstance(publisher.repository, AptRepository)  # noqa: S101  # only its files are derived
    generation = publisher.repository.current(publisher.store, publisher.signer)
    if generation is None:
        return
    for path, digest in generation.release.indexes.items():
        key = layout.by_hash(generation.suite, path, digest.sha256)
        if f"{path}.gz" in generation.release.indexes or publisher.store.digest(key) == digest:
            continue
        content = _find(publisher.store, generation, path)
        if content is not None:
            publisher.store.delete(key)  # what lies there is not what its name says
            publisher.store.create(key, content, digest)
            yield f"{key}: written anew"
    publisher.bring_copies_in_line()
    yield f"dists/{generation.suite}: the copies are those of InRelease"


def _find(store: Store, generation: Generation, path: str) -> bytes | None:
    """The bytes that Release lists at ``path``: its copy, or made from the other form of the same index."""
    digest = generation.release.indexes[path]
    own = store.read(layout.dists(generation.suite, path))
    if own is not None and Digest.of(own[0]) == digest:
        return own[0]
    form = next((form for form in FORMS if path.endswith(form)), "")
    for other in FORMS if form else ():
        twin = f"{path.removesuffix(form)}{other}"
        for content in _lying(store, generation, twin) if other != form else ():
            if (made := remake(form, content, digest)) is not None:
                return made
    return None


def _lying(store: Store, generation: Generation, path: str) -> Sequence[bytes]:
    """What lies at ``path`` and under its digest, as far as it is what Release lists."""
    digest = generation.release.indexes.get(path)
    if digest is None:
        return ()
    keys = [layout.by_hash(generation.suite, path, digest.sha256), layout.dists(generation.suite, path)]
    return [found[0] for found in store.read_all(keys) if found is not None and Digest.of(found[0]) == digest]
