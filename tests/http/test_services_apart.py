"""The services of a node in processes of their own: each does its part, and none says that another's is done."""

import contextlib
import signal

import httpx
import pytest

from tests.support.command import started
from tests.support.command import until as wait_until
from tests.support.scraping import scrape
from tests.support.served import Served, csv_of, once, row

SETTINGS = "metrics_port = 0\n"
PUBLISHING = ("--only", "publisher", "--only", "projector")


@pytest.fixture(scope="module")
def answering(tmp_path_factory, postgres):
    """A node of which one process answers, and no other runs."""
    with contextlib.closing(Served(tmp_path_factory.mktemp("apart"), postgres, SETTINGS)) as made:
        made.achievement = made.consortium.offer()
        yield made.start(services=("--http-only",))


def send(system, achievement, record):
    """Send a batch of one row; return its address."""
    made = system.post(
        "/v1/batches", content=csv_of([row(achievement, record, record)]),
        headers={**once(record), "Content-Type": "text/csv"},
    )  # fmt: skip
    assert made.status_code == 202, made.text
    return made.headers["location"]


def test_each_service_does_its_part_and_what_no_process_does_waits_and_is_seen(answering):
    system = answering.client()
    first = send(system, answering.achievement, "apart-1")
    page = scrape(answering.said)
    assert page.value("registry_batches", state="waiting") == 1
    assert page.value("registry_projection_age_seconds") is None

    with started("run", "--only", "batches", home=answering.home, says="is running (batches)") as working:
        wait_until(lambda: system.get(first).json()["state"] == "done")
        # Nobody publishes: the process that answers does not claim that all is done.
        wait_until(lambda: scrape(answering.said).value("registry_unpublished_events") == 1, 30)
        wait_until(lambda: scrape(answering.said).value("registry_unpublished_age_seconds") > 0, 30)

        with started("run", *PUBLISHING, home=answering.home, says="is running (publisher, projector)") as publishing:
            wait_until(lambda: scrape(answering.said).value("registry_unpublished_events") == 0, 30)
            assert scrape(publishing.output.read_text()).value("registry_published_events_total") == 1
            wait_until(lambda: scrape(answering.said).value("registry_lag_events", member="twente") == 0, 30)
            publishing.send_signal(signal.SIGTERM)
            assert publishing.wait(40) == 0
        working.send_signal(signal.SIGTERM)
        assert working.wait(40) == 0
    assert httpx.get(f"{answering.url}/health").status_code == 200
