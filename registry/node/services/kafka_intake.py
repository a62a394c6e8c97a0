"""The service that takes in the events which the university's own systems send over Kafka."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from registry.intake.event_handler import EventHandler, Result
from registry.intake.lost_events import IntakePositions
from registry.intake.rows.report import IntakeUnavailable
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.health import last_error
from registry.node.node import Node, open_node
from registry.store.recorder import StaleState
from registry.supervision import supervise

_SERVICE = "taking in events"


def run_kafka_intake(home: Path, stop: threading.Event, on_warning: Callable[[str], None]) -> None:
    """Take in events until `stop` is set, from the brokers that the settings name.

    Opens a node of its own: what the intake works with belongs to one thread.
    """
    with open_node(home) as node:
        intake = KafkaIntakeRound(node, node.settings.intake_url or "", on_warning=on_warning)
        supervise(
            _SERVICE,
            lambda: intake.run(stop),
            stop,
            also=(IntakeUnavailable, StaleState),
            on_error=partial(last_error.note, home, _SERVICE),
        )


class KafkaIntakeRound:
    """Takes in what comes, until it is stopped or something is away. Says each warning once."""

    def __init__(
        self,
        node: Node,
        url: str,
        on_results: Callable[[list[Result]], None] = lambda _: None,
        on_warning: Callable[[str], None] = lambda _: None,
    ) -> None:
        from registry.intake.kafka import KafkaIntake, parse_address  # noqa: PLC0415 - loads Kafka's client

        handler = EventHandler(node.registry, node.issuer, OwnCatalogue(node.registry))
        settings, positions = node.settings, IntakePositions(node.registry.dsn)
        self._intake = KafkaIntake(
            parse_address(url), settings.member, settings.origin, handler.handle, positions=positions
        )
        self._on_results = on_results
        self._on_warning = on_warning
        self._warned: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Take in events until `stop` is set. Raises `IntakeUnavailable`, `StaleState`, or what the database raises."""
        for warning in self._intake.create():
            if warning not in self._warned:
                self._on_warning(warning)
                self._warned.add(warning)
        self._intake.run(stop, self._on_results)
