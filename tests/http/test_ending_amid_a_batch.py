"""A node that is asked to stop while a system still sends a batch."""

import contextlib
import signal
import socket

import pytest

from tests.support.command import until
from tests.support.served import Served, row

PIECE = b"x,"


@pytest.fixture
def served(tmp_path, postgres):
    with contextlib.closing(Served(tmp_path, postgres)) as made:
        yield made.start(run=False)


def has_ended(served, connection):
    """Whether the node has ended; if not, send a little more."""
    with contextlib.suppress(OSError):
        connection.sendall(PIECE)
    return served.process.poll() is not None


def test_a_batch_that_has_not_arrived_when_the_node_ends_is_not_taken_in(served):
    key = served.key("credentials:write", "batches:read")
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: text/csv\r\n"
            f"Idempotency-Key: ending\r\nContent-Length: 100000\r\n\r\n{','.join(row('x'))}\n".encode()
        )
        client = served.client(key=key)
        until(lambda: client.get("/v1/batches").json()["items"])
        served.process.send_signal(signal.SIGTERM)
        until(lambda: has_ended(served, connection), 30, 0.5)
    assert served.process.wait(40) == 0
    assert "Traceback" not in served.said
    assert "Exception in ASGI" not in served.said
    served.start(run=False)
    [batch] = served.client(key=key).get("/v1/batches").json()["items"]
    assert batch["state"] in ("receiving", "incomplete")  # the same request sent again begins it again
