"""A first definition is written as a whole, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from katpkg.errors import ConfigError
from katpkg.pipeline import init


def texts(name: str) -> dict[str, str]:
    return {f"modules/{name}.toml": "", "katpkg.toml": name}


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def attempt(root: Path, name: str, ready: Barrier) -> ConfigError | None:
    ready.wait()
    try:
        init.write(root, texts(name))
    except ConfigError as error:
        return error
    return None


def test_of_two_at_once_one_writes_all_and_the_other_nothing(tmp_path: Path) -> None:
    for number in range(20):
        root, ready = tmp_path / str(number), Barrier(2)
        root.mkdir()
        with ThreadPoolExecutor(2) as threads:
            trying = [threads.submit(attempt, root, name, ready) for name in ("one", "other")]
        (error,) = filter(None, (each.result() for each in trying))
        assert error.message == "there is a katpkg.toml already, and nothing is written over it"
        assert error.hint is not None
        assert files(root) == set(texts((root / "katpkg.toml").read_text()))


def test_what_is_there_stays(tmp_path: Path) -> None:
    init.write(tmp_path, texts("one"))
    with pytest.raises(ConfigError, match=r"there is a katpkg\.toml already") as caught:
        init.write(tmp_path, texts("other"))
    assert caught.value.where == str(tmp_path / "katpkg.toml")
    assert files(tmp_path) == set(texts("one"))
