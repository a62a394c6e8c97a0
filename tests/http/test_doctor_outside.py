"""The doctor asks a node from outside: directly, and through a proxy that does not pass on what it should."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from registry.node.doctor.examination import Examination
from registry.node.doctor.outside_checks import CHECKS
from registry.node.doctor.runs import run_checks
from registry.settings.settings import load


@pytest.fixture
def bad_proxy(node):
    """A proxy that strips headers of answers, has error pages of its own, and lets everything be cached."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer = httpx.get(node.url + self.path, headers={"Accept": self.headers["accept"]}, timeout=30)
            replaced = answer.status_code == 404
            body = b"<h1>Not here</h1>" if replaced else answer.content
            self.send_response_only(answer.status_code)
            self.send_header(
                "content-type", "text/html" if replaced else answer.headers.get("content-type", "text/html")
            )
            self.send_header("content-length", str(len(body)))
            self.send_header("cache-control", "public, max-age=60")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.closing(server.socket):
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def ask_outside(node, url):
    """Return what is not well, by check."""
    findings = run_checks(Examination(load(node.home), url), {"outside": CHECKS}, time.monotonic() + 60)
    return {each.check: each for each in findings if each.severity != "ok"}


def test_a_node_without_a_proxy_is_well_but_for_its_clients(node):
    wrong = ask_outside(node, node.url)
    assert {check: each.severity for check, each in wrong.items()} == {"outside.client": "warning"}


def test_a_proxy_that_strips_headers_and_replaces_errors_is_named_for_each_with_what_to_do(node, bad_proxy):
    wrong = ask_outside(node, bad_proxy)
    assert "x-request-id" in wrong["outside.headers"].sentence
    assert "registry-position" in wrong["outside.headers"].sentence
    assert "proxy_intercept_errors" in wrong["outside.problems"].advice
    assert "public, max-age=60" in wrong["outside.caching"].sentence
    for check in ("outside.headers", "outside.problems", "outside.caching"):
        assert wrong[check].severity == "error", check


def test_an_address_where_nobody_answers_is_an_error_and_the_rest_is_not_checked(node):
    wrong = ask_outside(node, "http://127.0.0.1:1")
    assert wrong["outside.reachable"].severity == "error"
    assert {each.severity for check, each in wrong.items() if check != "outside.reachable"} == {"unchecked"}


def test_the_node_says_how_a_request_has_reached_it(node):
    answer = httpx.get(f"{node.url}/connection", headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"})
    assert answer.json() == {
        "address": "127.0.0.1", "scheme": "http", "host": node.url.partition("//")[2], "basePath": "",
        "forwarded": False,
    }  # fmt: skip
    assert answer.headers["cache-control"] == "no-store"
