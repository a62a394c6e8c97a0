"""Documents of a node: its exporter, and the record of what was exported by whom."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from psycopg import Connection

from registry.application.registry import Registry
from registry.application.restricted import find_restricted
from registry.export.exporter import Exporter
from registry.export.formats import FORMATS, FormatTable
from registry.export.ports import CopyRecord, StatusPlaceAllocator
from registry.learners.document_copies import CopyRows
from registry.node.adapters.own_receipts import OwnReceipts
from registry.node.adapters.portable_facts import FindRestricted, NodeFacts
from registry.node.adapters.status_lists import has_status_lists, open_status_lists, open_status_places
from registry.node.document_signers import public_address
from registry.node.node import Node
from registry.status.lists import StatusLists
from registry.wire.governance import MemberRevised
from registry.wire.today import utc_today


class NodeCopies:
    """`CopyRecorder` of one node, for one actor."""

    def __init__(self, registry: Registry, actor: str, lists: StatusLists | None) -> None:
        """`lists` are the status lists in which copies have places; None where the node has none."""
        self._registry = registry
        self._actor = actor
        self._lists = lists

    def record(self, copies: Sequence[CopyRecord]) -> None:
        """Store documents and entries of the journal in one transaction. Raises `ExportError`."""
        if not copies:
            return
        connection = self._registry.cursor().connection
        with connection.transaction(), connection.cursor() as cursor:
            CopyRows(copies, self._actor, datetime.now(UTC)).write(cursor)
        if self._lists is not None and any(copy.status is not None for copy in copies):
            self._lists.update()  # a list in which nobody had a place before is signed now, not with the next change


def open_exporter(node: Node, actor: str, formats: FormatTable = FORMATS) -> Exporter:
    """Return the exporter of a node. `actor` is who asks for the documents."""

    @contextlib.contextmanager
    def views() -> Iterator[Connection]:
        yield node.views()

    lists = open_status_lists(node) if has_status_lists(node.settings) else None
    return Exporter(
        open_facts(node, views),
        node.document_signer,
        NodeCopies(node.registry, actor, lists),
        utc_today,
        places_of(node),
        formats,
        [] if node.settings.letter_fonts is None else [node.settings.home / node.settings.letter_fonts],
    )


def open_facts(node: Node, views: Callable[[], contextlib.AbstractContextManager[Connection]]) -> NodeFacts:
    """Return the facts of a node's credentials, with its governance as the log has it now."""

    def describe(member: str) -> MemberRevised | None:
        record = node.governance_follower.record(member)
        return None if record is None else record.content

    return NodeFacts(
        node.registry, views, describe, OwnReceipts(node), public_address(node.settings), _restrictions_of(node)
    )


def places_of(node: Node) -> StatusPlaceAllocator | None:
    """Return the status lists of a node; None where it has none, or no public address at which they are read."""
    return open_status_places(node) if has_status_lists(node.settings) else None


def _restrictions_of(node: Node) -> FindRestricted:
    """Return what says of which learners the data may be stored, and not used."""
    return lambda learners: find_restricted(node.registry.cursor(), learners)
