"""A node at work on Kafka while the broker goes away and comes back."""

import signal

import pytest

from tests.support.command import Consortium, printed_json, started, until


def of_log(consortium):
    """Return how severe it is what the doctor finds about the log."""
    report = printed_json(consortium.run("doctor", "--json", check=False))
    assert report["seconds"] < 5
    findings = {each["check"]: each["severity"] for each in reversed(report["findings"])}  # the worst comes first
    return {check: findings[check] for check in ("log.reachable", "log.health", "log.topics")}


@pytest.mark.kafka
def test_a_broker_stopped_and_started_again_under_run_costs_nothing(tmp_path, postgres, empty_broker):
    consortium = Consortium(tmp_path, postgres, log=empty_broker.url)
    achievement = consortium.offer()
    consortium.run("views", "update")  # what the node has read of governance counts while the log is away
    with started("run", home=consortium.home, says="is running") as running:
        assert of_log(consortium) == {"log.reachable": "ok", "log.health": "ok", "log.topics": "warning"}
        printed = len(running.output.read_text())
        empty_broker.stop()
        try:
            consortium.run("import", "file", consortium.rows(achievement, 300), "--no-publish")
            until(lambda: empty_broker.bootstrap in running.output.read_text()[printed:])  # it says what is away
            assert of_log(consortium) == {
                "log.reachable": "error",
                "log.health": "unchecked",
                "log.topics": "unchecked",
            }
        finally:
            empty_broker.start()
        shown = ("university", "show", "twente", "--year", "2026", "--json")
        until(
            lambda: printed_json(consortium.run(*shown, check=False))["size"] >= 301,  # a seal may have come as well
            90,
        )
        assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    assert "Verified up to" in consortium.run("audit").stdout
