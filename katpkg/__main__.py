"""``python -m katpkg`` and the console script ``katpkg``."""

import atexit
import gc
import os
import sys

YOUNG = 50_000
"""Objects that are made before the collector looks for cycles: thousands of packages have none, and looking costs."""


def main() -> None:
    """Run the command line; the import is here so that a bare ``import katpkg`` stays cheap."""
    gc.set_threshold(YOUNG, 20, 20)
    from katpkg.cli import katpkg

    try:
        katpkg()
    except SystemExit as end:
        if isinstance(end.code, int):
            _end(end.code)
        raise


def _end(status: int) -> None:
    """End as Python does, but for taking apart every module first: that would be a tenth of a small publication.

    Returns where nobody reads what was said, which Python then tells.
    """
    atexit._run_exitfuncs()  # what was not let go of yet
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(status)


if __name__ == "__main__":
    main()
