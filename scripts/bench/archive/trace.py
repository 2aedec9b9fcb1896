"""What a command does, as the kernel sees it. strace is slow: nothing is timed here."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.archive.scratch import Scratch

VERIFIERS = ("gpgv", "sqv")

READS = ("read", "pread64", "readv", "preadv", "sendfile", "copy_file_range")

_READ = re.compile(rf"(?:{'|'.join(READS)})\(.*?<(?P<path>[^>]+\.deb)>.*\) = (?P<size>\d+)$")
_EXECUTED = re.compile(r'execve\("(?P<path>[^"]+)"')


def trace(command: list[str | Path], scratch: Scratch, calls: Sequence[str]) -> list[str]:
    """The successful system calls among ``calls`` of ``command`` and all it starts, one a line.

    Raises CalledProcessError and RuntimeError.
    """
    path = scratch.path / "trace"
    words = ["-e", f"trace={','.join(calls)}", "-e", "status=successful", "-e", "signal=none", "-s", "0"]
    strace: list[str | Path] = ["strace", "-f", "-qq", "-y", *words, "-o", path, *command]
    subprocess.run(strace, check=True, capture_output=True, env=scratch.environment, cwd=scratch.path)
    lines = path.read_text().splitlines()
    if any(" resumed>" in line for line in lines):
        raise RuntimeError("strace tore calls apart, which cannot be counted then")
    return lines


def bytes_read(lines: list[str]) -> int:
    """Of packages, by read and its like."""
    return sum(int(found["size"]) for line in lines if (found := _READ.search(line)))


def signature_checks(lines: list[str]) -> int:
    """How many programs were started that check one."""
    programs = Counter(Path(found["path"]).name for line in lines if (found := _EXECUTED.search(line)))
    return sum(programs[each] for each in VERIFIERS)
