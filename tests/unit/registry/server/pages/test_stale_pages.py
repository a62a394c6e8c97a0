"""The last public pages are sent again while the database is away, and nothing else is."""

import asyncio
import gzip

import pytest

from registry.accounts.site import Site
from registry.server.pages.stale_pages import StalePages

HTML = b'<nav></nav><script nonce="abc"></script><main id="main" class="wrap"><h1>Members</h1></main>'
HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"Cache-Control", b"no-cache"),
    (b"content-security-policy", b"script-src 'nonce-abc'"),
    (b"content-length", b"%d" % len(HTML)),
]


class Pages:
    """What makes the pages, until the database is away."""

    def __init__(self):
        self.status, self.body, self.headers = 200, HTML, HEADERS

    async def __call__(self, scope, receive, send):
        del scope, receive
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body if self.status == 200 else b"away"})


@pytest.fixture
def pages():
    return Pages()


@pytest.fixture
def get(pages):
    stale = StalePages(pages, Site("https://node.example", ""), 5)

    def ask(path="/members", method="GET", query=b"", **headers):
        messages = []

        async def send(message):
            messages.append(message)

        given = {"accept": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        asyncio.run(stale(scope, None, send))
        return messages[0]["status"], dict(messages[0]["headers"]), messages[1]["body"]

    return ask


def test_a_page_that_a_proxy_may_store_is_sent_again_too(pages, get):
    shared = b"public, max-age=0, must-revalidate, s-maxage=5"
    pages.headers = [(name, shared if name == b"Cache-Control" else value) for name, value in HEADERS]
    assert get()[0] == 200
    pages.status = 503
    assert get()[0] == 200


def test_the_last_page_is_sent_again_with_its_age(pages, get):
    assert get() == (200, dict(HEADERS), HTML)
    pages.status = 503
    status, headers, body = get()
    assert status == 200
    assert b"As of" in body
    assert b"UTC" in body
    assert b"<h1>Members</h1>" in body
    assert int(headers[b"age"]) >= 0
    assert int(headers[b"content-length"]) == len(body)
    assert b"abc" not in headers[b"content-security-policy"]
    assert b'nonce="abc"' not in body
    pages.status = 200
    assert get() == (200, dict(HEADERS), HTML)


def test_a_compressed_page_gets_its_notice_too(pages, get):
    pages.headers, pages.body = [*HEADERS, (b"Content-Encoding", b"gzip")], gzip.compress(HTML)
    get(accept_encoding="gzip")
    pages.status = 503
    _, headers, body = get(accept_encoding="gzip")
    assert b"content-encoding" not in {name.lower() for name in headers}
    assert b"As of" in body
    assert get()[0] == 503


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/v1/members"}, {"path": "/static/x"}, {"method": "POST"}, {"method": "HEAD"}, {"x_api_key": "k"},
        {"authorization": "Bearer x"}, {"hx_request": "true"}, {"cookie": "__Host-session=x"},
        {"accept": "application/json"},
    ],
)  # fmt: skip
def test_what_is_not_for_everybody_is_never_sent_again(pages, get, request_):
    get(**request_)
    get()
    pages.status = 503
    assert get(**request_)[0] == 503


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-type", b"text/html"), (b"cache-control", b"no-store")],
        [(b"content-type", b"text/html")],
        [*HEADERS, (b"set-cookie", b"a=b")],
        [(b"content-type", b"text/csv"), (b"cache-control", b"no-cache")],
    ],
)
def test_a_page_that_is_private_or_sets_a_cookie_is_not_cached(pages, get, headers):
    pages.headers = headers
    get()
    pages.status = 503
    assert get()[0] == 503


def test_another_language_theme_or_query_is_another_page(pages, get):
    get()
    pages.status = 503
    assert get(accept_language="nl")[0] == 503
    assert get(cookie="theme=dark")[0] == 503
    assert get(query=b"x=1")[0] == 503
    assert get()[0] == 200


def test_the_cache_has_a_bound(pages, get):
    for number in range(400):
        get(query=b"%d" % number)
    pages.status = 503
    assert get(query=b"0")[0] == 503
    assert get(query=b"399")[0] == 200
    pages.status, pages.body = 200, HTML + bytes(200_000)
    get(query=b"large")
    pages.status = 503
    assert get(query=b"large")[0] == 503
