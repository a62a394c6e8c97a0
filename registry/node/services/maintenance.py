"""The service that makes a seal and a signed digest a day, enforces retention, builds tiles, and asks witnesses."""

import threading
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from registry.application.errors import Refusal
from registry.log import GOVERNANCE, NoSuchStream
from registry.node.cosigning import gather_cosignatures
from registry.node.digests import sign_daily
from registry.node.health import last_error
from registry.node.node import Node, open_node
from registry.node.retention import enforce_retention, retention_is_due, rewrite_erased, rewrite_is_due
from registry.node.sealing import make_seal, seal_is_due
from registry.supervision import supervise

_log = structlog.get_logger(__name__)
_EVERY_SECONDS: Final = 60.0


def run_maintenance(home: Path, stop: threading.Event, every_seconds: float = _EVERY_SECONDS) -> None:
    """Maintain the node in rounds until `stop` is set. No commit waits for it; one fault must not end seals forever."""

    def maintain() -> None:
        with open_node(home) as node:
            _run_once(node)

    if not stop.wait(every_seconds):
        supervise(
            "housekeeping",
            maintain,
            stop,
            also=(Refusal,),
            pause_seconds=every_seconds,
            retry_seconds=every_seconds,
            survives_faults=True,
            on_error=partial(last_error.note, home, "housekeeping"),
        )


def _run_once(node: Node) -> None:
    if seal_is_due(node):
        seal = make_seal(node)
        _log.info("run.sealed", size=seal.size, count=seal.count)
    if sign_daily(node):
        _log.info("run.signed_digest")
    if retention_is_due(node):
        deleted = enforce_retention(node)
        _log.info("run.retention", **{each.rule: each.rows for each in deleted if each.rows})
    if rewrite_is_due(node):
        rewrite = rewrite_erased(node)
        if rewrite.hindrance is None:
            _log.info("run.rewritten", deletions=rewrite.deletions, tables=len(rewrite.tables))
        else:
            _log.warning("run.not_rewritten", why=rewrite.hindrance)
    fold = node.governance()
    for stream in [GOVERNANCE, *sorted(fold.state.members)]:
        try:
            node.tiles(stream, fold)
        except NoSuchStream:
            continue  # admitted, and has published nothing yet
    if node.settings.witness:
        for row in gather_cosignatures(node):
            if row["error"]:
                _log.warning("run.not_cosigned", stream=row["stream"], witness=row["witness"], why=row["error"])
