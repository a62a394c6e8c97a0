"""An earlier moment of the log: as people write it on the command line, and as the API is asked for it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer
from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from consumers.history import moment
from consumers.streams.replay import replay
from projections.core import positions
from projections.records.as_of import Moment, Past, Replayed
from registry.cli.output import say
from registry.log import origin_of
from registry.node.node import Node
from registry.rules.governance import MemberRecord

AsOf = Annotated[
    list[str] | None,
    typer.Option(
        "--as-of", help="STREAM=SIZE (several times; streams not named as they are now), a date, or a UTC time."
    ),
]


def resolve(node: Node, texts: list[str]) -> Moment:
    """The moment that was asked for."""
    if len(texts) == 1 and "=" not in texts[0]:
        return at_time(node, node.views(), _time(texts[0]))
    sizes: dict[str, int] = {}
    for text in texts:
        stream, equals, size = text.partition("=")
        if not equals or not size.isascii() or not size.isdigit():
            raise typer.BadParameter(f"{text!r} is neither STREAM=SIZE nor a date", param_hint="--as-of")
        sizes[stream] = int(size[:19])
    return at_sizes(node, node.views(), sizes)


def at_sizes(node: Node, connection: Connection, sizes: Mapping[str, int]) -> Moment:
    """The moment at which streams had these sizes. Raises `UnknownMoment`."""
    settings = node.settings
    return moment.at_sizes(node.log(), settings.consortium, settings.founded_hash, _current(connection), sizes)


def at_time(node: Node, connection: Connection, time: datetime) -> Moment:
    """The moment at a time: by what witnesses had cosigned, otherwise as members say."""
    consortium, kept = node.settings.consortium, node.cosignatures()
    return moment.at_time(
        node.log(),
        consortium,
        node.settings.founded_hash,
        _current(connection),
        time,
        lambda stream, until: kept.sizes_by(origin_of(consortium, stream), until),
    )


def _current(connection: Connection) -> dict[str, int]:
    return {name: position.tree.size for name, position in positions.all_positions(connection).items()}


def past(
    node: Node, then: Moment, connection: Connection | None = None, governance: GovernanceFold | None = None
) -> Past:
    """Who answers as of a moment, from these views (else the node's) and governance as it is now."""
    fold = governance or node.governance()

    def again(member: str, size: int, record: MemberRecord, wanted: frozenset[str], learner: str | None) -> Replayed:
        now = fold.state.members[member]
        return replay(node.log(), node.settings.consortium, now, size, record, wanted, learner)

    return Past(connection or node.views(), then, fold.state, again)


def _time(text: str) -> datetime:
    try:
        if len(text) == 10:  # a day, to its end
            return datetime.fromisoformat(text).replace(hour=23, minute=59, second=59, tzinfo=UTC)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is neither STREAM=SIZE nor a date", param_hint="--as-of") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def show(found: Moment) -> None:
    """Say what moment an answer is of."""
    sizes = ", ".join(f"{name} {size:,}" for name, size in sorted(found.sizes.items()))
    say(f"as of {sizes}; governance {found.governance_size} (by {found.basis})")
