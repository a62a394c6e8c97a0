"""Requests of checks have an end: a server cannot hold one by dripping, nor fill memory by compressing."""

import contextlib
import gzip
import socket
import threading
import time

import pytest

from registry.node.doctor import asking
from registry.node.doctor.asking import Unreachable, ask


@contextlib.contextmanager
def serving(answer):
    """A server that reads one request and lets `answer` write to its connection; the list is what it read."""
    requests: list[bytes] = []

    def serve(listening):
        with contextlib.suppress(OSError):  # the client has gone, or the test is over
            connection, _ = listening.accept()
            with connection:
                requests.append(connection.recv(65536))
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", requests
        thread.join(10)


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def test_a_server_that_drips_is_left_at_the_deadline(monkeypatch):
    monkeypatch.setattr(asking, "WHOLE_SECONDS", 0.3)
    with serving(drip) as (address, _):
        begun = time.monotonic()
        with pytest.raises(Unreachable, match=r"no whole answer within 0\.3 seconds"):
            ask(address)
        assert time.monotonic() - begun < 2


def test_a_compressed_body_is_not_asked_for_and_not_decompressed():
    body = gzip.compress(bytes(10_000_000))

    def answer(connection):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with serving(answer) as (address, requests):
        assert ask(address).body == body
    assert b"accept-encoding: identity\r\n" in requests[0].lower()


def test_a_long_body_is_cut():
    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000))

    with serving(answer) as (address, _):
        assert len(ask(address).body) == 64 * 1024
