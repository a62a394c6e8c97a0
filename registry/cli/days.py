"""Days as people write them on the command line."""

from datetime import datetime
from typing import Annotated, Any, Final

import typer

from registry.intake.rows.days import ORDERS, Order

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


def parse_order(text: str) -> Order:
    """Return the order of day, month and year that a text names. Raises `typer.BadParameter`."""
    for order in ORDERS:
        if text.lower() == order:
            return order
    raise typer.BadParameter(f"{text!r} is not one of {', '.join(ORDERS)}.")


DatesOption = Annotated[
    Any,  # an `Order` or None; typer takes no parser for a literal type
    typer.Option(
        "--dates",
        parser=parse_order,
        metavar="dmy|mdy|ymd",
        help="How the file writes days that are not YYYY-MM-DD: dmy for 31.12.2026, mdy for 12/31/2026.",
    ),
]
