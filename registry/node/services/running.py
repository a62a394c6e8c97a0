"""The services of one node, all or some: the publisher, and each other one in a thread of its own."""

import contextlib
import threading
from collections.abc import Callable, Collection
from functools import partial

import structlog

from projections.core import views
from registry.log import open_log
from registry.log.addresses import parse_kafka
from registry.node.adapters.status_lists import has_status_lists
from registry.node.adapters.webhooks import dispatcher
from registry.node.health import last_error
from registry.node.node import Node
from registry.node.services.health_watch import HealthWatch
from registry.node.services.kafka_intake import run_kafka_intake
from registry.node.services.maintenance import run_maintenance
from registry.node.services.names import WITHOUT_HTTP, Service
from registry.node.services.observers import Observer
from registry.node.services.status_lists import run_status_lists
from registry.node.services.webhooks import run_webhooks
from registry.publishing.errors import AnotherPublisher
from registry.publishing.published import Published
from registry.publishing.publishing_lock import await_turn
from registry.settings.settings import Settings
from registry.supervision import supervise

_log = structlog.get_logger(__name__)


def run_node(
    node: Node,
    watch: HealthWatch,
    stop: threading.Event,
    observer: Observer,
    services: Collection[Service] = WITHOUT_HTTP,
    *,
    on_started: Callable[[], None] = lambda: None,
    on_warning: Callable[[str], None] = lambda _: None,
    on_standby: Callable[[], None] | None = None,
) -> None:
    """Run services of a node until `stop` is set; `watch` looks at the node meanwhile. Batches run elsewhere.

    `on_started` is called once: with the publisher among the services, when no other process publishes for this node.
    `on_warning` receives what a person who started the node should read. Raises `AnotherPublisher` before the start,
    and later what ended a service.
    With `on_standby` it waits instead for its turn to publish, each time that another process does, and calls it then.
    """
    check_kafka_files(node.settings)
    threads = ServiceThreads(stop)
    watch.follow(stop)

    def start() -> None:
        if not threads.started:
            _start_services(node, threads, observer, services, on_warning)
            threads.started = True
            _log.info("run.started", services=sorted(services))
            on_started()

    try:
        if Service.PUBLISHER in services:
            _run_publisher(node, stop, observer, threads, start, on_standby)
        else:
            start()
            stop.wait()
    finally:
        stop.set()
        threads.join()
    threads.raise_error()


def _run_publisher(
    node: Node,
    stop: threading.Event,
    observer: Observer,
    threads: "ServiceThreads",
    start: Callable[[], None],
    on_standby: Callable[[], None] | None,
) -> None:
    """Publish until `stop` is set. `start` is called each time that this process may publish.

    With `on_standby` it waits for its turn while another process publishes, and calls it then.
    """
    note_error = partial(last_error.note, node.settings.home, last_error.PUBLISHING)

    def publish() -> None:
        if on_standby is not None:
            await_turn(node.dsn(), stop, on_standby)
            if stop.is_set():
                return
        with node.publisher(observer.on_committed).session() as session:
            start()
            session.run(stop, on_published=_log_published, on_error=note_error)

    supervise(
        "publishing",
        publish,
        stop,
        # The server may hold the lock of a connection that was lost for a while: then we are that other publisher.
        also=(AnotherPublisher,),
        retries=lambda: threads.started or on_standby is not None,
        on_error=note_error,
    )


def run_projector(node: Node, stop: threading.Event, observer: Observer) -> None:
    """Bring the views up with the log until `stop` is set."""
    note_error = partial(last_error.note, node.settings.home, "projecting")

    def project() -> None:
        # A log of its own: the one that the publisher appends to would make it wait.
        with contextlib.closing(open_log(node.settings.log_url, node.settings.consortium, read_only=True)) as log:
            node.check_founding(log)
            with views.connect(node.dsn()) as connection:
                projector = node.projector(connection, observer.on_batch, log, on_fault=note_error)
                projector.run(stop, on_step=observer.on_step)

    supervise("projecting", project, stop, on_error=note_error)


def _start_services(
    node: Node,
    threads: "ServiceThreads",
    observer: Observer,
    services: Collection[Service],
    on_warning: Callable[[str], None],
) -> None:
    """Start each service but the publisher in a thread."""
    home = node.settings.home
    if Service.WEBHOOKS in services:
        posts = dispatcher(node)  # raises what is wrong with its settings before anything is started
        threads.start("posting", lambda stop: run_webhooks(posts, home, stop))
    if Service.PROJECTOR in services:
        threads.start("projecting", lambda stop: run_projector(node, stop, observer))
    if Service.INTAKE in services and node.settings.intake_kafka is not None:
        threads.start("taking in", lambda stop: run_kafka_intake(home, stop, on_warning))
    if Service.STATUS_LISTS in services and has_status_lists(node.settings):
        threads.start("signing status lists", lambda stop: run_status_lists(home, stop))
    if Service.MAINTENANCE in services:
        # Not waited for at the end: maintenance may be in the middle of asking a witness.
        threading.Thread(target=run_maintenance, args=(home, threads.stop), name="maintenance", daemon=True).start()


def check_kafka_files(settings: Settings) -> None:
    """Refuse to start with a file for Kafka's security that is missing or wrong. Raises `KafkaSecurityError`."""
    for url in (settings.log_url, settings.intake_url or ""):
        if url.startswith("kafka:") and (security := parse_kafka(url).security) is not None:
            security.check()


class ServiceThreads:
    """Services in threads of their own. An error that ends one of them ends all, and is raised again at the end."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self.started = False
        """True once the services were started."""
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def start(self, name: str, run: Callable[[threading.Event], None]) -> None:
        """Start a service; `run` ends when the event that it is passed is set."""

        def run_and_report() -> None:
            try:
                run(self.stop)
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                self._errors.append(error)
                self.stop.set()

        thread = threading.Thread(target=run_and_report, name=name)
        thread.start()
        self._threads.append(thread)

    def join(self) -> None:
        """Wait until all services have ended."""
        for thread in self._threads:
            thread.join()

    def raise_error(self) -> None:
        """Raise the first error that ended a service, if there is one."""
        if self._errors:
            raise self._errors[0]


def _log_published(published: Published) -> None:
    _log.info("run.published", events=published.events, size=published.size)
