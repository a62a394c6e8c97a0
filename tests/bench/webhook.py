"""From a commit on the log to a webhook received: projector and dispatcher, each a process of its own."""

import json
import logging
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import structlog

from registry.postgres.embedded import start_embedded
from tests.bench.result import Result, in_process
from tests.support.command import registry, started
from tests.support.receiver import Receiver
from tests.support.two_members import TwoMembers

NOTICES = 200
WARM = 10


def received() -> tuple[float, float]:
    """Median and 99th percentile, in ms."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        members = stack.enter_context(closing(TwoMembers(folder, server.dsn("twente"))))
        receiver = stack.enter_context(Receiver())
        registry("webhook", "add", receiver.url, home=members.home)
        stack.enter_context(started("views", "update", "--follow", home=members.home))
        stack.enter_context(started("webhook", "run", home=members.home, says="webhooks are posted"))
        took = []
        for number in range(NOTICES + WARM):
            decision, record = members.decide()
            began = time.perf_counter()
            members.publish(record)
            while len(receiver.received) <= number:
                time.sleep(0.0005)
                if time.perf_counter() - began > 30:
                    sys.exit("a notice was not received")
            got = receiver.received[number]
            if json.loads(got.body)["data"]["decision"] != decision:
                sys.exit("another notice was received than the one that was waited for")
            if number >= WARM:  # the first ones wait for the processes to start
                took.append((got.at - began) * 1000)
        return statistics.median(took), statistics.quantiles(took, n=100)[98]


def webhook_bench() -> list[Result]:
    """An event about one of the node's own credentials, from commit to webhook received."""
    median, high = in_process(received)
    return [
        Result("webhook", "ms, median", median, "≤ 200", median <= 200),
        Result("webhook-99", "ms, 99th", high, "", met=True),
    ]
