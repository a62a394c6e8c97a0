"""Own events that readers do not see yet: stored and not published, or published and not in the views."""

from projections.core.positions import Position, all_positions
from registry.application.owner import table_exists
from registry.cli.output import errors
from registry.log import GOVERNANCE, LogError
from registry.node.node import Node
from registry.publishing.errors import PublisherError
from registry.values.plural import plural


def count_waiting(node: Node) -> int:
    """Return how many stored events are not on the log yet and can be published now.

    Events that are held back are not among them: `registry status` says why they are.
    """
    row = (
        node.registry.cursor()
        .execute("SELECT coalesce(max(size), 0) AS size FROM publisher.commits WHERE next IS NOT NULL")
        .fetchone()
    )
    assert row is not None  # noqa: S101 - an aggregate returns a row
    return node.registry.size_when_published() - int(row["size"])


def say_older_wait(node: Node) -> None:
    """Say on standard error if events of earlier commands wait to be published. Publishes nothing."""
    try:
        waiting = count_waiting(node)
    except (LogError, PublisherError) as error:
        errors.print(f"Could not tell whether older events wait: {error}", markup=False, highlight=False)
        return
    if waiting:
        errors.print(
            f"{plural(waiting, 'event')} that this node stored before wait to be published: run `registry publish`.",
            markup=False,
            highlight=False,
        )


def say_views_behind(node: Node) -> None:
    """Say on standard error if the views have not read all that this node has published.

    Says nothing where the log cannot be reached: `registry views update` could not read it either.
    """
    member = node.settings.member
    connection = node.views()
    if member == GOVERNANCE or not table_exists(connection, "publisher.commits"):
        return
    row = connection.execute("SELECT coalesce(max(size), 0) FROM publisher.commits WHERE next IS NOT NULL").fetchone()
    position = all_positions(connection).get(member) or Position(member)
    behind = row[0] - position.tree.size if row is not None else 0
    if behind > 0 and _has_more(node, position):
        errors.print(
            f"the views are {plural(behind, 'event')} behind this node's own published events:"
            " run `registry views update`",
            markup=False,
            highlight=False,
        )


def _has_more(node: Node, position: Position) -> bool:
    """Return whether the log has records of this node after those that the views have read."""
    try:
        return next(iter(node.unchecked_log().records(position.member, position.next)), None) is not None
    except LogError:
        return False
