"""The log of a service: whatever is reported in its process, and by whomever, is one line of JSON."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, threading, warnings
from registry import observability
from registry.cli.output import errors, warn

observability.configure("warning", {form!r})
errors.print("before it is a service")
observability.begin_service()
observability.configure("warning", {form!r})
import structlog
structlog.get_logger("ours").warning("node.noticed", warning="w", text="é")
structlog.get_logger("ours").info("too.little")
logging.getLogger("kafka").warning("a library's %s", "message")
warnings.warn("deprecated")
warn("read [this], please")
thread = threading.Thread(target=lambda: 1 / 0, name="posting")
thread.start()
thread.join()
observability.configure("debug")
structlog.get_logger("ours").debug("from.now.on")
"""


def lines(form):
    program = [sys.executable, "-W", "default", "-c", PROGRAM.format(form=form)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    first, *rest = done.stderr.splitlines()
    assert first == "before it is a service"
    return rest


@pytest.mark.parametrize("form", ["json", "auto"])
def test_every_line_of_a_service_is_json_also_those_of_libraries_and_of_threads_that_fail(form):
    events = [json.loads(line) for line in lines(form)]
    assert [each["event"] for each in events if "deprecated" not in each["event"]] == [
        "node.noticed", "a library's message", "message", "thread.failed", "from.now.on",
    ]  # fmt: skip
    assert all({"event", "level", "timestamp"} <= each.keys() for each in events)
    [message] = [each["message"] for each in events if each["event"] == "message"]
    assert message == "warning: read [this], please"
    [failed] = [each for each in events if each["event"] == "thread.failed"]
    assert (failed["thread"], "ZeroDivisionError" in failed["exception"]) == ("posting", True)
    assert any("deprecated" in each["event"] for each in events)


def test_the_settings_can_ask_for_text():
    text = "\n".join(lines("text"))
    assert "node.noticed" in text
    assert "read [this], please" in text
    assert '"event"' not in text
