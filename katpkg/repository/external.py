"""Signing by a program of somebody else's: a smartcard, an HSM, a key service.

Its contract is gpg's: the file on standard input, ``--clearsign`` (for Release) or ``--detach-sign`` (for repomd.xml of
RPMs) as the last argument, and on standard output the clear-signed file or the armored signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from katpkg import process
from katpkg.errors import SigningError, ToolError
from katpkg.repository.gpg import PATIENCE
from katpkg.repository.keys import PublicKey
from katpkg.repository.signing import GpgVerifier, check_detached, check_signed

ROOM = 65536
"""Bytes that the program may say besides the text that it signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSigner:
    """Has a program sign, and believes nothing of what it says before it is verified."""

    key: PublicKey
    command: Sequence[str]
    """Its words, without a shell."""
    directory: Path
    """Where it is run; a relative path in its first word starts there."""
    environment: Mapping[str, str]
    """What it may know besides what every tool may."""
    patience: float = PATIENCE
    """Seconds that it may take, each time."""

    def sign(self, text: bytes) -> bytes:
        """``text`` clear-signed, verified as a client will. Raises SigningError."""
        signed = self._ask("--clearsign", text)
        check_signed(signed, text, GpgVerifier(self.key))
        return signed

    def sign_detached(self, content: bytes) -> bytes:
        """An armored signature of ``content``, verified as a client will. Raises SigningError."""
        signature = self._ask("--detach-sign", content)
        check_detached(signature, content, GpgVerifier(self.key))
        return signature

    def verify(self, inrelease: bytes, where: str) -> bytes:
        """The text that was signed, when our key signed it. Raises SigningError."""
        return GpgVerifier(self.key).verify(inrelease, where)

    def verify_detached(self, signature: bytes, text: bytes, where: str) -> None:
        """Raise SigningError unless ``signature`` is our key's, of ``text``."""
        GpgVerifier(self.key).verify_detached(signature, text, where)

    def _ask(self, what: str, content: bytes) -> bytes:
        try:
            return process.run_bounded(
                [*self.command, what],
                cwd=self.directory,
                env=self.environment,
                stdin=content,
                limit=len(content) + ROOM,
                timeout=self.patience,
            ).stdout
        except ToolError as error:
            raise SigningError(
                f"the signing command did not sign: {error.message}",
                where="katpkg.toml: signing.command",
                hint=f"try it by hand: echo test | {' '.join(self.command)} {what}",
                details=error.details,
            ) from error
