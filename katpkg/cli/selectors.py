"""PACKAGE[=VERSION] on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from katpkg.model.names import Selector


class Selectors(click.ParamType["Selector"]):
    """A package by its name, or one version of it; patterns as in a shell."""

    name = "selector"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Selector:  # noqa: ANN401
        """``value`` as a selector."""
        from katpkg.model.names import Selector

        try:
            return Selector(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
