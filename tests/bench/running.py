"""A node at work: stored to committed on Kafka, and issued to visible to the learner."""

import logging
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import structlog

from deploy.kafka.local import temporary
from projections.core import views
from projections.records import learners
from registry.node.node import open_node
from registry.postgres.embedded import start_embedded
from tests.bench.result import Result, in_process, rate
from tests.support.command import Consortium, command
from tests.support.node import request

STORED = 60_000
SHOWN = 200


def committed() -> float:
    """Events a second from the store to Kafka's acknowledgement by all."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        broker = stack.enter_context(temporary())
        consortium = Consortium(folder / "nodes", server, log=broker.url)
        achievement = consortium.offer()
        node = stack.enter_context(open_node(consortium.home))
        list(node.issuer.issue_all(request(number, achievement) for number in range(STORED)))
        publisher = node.publisher()
        began = time.perf_counter()
        published = publisher.publish_pending()
        return published.events / (time.perf_counter() - began)


def shown(kind: str) -> tuple[float, float]:
    """Median and 99th percentile, in ms, from issuing until the learner's view has it; `registry run` at work."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        log = stack.enter_context(temporary()).url if kind == "kafka" else "file:../log"
        consortium = Consortium(folder / "nodes", server, log=log)
        achievement = consortium.offer()
        running = subprocess.Popen(
            command("run", home=consortium.home), cwd=Path(__file__).parents[2], stderr=subprocess.DEVNULL
        )
        stack.callback(running.wait)
        stack.callback(running.terminate)
        node = stack.enter_context(open_node(consortium.home))
        connection = stack.enter_context(views.connect(node.dsn()))
        took = []
        for number in range(SHOWN + 10):
            began = time.perf_counter()
            issued = node.issuer.issue([request(number, achievement)])[0]
            while not learners.read(connection, issued.learner).credentials:
                time.sleep(0.001)
                if time.perf_counter() - began > 30:
                    sys.exit("a credential did not become visible")
            if number >= 10:  # the first ones wait for the node to start
                took.append((time.perf_counter() - began) * 1000)
        return statistics.median(took), statistics.quantiles(took, n=100)[98]


def kafka() -> list[Result]:
    """Stored to committed on Kafka."""
    return [rate("kafka", statistics.median(in_process(committed) for _ in range(3)), at_least=40_000)]


def latency() -> list[Result]:
    """Issued to visible, on both logs."""
    results = []
    for kind in ("files", "kafka"):
        median, high = in_process(shown, kind)
        results.append(Result(f"latency-{kind}", "ms, median", median, "≤ 30", median <= 30))
        results.append(Result(f"latency-{kind}-99", "ms, 99th", high, "≤ 150", high <= 150))
    return results
