"""Options whose values are checked before a command begins, so that a wrong one is wrong usage (exit code 2).

An option that takes one of some values once has a literal type. Typer takes none for an option that may be given
several times.
"""

from collections.abc import Collection
from typing import Any

import typer

from registry.values.codes import country_fault


def parse_country(text: str) -> str:
    """Return a country's code. Raises `typer.BadParameter`."""
    if (fault := country_fault(text)) is not None:
        raise typer.BadParameter(f"{fault}.")
    return text


def choice_option(*names: str, values: Collection[str], metavar: str | None = None, help: str = "") -> Any:  # noqa: A002, ANN401 - as `typer.Option` has both
    """Make an option that takes one of these values each time."""

    def parse(text: str) -> str:
        if text not in values:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(values)}.")
        return text

    return typer.Option(*names, parser=parse, metavar=metavar or "|".join(values), help=help or None)
