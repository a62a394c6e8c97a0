"""Documents of a node that answers over HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from registry.api import PrivateSide
from registry.export.document import ExportError
from registry.export.exporter import Document, Exporter, ExportRequest
from registry.export.formats import FORMATS, FormatTable
from registry.export.ports import TermQuery
from registry.export.previews import Preview
from registry.node.adapters.documents import open_exporter
from registry.node.node import Node, open_node
from registry.node.term_export import list_for_archive, stream_archive
from registry.settings.settings import load


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
        self._one_archive = threading.Lock()

    def of_credential(self, credential: str, request: ExportRequest, actor: str) -> Document:
        """Return a document of one of this university's credentials. Raises `ExportError`."""
        with self.open(actor) as opened:
            return opened.exporter.export_credential(credential, request)

    def of_portfolio(self, learner: str, request: ExportRequest, actor: str) -> Document:
        """Return a document of a learner's credentials here. Raises `ExportError`."""
        with self.open(actor) as opened:
            return opened.exporter.export_portfolio(learner, request)

    def preview_credential(self, credential: str) -> list[Preview]:
        """Return the size of each document of a credential and what it lacks. Raises `ExportError`."""
        with self.open("") as opened:
            return opened.exporter.preview_credential(credential)

    def of_term(self, query: TermQuery, request: ExportRequest, actor: str) -> Iterator[bytes]:
        """Yield a ZIP archive of a term's documents and a report.

        Raises `ExportError` before the first byte where there are none, too many, or another archive is being made.
        """
        if not self._one_archive.acquire(blocking=False):
            raise ExportError("this node is making another archive; try again in a few minutes")
        try:
            opened = Node(load(self._node.settings.home))
        except BaseException:  # whatever it was, the next archive can be made
            self._one_archive.release()
            raise
        archive = self._archive(opened, query, request, actor)
        next(archive)  # opens all, and raises what is wrong with the request
        return archive

    def _archive(self, node: Node, query: TermQuery, request: ExportRequest, actor: str) -> Iterator[bytes]:
        """Yield nothing first, then the archive. It has connections of its own, since it may take minutes."""
        try:
            exporter = open_exporter(node, actor, self.formats)
            exporter.formats.find(request.format, "credential")
            credentials = list_for_archive(node, query)
            yield b""
            yield from stream_archive(exporter, credentials, request)
        finally:
            node.close()
            self._one_archive.release()

    @contextmanager
    def open(self, actor: str) -> Iterator[OpenExport]:
        """Yield an exporter with a log and connections of its own: no other request waits for it."""
        with self._private.reading() as registry, open_node(self._node.settings.home) as another:
            another.registry = registry
            yield OpenExport(another, open_exporter(another, actor, self.formats))
