"""An earlier moment of the log, as people write it on the command line."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from projections.records.as_of import Moment
from registry.cli.output import say
from registry.node.adapters.moments import at_sizes, at_time
from registry.node.node import Node

AsOf = Annotated[
    list[str] | None,
    typer.Option("--as-of", help="STREAM=SIZE (several times; other streams as they are now), a date, or a UTC time."),
]


def resolve(node: Node, texts: list[str]) -> Moment:
    """Return the moment that the values of `--as-of` name."""
    if len(texts) == 1 and "=" not in texts[0]:
        return at_time(node, node.views(), _time(texts[0]))
    sizes: dict[str, int] = {}
    for text in texts:
        stream, equals, size = text.partition("=")
        if not equals or not size.isascii() or not size.isdigit():
            raise typer.BadParameter(f"{text!r} is neither STREAM=SIZE nor a date", param_hint="--as-of")
        sizes[stream] = int(size[:19])
    return at_sizes(node, node.views(), sizes)


def _time(text: str) -> datetime:
    try:
        if len(text) == 10:  # a day, to its end
            return datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is neither STREAM=SIZE nor a date", param_hint="--as-of") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def show(moment: Moment) -> None:
    """Print the moment of an answer."""
    sizes = ", ".join(f"{name} {size:,}" for name, size in sorted(moment.sizes.items()))
    say(f"as of {sizes}; governance {moment.governance_size} (by {moment.basis})")
