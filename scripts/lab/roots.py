"""Debian root directories to boot machines from: made once by mmdebstrap, kept, and never written to again."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BASE = ("systemd", "systemd-sysv", "dbus", "libnss-systemd", "ca-certificates", "curl")
"""What a machine needs to boot and to answer questions."""

SERVER = ("python3", "postgresql", "rabbitmq-server")
"""What the demo needs on the same machine, and an archive of Debian would bring."""

OPTIONS = (
    "--variant=minbase",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=Acquire::Retries "3"',
    # a machine must see expired and future signatures, whatever the machine that made it was told
    '--aptopt=Acquire::Check-Date "true"',
    '--aptopt=Acquire::Check-Valid-Until "true"',
)

CACHE = Path(__file__).resolve().parent.parent.parent / "build" / "lab"


PYTHONS = {"bookworm": "python3.11-minimal", "trixie": "python3.13-minimal"}
"""The package of each release's interpreter; its file is kept in KEPT, to be installed again as an update would."""

KEPT = "/var/cache/lab"

KEEP = 'chroot "$1" sh -euc "mkdir {kept}; cd {kept}; apt-get --option APT::Sandbox::User=root download {package}"'


def debian_root(codename: str, packages: Sequence[str] = SERVER, cache: Path = CACHE) -> Path:
    """The root directory of a minimal ``codename`` with ``packages``, bootstrapped when it is not there yet.

    Its apt knows no archive, so that all a machine installs comes from the archive under test.
    """
    wanted = sorted({*BASE, *packages})
    recipe = "\n".join((codename, *wanted, *OPTIONS, KEEP))
    root = cache / f"{codename}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / f"{root.name}.lock"):
        if not root.is_dir():
            _bootstrap(codename, wanted, root)
    return root


def _bootstrap(codename: str, packages: Sequence[str], root: Path) -> None:
    began = time.monotonic()
    print(f"    bootstrapping Debian {codename} (about a minute, once)", file=sys.stderr, flush=True)
    unfinished = root.with_name(f"{root.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    keep = KEEP.format(kept=KEPT, package=PYTHONS[codename])
    options = [*OPTIONS, f"--include={','.join(packages)}", f"--customize-hook={keep}"]
    command = ["mmdebstrap", "--quiet", *options, codename, str(unfinished)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (unfinished / "etc/apt/sources.list").unlink(missing_ok=True)
    shutil.rmtree(unfinished / "var/lib/apt/lists")
    (unfinished / "var/lib/apt/lists").mkdir()
    unfinished.rename(root)
    print(f"    done in {time.monotonic() - began:.0f} s: {root}", file=sys.stderr, flush=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Two test runs may want the same root at once."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
