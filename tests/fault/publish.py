"""katpkg itself, but with a signature that costs nothing: for campaigns of thousands of publications.

python -m tests.fault.publish -C DIRECTORY publish FILE…
"""

from __future__ import annotations

from contextlib import nullcontext

from katpkg.__main__ import main
from katpkg.cli.environment import Session
from tests.fault.signer import QuickSigner

if __name__ == "__main__":
    setattr(Session, "signer", lambda _: nullcontext(QuickSigner()))  # noqa: B010 - the one thing that is not katpkg
    main()
