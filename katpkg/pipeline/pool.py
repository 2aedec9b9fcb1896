"""Reading a package that is published already: where its archive wants to know more of it than its index says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from katpkg.errors import BuildError, RepositoryError
from katpkg.packages.deb.inspect import read_deb
from katpkg.repository.apt.stanza import Stanza
from katpkg.store.base import Store


@contextmanager
def at_hand(store: Store, filename: str) -> Iterator[Path | None]:
    """A published file as a file of this machine, for as long as it is looked at; None when it is missing.

    Raises StoreError.
    """
    opened = store.open(filename)
    if opened is None:
        yield None
        return
    with TemporaryDirectory(prefix="katpkg-") as directory:
        path = Path(directory) / Path(filename).name
        with opened as stream, path.open("wb") as file:
            shutil.copyfileobj(stream, file)
        yield path


def members_in(store: Store, stanza: Stanza) -> tuple[str, ...]:
    """The paths that the published package ``stanza`` holds, read from its file. Raises RepositoryError, StoreError."""
    with at_hand(store, stanza.filename) as path:
        if path is None:
            raise _unlisted(store, stanza, "the file is missing")
        try:
            package = read_deb(path)
        except BuildError as error:
            raise _unlisted(store, stanza, error.message) from error
        if package.digest != stanza.digest:
            raise _unlisted(store, stanza, f"published: {stanza.digest}\nthere is:  {package.digest}")
        return package.members()


def _unlisted(store: Store, stanza: Stanza, details: str) -> RepositoryError:
    return RepositoryError(
        f"what {stanza} holds cannot be read, and Contents would be without it",
        where=store.where(stanza.filename),
        hint="restore the file, take the package out by katpkg remove, or set publish.contents to false",
        details=details,
    )
