"""What `registry run` does beside publishing and projecting: a seal and a signed digest a day, tiles, cosignatures."""

import threading
from pathlib import Path

import psycopg
import structlog
from eventsourcing.persistence import InterfaceError, OperationalError

from registry.domain.errors import Refusal
from registry.log import GOVERNANCE, LogError, NoSuchStream
from registry.node.cosigning import gather
from registry.node.digests import sign_daily
from registry.node.health import last_error
from registry.node.node import Node, opened
from registry.node.sealing import make_seal, seal_is_due
from registry.postgres.embedded import DatabaseUnavailable

_log = structlog.get_logger(__name__)
_AWAY = (LogError, OSError, psycopg.OperationalError, OperationalError, InterfaceError, DatabaseUnavailable, Refusal)


def keep_house(home: Path, stop: threading.Event, every: float = 60.0) -> None:
    """Do it again and again until told to stop; commits never wait for it, and what fails is tried again."""
    while not stop.wait(every):
        try:
            with opened(home) as node:
                _once(node)
        except Exception as error:  # noqa: BLE001 - one fault must not end seals and digests for good
            expected = isinstance(error, _AWAY)
            _log.error("run.housekeeping_again", error=str(error).strip(), again_in=every, exc_info=not expected)
            last_error.note(home, "housekeeping", error)


def _once(node: Node) -> None:
    if seal_is_due(node):
        made = make_seal(node)
        _log.info("run.sealed", size=made.size, count=made.count)
    if sign_daily(node):
        _log.info("run.signed_digest")
    fold = node.governance()
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        try:
            node.tiles(stream, fold)
        except NoSuchStream:
            continue  # admitted, and has published nothing yet
    if node.settings.witness:
        for row in gather(node):
            if row["error"]:
                _log.warning("run.not_cosigned", stream=row["stream"], witness=row["witness"], why=row["error"])
