"""katpkg itself, but with a signature that costs nothing: for campaigns of thousands of publications.

python -m tests.fault.publish -C DIRECTORY publish FILE…
"""

from __future__ import annotations

from contextlib import nullcontext

from katpkg.__main__ import main
from katpkg.cli import suites
from katpkg.cli.environment import Session
from tests.fault.signer import QuickSigner

if __name__ == "__main__":
    # the one thing that is not katpkg
    setattr(Session, "signer", lambda _: nullcontext(QuickSigner()))  # noqa: B010
    setattr(suites, "verifier_of", lambda _: QuickSigner())  # noqa: B010
    main()
