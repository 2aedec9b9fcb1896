"""The command line: katctl COMMAND. Results on stdout, narration on stderr."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from katctl import commands
from katctl.errors import KatctlError, of_the_system
from katctl.site import open_site

NOT_ROOT = 77


def main(lib: str, argv: Sequence[str] | None = None) -> int:
    """Run one command on the product in ``lib``; its exit status."""
    parser = _parser(Path(lib).name)
    options = parser.parse_args(argv)
    if os.geteuid() != 0:
        print(f"katctl: run it as root: sudo katctl {options.command}", file=sys.stderr)
        return NOT_ROOT
    os.umask(0o022)
    _end_in_order()
    try:
        site = open_site(Path(lib), _tell, keep=options.keep)
        return int(options.run(site, options, datetime.now(timezone.utc)))
    except KatctlError as error:
        print(describe(error), file=sys.stderr)
        return error.exit_code
    except OSError as error:
        refused = of_the_system(error)
        print(describe(refused), file=sys.stderr)
        return refused.exit_code
    except KeyboardInterrupt:
        print("katctl: interrupted; run it again, it goes on where it stopped", file=sys.stderr)
        return 130


def _end_in_order() -> None:
    """Who is told to end, or whose terminal went away, undoes what is half-done, as one that was interrupted does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: object) -> None:
    """Once: timeout(1) tells us, and then our whole group."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def describe(error: KatctlError) -> str:
    """``error`` for a person."""
    lines = [f"error: {error}"]
    lines += [f"   in: {error.where}"] if error.where else []
    lines += [f" hint: {error.hint}"] if error.hint else []
    lines += [f"     | {line}" for line in (error.details or "").splitlines()]
    return "\n".join(lines)


def _tell(line: str) -> None:
    print(f"==> {line}", file=sys.stderr, flush=True)


def _parser(product: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="katctl", description=f"Sets up and looks after {product} on this server.")
    adders = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., int], what: str, *, keep: bool = True) -> argparse.ArgumentParser:
        added = adders.add_parser(name, help=what, description=what)
        added.set_defaults(run=run, keep=keep)
        return added

    command("preflight", commands.preflight, "Say what this machine lacks.", keep=False)
    setup = command("setup", commands.setup, "Make all that is missing, until everything is well.")
    setup.add_argument("--auto", action="store_true", help="do nothing when the administrator chose to set up by hand")
    setup.add_argument("--check", action="store_true", help="change nothing; say what is missing, and exit 1 if any is")
    setup.add_argument("--answers", type=Path, metavar="FILE", help="what katctl export said on the first host; or -")
    command("migrate", commands.migrate, "Bring the data to the installed versions.")
    command("status", commands.status, "Say what runs, and how far setting up is.", keep=False)
    health = command("health", commands.health, "Ask everything whether it is well; exit 1 when not.", keep=False)
    how = health.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="for programs")
    how.add_argument("--prometheus", action="store_true", help="for Prometheus")
    backup = command("backup", commands.backup, "Write databases, data, secrets and configuration into one file.")
    where = "where to, a new file or a directory that is there; /var/backups when left out"
    backup.add_argument("file", nargs="?", type=Path, metavar="FILE", help=where)
    restore = command("restore", commands.restore, "Bring a backup back, in place of what is here.")
    restore.add_argument("file", type=Path, metavar="FILE", help="a backup that katctl made, here or elsewhere")
    command(
        "doctor", commands.doctor, "Say what is wrong, and what to do about it; exit 1 when anything is.", keep=False
    )
    config = command("config", commands.config, "Show every setting that is in force, and who set it.", keep=False)
    config.add_argument("module", nargs="?", metavar="MODULE", help="of this module alone")
    exports = command("export", commands.export, "Say what a host of other roles must know; it holds secrets.")
    exports.add_argument("roles", nargs="+", metavar="ROLE")
    command(
        "prepare-upgrade", commands.prepare_upgrade, "Stop, and back up; packages call it before they are replaced."
    )
    return parser
