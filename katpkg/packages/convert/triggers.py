"""The triggers of a .deb (deb-triggers(5)), which have counterparts, or none."""

from __future__ import annotations

from katpkg.errors import BuildError
from katpkg.model.package import VirtualEnvironment
from katpkg.packages.convert.deb import Deb
from katpkg.packages.convert.script import HINT


def check_triggers(deb: Deb, environment: VirtualEnvironment | None) -> None:
    """Raise BuildError for a trigger that nothing stands for.

    An environment's interpreter is watched by its own package; what other packages are interested in, ldconfig before
    all, RPM's file triggers see. A named trigger is called by packages that are converted too, and restarts them.
    """
    for line in deb.triggers:
        directive, _, what = line.partition(" ")
        is_interest = directive.startswith("interest")
        is_watched = environment is not None and what == environment.interpreter
        if is_interest and what.startswith("/") and not is_watched:
            raise BuildError(f"its trigger has no counterpart: {line}", where=deb.where, hint=HINT)
