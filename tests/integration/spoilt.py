"""Everything bad that may be put in: how it is spoilt, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.builders import make_deb, make_zip
from tests.integration.conftest import WEB, Small, web_artifact

Spoil = Callable[[Small], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something wrong, the call that meets it, and what is said."""

    spoil: Spoil
    words: tuple[str, ...] = ("build", "web", "--no-lintian")
    status: int
    message: str
    where: str = ""
    hint: str = ""
    fetched: bool = True
    """Whether the artifacts are locked anew once they are spoilt."""


def web_of(members: dict[str, bytes]) -> Spoil:
    return lambda small: make_zip(small.artifacts / "web-1.0.zip", members)


def web_with(**changes: str) -> Spoil:
    def spoil(small: Small) -> None:
        (small.artifacts / "web-1.0.zip").unlink()
        web_artifact(small.artifacts, **changes)  # type: ignore[arg-type]

    return spoil


def web_bytes(content: bytes) -> Spoil:
    return lambda small: (small.artifacts / "web-1.0.zip").write_bytes(content)


def without_web(small: Small) -> None:
    (small.artifacts / "web-1.0.zip").rename(small.artifacts / "wbe-1.0.zip")


def twice(small: Small) -> None:
    small.definition.edit("modules/web.toml", "web-{version}.zip", "web-{version}")
    (small.artifacts / "web-1.0.zip").rename(small.artifacts / "web-1.0")
    (small.artifacts / "more").mkdir()
    (small.artifacts / "more/web-1.0").write_bytes(b"another")


def changed(small: Small) -> None:
    (small.artifacts / "web-1.0.zip").write_bytes(b"changed after it was locked")
    for kept in (small.root / "cache").rglob("*"):
        if kept.is_file():
            kept.unlink()


def gone(small: Small) -> None:
    changed(small)
    without_web(small)


def another_version_asked_for(small: Small) -> None:
    small.definition.edit("modules/web.toml", '"web-{version}.zip"', '"web-{version}.zip"\nversion = "2.0"')


def not_locked(small: Small) -> None:
    new = WEB.replace("kat-web", "kat-new")
    (small.definition.directory / "modules/new.toml").write_text(new)


def unreadable_lock(small: Small) -> None:
    small.lock.write_text("version = 1\n[[artifact]]\nmodule = 'web'\n")


def edited(name: str, old: str, new: str) -> Spoil:
    return lambda small: small.definition.edit(name, old, new)


def misspelt(small: Small) -> None:
    (small.definition.directory / "modules/kat.toml").unlink()
    small.definition.edit("modules/web.toml", "license =", 'sectoin = "net"\nlicense =')


def for_another_package(small: Small) -> None:
    (small.artifacts / "demo-greeting_1.0-1_all.deb").unlink()
    made = make_deb(small.artifacts / "work", {"Package": "something-else"})
    made.rename(small.artifacts / "demo-greeting_1.0-1_all.deb")


def environment_of_trixie(small: Small) -> None:
    there = small.artifacts / "kat-hello_1.2.0~rc1_bookworm.zip"
    deb = make_deb(
        small.artifacts / "work",
        {"Package": "kat-hello", "Version": "1.2.0~rc1"},
        {"opt/venvs/kat-hello/pyvenv.cfg": "home = /usr/bin\n", "opt/venvs/kat-hello/lib/python3.13/x.py": ""},
    )
    make_zip(there, {deb.name: deb.read_bytes()})
    deb.unlink()


WHEEL = {"web-1.0-py3-none-any.whl": b"", "requirements.txt": b""}
SDIST = "docopt==0.6.2 --hash=sha256:49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d98c85c491\n"
