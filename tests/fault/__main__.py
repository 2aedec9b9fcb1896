"""The campaign, for as long as it takes: ``python -m tests.fault [PART…]``."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path

from scripts.lab.s3 import ENVIRONMENT
from tests.fault.campaign import WHOLE


def main(names: list[str]) -> int:
    """Play the parts of these names, or all; say what went wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    for loud in ("botocore", "boto3", "urllib3", "gnupg"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    os.environ.update(ENVIRONMENT)
    wrongs = []
    for name in names or WHOLE:
        logging.info("==> %s", name)
        with tempfile.TemporaryDirectory(prefix="katpkg-fault-") as work:
            wrongs += WHOLE[name](Path(work))
    logging.info("%s went wrong", len(wrongs))
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
