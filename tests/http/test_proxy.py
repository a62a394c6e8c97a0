"""Behind a reverse proxy: below a base path, for clients that only the proxy sees."""

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.support.served import Served, achievement, once

BASE = "/registry"


class Proxy:
    """A reverse proxy, as universities have one: it cuts the base path off, and says what it did."""

    def __init__(self, upstream):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                if not self.path.startswith(BASE):
                    self.send_error(404)
                    return
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                before = self.headers.get("x-forwarded-for")
                client = self.client_address[0]
                headers = {name.lower(): value for name, value in self.headers.items()} | {
                    "x-forwarded-for": f"{before}, {client}" if before else client,
                    "x-forwarded-proto": "https", "x-forwarded-prefix": BASE, "accept-encoding": "identity",
                }  # fmt: skip
                answer = httpx.request(
                    self.command, upstream + self.path.removeprefix(BASE), headers=headers, content=body, timeout=30
                )
                self.send_response_only(answer.status_code)
                for name, value in answer.headers.items():
                    if name not in ("content-length", "connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = forward  # noqa: N815 - the library looks for these names

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def node(tmp_path_factory, postgres):
    settings = '[http]\nper_minute_anybody = 40\ntrusted_proxies = ["127.0.0.1/32"]\n'
    with contextlib.closing(Served(tmp_path_factory.mktemp("proxied"), postgres, settings)) as made:
        yield made.start()


@pytest.fixture(scope="module")
def proxy(node):
    with contextlib.closing(Proxy(node.url)) as made:
        yield made


def asking(url, address, **headers):
    """A client at one of this machine's further addresses."""
    transport = httpx.HTTPTransport(local_address=address)
    return httpx.Client(base_url=url, timeout=30, transport=transport, headers=headers)


def test_the_documentation_below_a_base_path_loads_all_that_it_needs(proxy):
    with asking(proxy.url, "127.0.0.11") as client:
        page = client.get(f"{BASE}/docs")
        links = re.findall(r'(?:href|src|data-description)="([^"]+)"', page.text)
        assert len(links) == 5
        for link in links:
            assert client.get(page.url.join(link)).status_code == 200, link
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "<script>" not in page.text
        description = client.get(f"{BASE}/openapi.json").json()
        assert description["servers"] == [{"url": BASE}]


def test_what_the_node_says_leads_through_the_proxy(node, proxy):
    with asking(proxy.url, "127.0.0.12", **{"X-API-Key": node.key()}) as client:
        made = client.post(f"{BASE}/v1/achievements", json=achievement(), headers=once("proxied"))
        assert made.headers["location"].startswith(f"{BASE}/v1/achievements/twente/")
        again = client.post(f"{BASE}/v1/achievements", json=achievement(), headers=once("proxied"))
        assert again.headers["location"] == made.headers["location"]
        told = client.get(f"{BASE}/v1/members/nobody").json()
        assert told["type"] == f"{BASE}/problems/not-found"
        assert client.get(told["type"]).status_code == 200
        for index in (client.get(f"{BASE}/problems"), client.get(f"{BASE}/problems/")):
            links = re.findall(r'href="([^"]+)"', index.text)
            assert len(links) > 15
            assert client.get(links[0]).status_code == 200
        assert f"{BASE}/docs" in client.get(f"{BASE}/").text


def test_the_limit_of_requests_is_each_clients_own_and_nobody_writes_himself_another_address(proxy):
    with asking(proxy.url, "127.0.0.13") as greedy, asking(proxy.url, "127.0.0.14") as other:
        seen = [
            greedy.get(f"{BASE}/v1/members", headers={"X-Forwarded-For": f"198.51.100.{number}"}).status_code
            for number in range(50)
        ]
        assert seen.count(429) == 10
        assert other.get(f"{BASE}/v1/members").status_code == 200


def test_from_anybody_but_a_trusted_proxy_forwarded_headers_mean_nothing(node):
    with asking(node.url, "127.0.0.15") as client:
        seen = []
        for number in range(50):
            headers = {"X-Forwarded-For": f"198.51.100.{number}", "X-Forwarded-Prefix": "/evil"}
            seen.append(client.get("/v1/members/nobody", headers=headers))
    assert [answer.status_code for answer in seen].count(429) == 10
    assert {json.loads(answer.content)["type"].rpartition("/")[0] for answer in seen} == {"/problems"}


def test_a_request_id_is_taken_and_given_back_on_every_answer(node):
    with asking(node.url, "127.0.0.16") as client:
        for path in ("/health", "/v1/members", "/v1/members/nobody", "/docs", "/nothing"):
            assert client.get(path, headers={"X-Request-Id": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
            assert client.get(path).headers["x-request-id"].startswith("urn:uuid:")
        for bad in ("a b", "x" * 65, "é".encode(), "a\tb", "<script>"):
            given = client.get("/health", headers={"X-Request-Id": bad}).headers["x-request-id"]
            assert given.startswith("urn:uuid:")
        told = client.get("/nothing")
        assert told.json()["instance"] == told.headers["x-request-id"]
    assert "abc-1.2_3" in {line["request_id"] for line in node.logged("http.answered")}
