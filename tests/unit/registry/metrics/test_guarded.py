"""What observes a node at work never turns what was done into a failure."""

import structlog

from registry.observability import log_failures


def test_an_observer_that_fails_is_logged_and_stops_nobody():
    def broken(number):
        raise LookupError(f"nothing of {number}")

    with structlog.testing.capture_logs() as logged:
        log_failures(broken)(7)
    assert [(one["event"], one["log_level"]) for one in logged] == [("observer.failed", "error")]
