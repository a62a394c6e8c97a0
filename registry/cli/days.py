"""Days as people write them on the command line."""

from datetime import datetime
from typing import Any, Final

import typer

FORM: Final = "YYYY-MM-DD"


def parse_day(text: str) -> datetime:
    """Return the day that a text names, at midnight. Raises `typer.BadParameter`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day on somebody's calendar
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day as {FORM}, such as 2026-06-01.") from error


def day_option(*names: str, help: str = "") -> Any:  # noqa: A002, ANN401 - as `typer.Option` has both
    """Make an option that takes a day, or nothing."""
    return typer.Option(*names, parser=parse_day, metavar=FORM, help=help or None)
