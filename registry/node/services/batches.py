"""The process that works through batches, under `registry serve`."""

import threading
from functools import partial
from pathlib import Path

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from registry.batches import Book, Worker
from registry.node.adapters.catalogue import Offered
from registry.node.adapters.reconciliation import OnLog
from registry.node.health import last_error
from registry.node.node import Node, opened
from registry.node.own_content import own_content
from registry.postgres.embedded import DatabaseUnavailable

_log = structlog.get_logger(__name__)
_AGAIN = 1.0
_AWAY = (psycopg.OperationalError, OperationalError, InterfaceError, DatabaseUnavailable, OSError)


def book_of(node: Node) -> Book:
    """The node's batches."""
    return Book(node.registry.dsn, node.registry.vault, node.settings.home / "spool")


def work(home: Path, stop: threading.Event) -> None:
    """Work through batches until told to stop; a database that is away is tried again."""
    while not stop.is_set():
        try:
            with opened(home) as node:
                book = book_of(node)
                book.tidy()
                own = partial(own_content, node)
                Worker(node.registry, node.issuer, book, Offered(node.registry), OnLog(node), own).run(stop)
        except _AWAY as error:
            _log.error("batches.again", error=str(error).strip(), again_in=_AGAIN)
            last_error.note(home, "batches", error)
            stop.wait(_AGAIN)
