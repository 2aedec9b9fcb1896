"""Secrets: made once, kept in one file that root alone reads, never changed by us afterwards."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Mapping
from pathlib import Path

from katctl import files
from katctl.errors import SettingsError

ALPHABET = string.ascii_letters + string.digits
"""What means nothing to shells, systemd, URLs and configuration parsers."""

LENGTH = 43
"""256 bits of it; bcrypt reads no more than 72 bytes."""


class Secrets:
    """The secrets in ``path``, by what they are for. Without ``keep``, what is made is forgotten again."""

    def __init__(self, path: Path, *, keep: bool = True) -> None:
        self._path = path
        self._keep = keep
        text = files.read(path)
        try:
            self._known: dict[str, str] = json.loads(text) if text else {}
        except ValueError as error:
            raise SettingsError(
                "the file of secrets is damaged", where=str(path), hint="restore it from a backup: katctl restore"
            ) from error

    def get(self, purpose: str) -> str:
        """The secret for ``purpose``; it is made, and safe on disk, before anybody hears of it."""
        if purpose not in self._known:
            self.adopt(purpose, "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))
        return self._known[purpose]

    def take(self, secrets: Mapping[str, str]) -> None:
        """Know ``secrets`` from now on, whatever was known for the same purposes."""
        self._known |= secrets
        files.write(self._path, json.dumps(self._known, indent=2, sort_keys=True) + "\n")

    def adopt(self, purpose: str, value: str) -> None:
        """Take ``value``, which services use already, for ``purpose``; what is known stays."""
        if purpose not in self._known:
            self._known[purpose] = value
            if self._keep:
                files.write(self._path, json.dumps(self._known, indent=2, sort_keys=True) + "\n")
