"""The keys of a token issuer: fetched aside, looked at by requests, kept while the issuer is away."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from registry.access import issuer_keys
from registry.access.issuer_keys import IssuerKeys
from registry.http import HttpProblem
from tests.support.command import until


def key_set(*identifiers):
    keys = [
        json.loads(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())) | {"kid": identifier}
        for identifier in identifiers
    ]
    return json.dumps({"keys": keys}).encode()


@pytest.fixture
def issuer():
    """A server; it answers with `body` and `status`, and counts its requests in `asked`."""

    class Handler(BaseHTTPRequestHandler):
        server: Any

        def do_GET(self):
            self.server.asked += 1
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(self.server.body)))
            self.end_headers()
            self.wfile.write(self.server.body)

        def log_message(self, *_):
            pass

    server: Any
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.body, server.status, server.asked = key_set("one"), 200, 0
        server.url = f"http://127.0.0.1:{server.server_port}/jwks"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def follow(monkeypatch):
    """Let keys be followed until the test ends, with short pauses."""
    stop = threading.Event()
    for name in ("RETRY_SECONDS", "UNKNOWN_KEY_SECONDS", "_POLL_SECONDS"):
        monkeypatch.setattr(issuer_keys, name, 0.01)

    def start(url):
        keys = IssuerKeys(url)
        keys.follow(stop)
        assert keys.wait(30)
        return keys

    yield start
    stop.set()


def test_a_key_that_was_not_known_is_there_soon_after_its_issuer_publishes_it(issuer, follow):
    keys = follow(issuer.url)
    assert keys.key("one").key_id == "one"
    assert keys.key("two") is None
    issuer.body = key_set("two")
    until(lambda: keys.key("two") is not None)
    assert keys.key("one") is None


def test_a_token_that_names_no_key_is_checked_with_the_only_one(issuer, follow):
    assert follow(issuer.url).key(None).key_id == "one"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, key_set("one")),
        (302, b""),
        (200, b""),
        (200, b"{"),
        (200, b"[]"),
        (200, b"null"),
        (200, b"\xff"),
        (200, b"[" * 5000),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [7]}'),
        (200, b'{"keys": [{"kty": "EC"}]}'),
        (200, b" " * 2_000_000),
    ],
)
def test_without_a_set_of_keys_what_needs_one_is_unavailable_at_once(issuer, follow, status, body):
    issuer.status, issuer.body = status, body
    keys = follow(issuer.url)
    with pytest.raises(HttpProblem) as refused:
        keys.key("one")
    assert refused.value.kind == "unavailable"
    issuer.status, issuer.body = 200, key_set("one")
    until(lambda: issuer.asked > 1)
    until(lambda: known(keys))


def known(keys):
    try:
        return keys.key("one") is not None
    except HttpProblem:
        return False


def test_keys_that_were_fetched_go_on_counting_while_their_issuer_is_away_for_a_day(issuer, follow, monkeypatch):
    keys = follow(issuer.url)
    issuer.status, asked = 500, issuer.asked
    keys.key("other")  # makes it ask again
    until(lambda: issuer.asked > asked + 1)
    assert keys.key("one") is not None
    monkeypatch.setattr(issuer_keys, "_KEEP_SECONDS", -1.0)
    with pytest.raises(HttpProblem):
        keys.key("one")
