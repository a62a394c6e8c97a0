"""A node that is told to end while a system still sends a batch."""

import contextlib
import signal
import socket
import time

import pytest

from tests.support.served import Served


@pytest.fixture
def served(tmp_path, postgres):
    with contextlib.closing(Served(tmp_path, postgres)) as made:
        yield made.start(run=False)


def test_a_batch_that_is_not_whole_when_the_node_ends_is_incomplete_and_leaves_no_traceback(served):
    key = served.key("credentials:write", "batches:read")
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: text/csv\r\n"
            "Idempotency-Key: ending\r\nContent-Length: 100000\r\n\r\nrecord,".encode()
        )
        time.sleep(1)
        served.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(OSError):
            for _ in range(14):
                connection.sendall(b"x")
                time.sleep(1)
        answer = b""
        with contextlib.suppress(OSError):
            answer = connection.recv(65536)
        print(answer)
    assert served.process.wait(40) == 0
    print(served.said)
    assert "Traceback" not in served.said
    assert "CancelledError" not in served.said
