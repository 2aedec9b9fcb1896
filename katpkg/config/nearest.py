"""What was meant: the nearest of the words that are known."""

from __future__ import annotations

from collections.abc import Collection

from katpkg.errors import ConfigError


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """The hint that names the nearest of ``known``; None when none is near."""
    import difflib  # only where something is wrong

    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f"did you mean {near[0]!r}?" if near else None


def unknown_key(key: str, known: Collection[str], where: str) -> ConfigError:
    """The error for a key that nobody reads."""
    hint = did_you_mean(key, known) or f"known here: {', '.join(sorted(known))}"
    return ConfigError(f"unknown key {key!r}", where=where, hint=hint)
