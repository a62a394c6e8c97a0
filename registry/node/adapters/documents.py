"""Documents of a node: its exporter, and the record of what was exported by whom."""

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from psycopg import Connection

from registry.accounts.site import site_of
from registry.application.registry import Registry
from registry.export.document import DocumentSigner, ExportError, Profile
from registry.export.exporter import Exporter
from registry.export.formats import FORMATS, FormatTable
from registry.export.ports import CopyRecord, StatusPlaceAllocator
from registry.learners.document_copies import CopyRows
from registry.node.adapters.own_receipts import OwnReceipts
from registry.node.adapters.portable_facts import FindRestricted, NodeFacts
from registry.node.node import Node
from registry.wire.governance import MemberRevised
from registry.wire.today import utc_today


class NodeCopies:
    """`CopyRecorder` of one node, for one actor."""

    def __init__(self, registry: Registry, actor: str) -> None:
        self._registry = registry
        self._actor = actor

    def record(self, copies: Sequence[CopyRecord]) -> None:
        """Store documents and entries of the journal in one transaction. Raises `ExportError`."""
        if not copies:
            return
        connection = self._registry.cursor().connection
        with connection.transaction(), connection.cursor() as cursor:
            CopyRows(copies, self._actor, datetime.now(UTC)).write(cursor)


def open_exporter(node: Node, actor: str, formats: FormatTable = FORMATS) -> Exporter:
    """Return the exporter of a node. `actor` is who asks for the documents."""

    @contextlib.contextmanager
    def views() -> Iterator[Connection]:
        yield node.views()

    return Exporter(
        open_facts(node, views),
        lambda profile: find_signer(node, profile),
        NodeCopies(node.registry, actor),
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

    return NodeFacts(node.registry, views, describe, OwnReceipts(node), _public_address(node), _restrictions_of(node))


def _public_address(node: Node) -> str | None:
    """Return the address at which everybody reaches the node; None where the settings name none."""
    settings = node.settings
    if settings.public_url is None:
        return None
    return site_of(settings.public_url, settings.http.base_path, settings.http.port).address("").rstrip("/")


def find_signer(node: Node, profile: Profile) -> DocumentSigner:
    """Return the node's key for documents of a profile. Raises `ExportError`."""
    signer: Callable[[Profile], DocumentSigner] | None = getattr(node, "document_signer", None)
    if signer is None:
        raise ExportError("this node has no issuing keys")
    return signer(profile)


def places_of(node: Node) -> StatusPlaceAllocator | None:
    """Return the status lists of a node; None where it has none, or no public address at which they are read."""
    url = _public_address(node)
    if url is None or (module := _find_module("registry.status.places")) is None:
        return None
    places: StatusPlaceAllocator = module.StatusListPlaces(node.dsn(), url)
    return places


def _restrictions_of(node: Node) -> FindRestricted:
    """Return what says of which learners the data may be stored, and not used."""
    module = _find_module("registry.application.restricted")

    def find_restricted(learners: Collection[str]) -> Collection[str]:
        if module is None:
            return ()
        restricted: Collection[str] = module.find_restricted(node.registry.cursor(), learners)
        return restricted

    return find_restricted


def _find_module(name: str) -> Any:  # noqa: ANN401 - a module of a room that an installation may lack
    room = name.rpartition(".")[0]
    return import_module(name) if find_spec(room) is not None and find_spec(name) is not None else None
