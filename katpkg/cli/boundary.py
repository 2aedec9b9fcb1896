"""Where errors end: what, where and a hint on stderr, and the exit code of the family.

Every command loads this first, so what only an error needs is imported there.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import click

from katpkg.errors import ConfigError, KatpkgError

INTERRUPTED = 130
BUG = 1


class Boundary(click.Group):
    """A group whose ``main`` is the only place that prints errors and exits."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:  # noqa: ANN401
        """Run, and exit with 0, with the code of an error's family, or with click's 2 for wrong usage."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        extra["standalone_mode"] = False
        as_json = "--json" in (sys.argv[1:] if args is None else args)
        try:
            status = super().main(args, *rest, **extra)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            _stop_programs()
            show(KatpkgError("interrupted; nothing was left half-done"), as_json=as_json)
            sys.exit(INTERRUPTED)
        except KatpkgError as error:
            show(error, as_json=as_json)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(BUG)
        except Exception:  # noqa: BLE001
            _print_traceback()
            click.echo("error: this is a bug in katpkg; please report it with the lines above", err=True)
            sys.exit(BUG)
        sys.exit(status if isinstance(status, int) else 0)


def show(error: KatpkgError, *, as_json: bool) -> None:
    """Print ``error`` for a person on stderr, and for a program on stdout when it asked for JSON."""
    if as_json:
        import json

        click.echo(json.dumps({"version": 1, "errors": [_as_json(each) for each in _all(error)]}, indent=2))
    lines_of = _annotated if _is_runner() else _lines
    for each in _all(error):
        click.echo("\n".join(lines_of(each)), err=True)


def _stop_programs() -> None:
    from katpkg import process

    process.stop_all()


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _all(error: KatpkgError) -> tuple[KatpkgError, ...]:
    return (error, *error.others) if isinstance(error, ConfigError) else (error,)


def _lines(error: KatpkgError) -> Iterator[str]:
    yield f"{click.style('error:', fg='red', bold=True)} {error.message}"
    if error.where:
        yield f"   in: {error.where}"
    if error.hint:
        yield f" {click.style('hint:', fg='green')} {error.hint}"
    for line in (error.details or "").splitlines():
        yield f"    | {line}"


def _is_runner() -> bool:
    from katpkg.cli.environment import is_runner

    return is_runner()


def _annotated(error: KatpkgError) -> Iterator[str]:
    """For GitHub Actions: an annotation of the run, and the details in its log."""
    from katpkg.actions import END, escaped, harmless

    first, *rest = (click.unstyle(line) for line in _lines(error))
    said = "\n".join((first.removeprefix("error: "), *(line.strip() for line in rest if "    | " not in line[:6])))
    yield END
    yield f"::error title=katpkg::{escaped(said)}"
    yield from map(harmless, (first, *rest))


def _as_json(error: KatpkgError) -> dict[str, str | int | None]:
    return {
        "message": error.message,
        "where": error.where,
        "hint": error.hint,
        "details": error.details,
        "exit_code": error.exit_code,
    }
