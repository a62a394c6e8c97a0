"""`--as-of`: an earlier moment of the log, as people write it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from consumers import moment
from consumers.replay import replay
from projections import positions
from projections.as_of import Moment, Past, Replayed
from registry.cli.context import Node
from registry.cli.output import say
from registry.log import origin_of
from registry.rules.governance import MemberRecord

AsOf = Annotated[
    list[str] | None,
    typer.Option(
        "--as-of", help="STREAM=SIZE (several times; streams not named as they are now), a date, or a UTC time."
    ),
]


def resolve(node: Node, texts: list[str]) -> Moment:
    """The moment that was asked for."""
    current = {name: position.tree.size for name, position in positions.all_positions(node.views()).items()}
    log, consortium, founded = node.log(), node.settings.consortium, node.settings.founded_hash
    if len(texts) == 1 and "=" not in texts[0]:
        kept = node.cosignatures()
        return moment.at_time(
            log, consortium, founded, current, _time(texts[0]), lambda s, t: kept.sizes_by(origin_of(consortium, s), t)
        )
    sizes: dict[str, int] = {}
    for text in texts:
        stream, equals, size = text.partition("=")
        if not equals or not size.isascii() or not size.isdigit():
            raise typer.BadParameter(f"{text!r} is neither STREAM=SIZE nor a date", param_hint="--as-of")
        sizes[stream] = int(size[:19])
    return moment.at_sizes(log, consortium, founded, current, sizes)


def past(node: Node, then: Moment) -> Past:
    """Who answers as of a moment."""
    fold = node.governance()

    def again(member: str, size: int, record: MemberRecord, wanted: frozenset[str], learner: str | None) -> Replayed:
        now = fold.state.members[member]
        return replay(node.log(), node.settings.consortium, now, size, record, wanted, learner)

    return Past(node.views(), then, fold.state, again)


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
