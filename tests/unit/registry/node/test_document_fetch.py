"""What documents name is fetched from allowed hosts only, and never without bounds."""

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from registry.documents.did_resolver import FetchFailed
from registry.node.adapters.document_fetch import DocumentFetch
from registry.webhooks.addresses import AddressPolicy


class Answers(BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    def do_GET(self):
        status = {"/moved": 302, "/missing": 404}.get(self.path, 200)
        body = b"x" * 2_000 if self.path == "/large" else b"a document"
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/document")
        self.end_headers()
        if self.path == "/slow":
            time.sleep(1.5)
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serving():
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def address():
    with serving() as url:
        yield url


def fetch(address, **policy):
    return DocumentFetch(AddressPolicy(**policy), ssl.create_default_context(), max_bytes=1_000)(address, 1.0)


def test_a_document_is_fetched(address):
    assert fetch(f"{address}/document", http_localhost=True) == b"a document"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/missing", "404"), ("/moved", "302"), ("/large", "larger than 1,000 bytes"), ("/slow", "no answer within 1 s")],
)
def test_what_is_no_document_in_time_is_refused_with_the_reason(address, path, reason):
    with pytest.raises(FetchFailed, match=reason):
        fetch(address + path, http_localhost=True)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://127.0.0.1:8000/", "plain http"),
        ("http://registry.example/", "only https"),
        ("https://127.0.0.1:8443/", "public address"),
        ("https://10.0.0.1/", "public address"),
        ("https://169.254.169.254/", "public address"),
        ("https://[::1]:8443/", "public address"),
        ("https://user:secret@registry.example/", "password"),
        ("ftp://registry.example/", "only https"),
        ("https://registry.example:22/", "port 22"),
    ],
)
def test_hosts_that_only_the_inside_can_reach_are_not_asked(target, reason):
    with pytest.raises(FetchFailed, match=reason):
        fetch(target)


def test_a_host_that_does_not_answer_is_a_failure():
    with pytest.raises(FetchFailed, match="ConnectError"):
        fetch("http://127.0.0.1:1025/", http_localhost=True)


def test_the_addresses_of_hosts_of_the_inside_are_not_told():
    with pytest.raises(FetchFailed) as caught:
        fetch("https://localhost:8443/")
    assert "127.0.0.1" not in str(caught.value)


def test_a_slow_look_up_of_a_host_does_not_hold_a_fetch_longer_than_its_time(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2.5))
    begin = time.monotonic()
    with pytest.raises(FetchFailed, match="no answer within 1 s"):
        fetch("https://registry.example/")
    assert time.monotonic() - begin < 2
