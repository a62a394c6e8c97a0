"""A server that ends while it still answers: what takes longer than it waits is cut off, without a traceback."""

import asyncio
import contextlib
import socket
import threading

import pytest

from registry.http import server as http_server
from registry.http.server import server_for


async def _endless(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    if scope["path"] == "/begun":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-begun", b"1")]})
        await send({"type": "http.response.body", "body": b"a" * 100, "more_body": True})
    await asyncio.sleep(3600)


@pytest.mark.parametrize(("path", "says"), [("/begun", b" 200 "), ("/not-begun", b" 503 ")])
def test_an_answer_that_takes_longer_than_the_server_waits_is_cut_off_without_a_traceback(
    monkeypatch, caplog, path, says
):
    monkeypatch.setattr(http_server, "END_SECONDS", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))
    server = server_for(_endless, patience_seconds=30, max_connections=10, max_connections_per_address=10)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    answer = b""
    with socket.create_connection(listening.getsockname(), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        if path == "/begun":
            answer += connection.recv(65536)
        else:
            while not server.server_state.tasks:
                thread.join(0.05)
        server.should_exit = True
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                answer += piece
    thread.join(20)
    assert not thread.is_alive()
    assert says in answer
    assert "ASGI" not in caplog.text
    assert "Traceback" not in caplog.text
