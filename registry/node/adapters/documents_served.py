"""Documents of a node that answers over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from registry.api import PrivateSide
from registry.export.exporter import Document, Exporter, ExportRequest
from registry.export.formats import FORMATS, FormatTable
from registry.node.adapters.documents import open_exporter
from registry.node.node import Node, open_node


class OpenExport(NamedTuple):
    """An exporter, and the node from which it collects."""

    node: Node
    exporter: Exporter


class ServedDocuments:
    """Makes documents in several threads at once, without a lock."""

    def __init__(self, node: Node, private: PrivateSide, formats: FormatTable = FORMATS) -> None:
        self._node = node
        self._private = private
        self.formats = formats

    def of_credential(self, credential: str, request: ExportRequest, actor: str) -> Document:
        """Return a document of one of this university's credentials. Raises `ExportError`."""
        with self.open(actor) as opened:
            return opened.exporter.export_credential(credential, request)

    def of_portfolio(self, learner: str, request: ExportRequest, actor: str) -> Document:
        """Return a document of a learner's credentials here. Raises `ExportError`."""
        with self.open(actor) as opened:
            return opened.exporter.export_portfolio(learner, request)

    @contextmanager
    def open(self, actor: str) -> Iterator[OpenExport]:
        """Yield an exporter with a log and connections of its own: no other request waits for it."""
        with self._private.reading() as registry, open_node(self._node.settings.home) as another:
            another.registry = registry
            yield OpenExport(another, open_exporter(another, actor, self.formats))
