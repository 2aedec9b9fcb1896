"""Options that several commands share, and what their words mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from katpkg.model.archive import ArchiveDefinition
    from katpkg.model.names import Codename
    from katpkg.model.target import Target

UNITS = {"d": "days", "h": "hours", "m": "minutes"}

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

target_option: Decorator = click.option(
    "--target",
    "targets",
    metavar="CODENAME[/ARCH]",
    multiple=True,
    help="Only for this target; may be given again. Default: all of katpkg.toml.",
)
dry_run_option: Decorator = click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")


class Duration(click.ParamType[timedelta]):
    """A time span: 10d, 36h, 90m."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401
        """``value`` as a time span."""
        found = re.fullmatch(r"(\d{1,5})([dhm])", str(value))
        if found is None:
            self.fail(f"{value!r} is no time span: 10d, 36h, 90m", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})


def chosen_targets(project: ArchiveDefinition, words: Sequence[str]) -> tuple[Target, ...]:
    """The targets of the definition that ``words`` mean (``bookworm``, ``bookworm/amd64``); all when there are none.

    Raises ConfigError.
    """
    from katpkg.errors import ConfigError

    for word in words:
        if not any(word in (str(target), target.codename) for target in project.targets):
            raise ConfigError(
                f"there is no target {word!r}",
                where="--target",
                hint=f"one of {', '.join(map(str, project.targets))}, or add it to targets in katpkg.toml",
            )
    return tuple(target for target in project.targets if not words or str(target) in words or target.codename in words)


def codenames(targets: Sequence[Target]) -> tuple[Codename, ...]:
    """The releases of ``targets``, each once, in their order."""
    return tuple(dict.fromkeys(target.codename for target in targets))
