"""The heads of a stream that this node has seen before: a log that lacks one of them was cut, or is an old copy."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from projections.core import views
from projections.core.positions import all_positions
from registry.application.owner import table_exists
from registry.log import origin_of
from registry.node.node import Node
from registry.publishing.commit_store import CommitStore


class KnownHead(NamedTuple):
    """A head that the log of a stream must contain."""

    size: int
    root: bytes | None
    """None if only the size is known."""
    source: str
    """The place where it is noted, as the subject of a sentence."""


def list_heads_in_files(node: Node, stream: str, anchors: Sequence[tuple[int, bytes]]) -> list[KnownHead]:
    """Return the heads that are known without the database: the newest cosigned one, and governance's anchors."""
    heads = [KnownHead(size, root, "governance's anchor") for size, root in anchors]
    cosigned = node.cosignatures().newest(origin_of(node.settings.consortium, stream), 2**63 - 1)
    if cosigned is not None:
        checkpoint = cosigned.checkpoint
        heads.append(KnownHead(checkpoint.size, checkpoint.root, "the newest head here that a witness cosigned"))
    return heads


def list_heads_in_database(node: Node, stream: str) -> list[KnownHead]:
    """Return the heads in this node's database: how far its views have read, and what its publisher has published.

    Raises one of `registry.supervision.DATABASE_ERRORS` if there is no database.
    """
    return list(_read_heads(node, stream))


def _read_heads(node: Node, stream: str) -> Iterator[KnownHead]:
    with views.connect(node.dsn()) as connection:
        if views.exist(connection):
            position = all_positions(connection).get(stream)
            if position is not None:
                yield KnownHead(position.tree.size, position.tree.root, "the position of this node's views")
        if stream == node.settings.member and table_exists(connection, "publisher.commits"):
            newest = CommitStore(connection).newest_on_log()
            if newest is not None:
                yield KnownHead(newest.size, newest.root, "the newest commit of this node's publisher")
