"""Connections that say nothing: they hold up neither other addresses nor, in the end, their own."""

import contextlib
import json
import resource
import socket
from pathlib import Path

import httpx
import pytest

from registry.http.slow_clients import MAX_PIPELINED
from tests.support.command import until
from tests.support.served import Served, problem


@pytest.fixture(scope="module", autouse=True)
def descriptors():
    """Enough of them for the connections of a test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def serving(tmp_path_factory, postgres):
    with contextlib.closing(Served(tmp_path_factory.mktemp("connections"), postgres)) as made:
        yield made.start()


def place(node):
    host, _, port = node.url.removeprefix("http://").partition(":")
    return host, int(port)


def silent(node, stack, count, address="127.0.0.1", says=b""):
    """Connections of one address on which nothing more is said."""
    made = [stack.enter_context(socket.create_connection(place(node), 60, (address, 0))) for _ in range(count)]
    for connection in made:
        with contextlib.suppress(ConnectionError):
            connection.sendall(says)
    return made


def asking(node, address):
    """A client that connects from another address of this machine."""
    return httpx.Client(base_url=node.url, timeout=30, transport=httpx.HTTPTransport(local_address=address))


def last_words(connection):
    """All that the server says before it closes a connection."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            said += piece
    return said


@pytest.mark.parametrize("says", [b"", b"GET /v1/members HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a request"])
def test_a_thousand_silent_connections_of_one_address_hold_nobody_else_up(serving, says):
    with contextlib.ExitStack() as stack:
        silent(serving, stack, 1000, says=says)
        other = stack.enter_context(asking(serving, "127.0.0.2"))
        for path in ("/health", "/v1/members", "/health"):
            assert other.get(path).status_code == 200
        assert answers(serving, "127.0.0.1")  # its own silent ones give way to it


def answers(node, address):
    with contextlib.suppress(httpx.TransportError), asking(node, address) as client:
        return client.get("/health").status_code == 200
    return False


def test_silent_connections_of_many_addresses_give_way_to_those_who_ask(serving):
    with contextlib.ExitStack() as stack:
        held = [silent(serving, stack, 190, f"127.0.1.{number}") for number in range(1, 9)]
        other = stack.enter_context(asking(serving, "127.0.0.2"))
        for _ in range(3):
            assert other.get("/v1/members").status_code == 200
        assert last_words(held[0][0]) == b""  # the first had waited longest


def test_a_request_that_is_being_answered_does_not_give_way(serving):
    """A feed that is followed is not a silent connection, however many others there are."""
    with contextlib.ExitStack() as stack:
        feed = stack.enter_context(serving.client("feed:read").stream("GET", "/v1/feed/stream", timeout=30))
        assert feed.status_code == 200
        for number in range(1, 9):
            silent(serving, stack, 190, f"127.0.2.{number}")
        assert answers(serving, "127.0.0.2")
        assert next(feed.iter_raw())


def test_a_connection_that_ends_in_the_middle_says_why_as_a_problem_document(serving):
    with contextlib.ExitStack() as stack:
        for request, status, kind in [
            (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"x" * 70_000 + b"\r\n\r\n", 431, "headers-too-large"),
            (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "invalid"),
            (b"GET / HTTP/1.1\r\n\r\n", 400, "invalid"),
            (b"no request at all\r\n\r\n", 400, "invalid"),
        ]:
            [connection] = silent(serving, stack, 1, says=request)
            head, _, body = last_words(connection).partition(b"\r\n\r\n")
            assert head.startswith(f"HTTP/1.1 {status} ".encode()), request[:80]
            assert b"application/problem+json" in head
            document = json.loads(body)
            assert (document["type"], document["status"]) == (f"/problems/{kind}", status)


def test_an_address_whose_connections_are_all_being_answered_gets_no_more(tmp_path, postgres):
    settings = "[http]\nmax_connections_per_address = 4\n"
    with contextlib.closing(Served(tmp_path, postgres, settings)) as node, contextlib.ExitStack() as stack:
        node.start()
        key = node.key("credentials:write")
        for number in range(4):
            head = f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nIdempotency-Key: {number}\r\n"
            body = "Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\nrecord,student\r\n"
            silent(node, stack, 1, "127.0.0.3", (head + body).encode())
        until(lambda: len(list((node.home / "spool").glob("*"))) == 4, 60)
        with asking(node, "127.0.0.3") as client:
            refused = client.get("/health")
        problem(refused, 429, "too-many-connections")
        assert int(refused.headers["retry-after"]) > 0
        assert answers(node, "127.0.0.2")


LARGE = b"GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"


def unread(node, stack, count, address="127.0.0.1", says=LARGE * 20):
    """Connections of one address on which much is asked and nothing is read."""
    made = []
    for _ in range(count):
        connection = stack.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.bind((address, 0))
        connection.connect(place(node))
        connection.sendall(says)
        made.append(connection)
    return made


def test_clients_that_ask_and_do_not_read_give_way_to_those_who_do(tmp_path, postgres):
    settings = "[http]\nmax_connections = 8\nmax_connections_per_address = 2\n"
    with contextlib.closing(Served(tmp_path, postgres, settings)) as node, contextlib.ExitStack() as stack:
        node.start()
        for number in range(1, 13):
            unread(node, stack, 2, f"127.0.4.{number}")
        with asking(node, "127.0.0.2") as client:
            for path in ("/health", "/v1/members", "/health"):
                assert client.get(path).status_code == 200


def test_clients_that_leave_before_they_are_answered_leave_nothing_in_the_log(tmp_path, postgres):
    with contextlib.closing(Served(tmp_path, postgres)) as node:
        node.start()
        before = len(node.said.splitlines())
        with contextlib.ExitStack() as leaving:
            unread(node, leaving, 20, "127.0.0.6")
            unread(node, leaving, 20, "127.0.0.6", b"GET /v1/members HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            half = b"POST /v1/achievements HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
            unread(node, leaving, 20, "127.0.0.6", half)
            unread(node, leaving, 20, "127.0.0.6", b"no request at all\r\n\r\n")
            with asking(node, "127.0.0.2") as client:
                assert client.get("/v1/members").status_code == 200
        port = place(node)[1]
        until(lambda: not any(connections_to(port, None)), 60)
        assert answers(node, "127.0.0.2")
        for line in node.said.splitlines()[before:]:
            assert json.loads(line)["event"] == "http.answered", line


def test_a_request_for_a_websocket_is_refused_and_one_for_another_protocol_is_answered(serving):
    before = len(serving.said.splitlines())
    upgrade = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n"
    with contextlib.ExitStack() as stack:
        refused, answered = (
            last_words(*silent(serving, stack, 1, says=upgrade % protocol)) for protocol in (b"websocket", b"h2c")
        )
    assert refused.startswith(b"HTTP/1.1 400 ")
    assert b"no WebSockets" in refused
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answered
    assert all(line.startswith("{") for line in serving.said.splitlines()[before:])


def test_a_connection_with_too_many_requests_ahead_of_their_answers_ends(serving):
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    with contextlib.ExitStack() as stack:
        [good] = silent(serving, stack, 1, says=request * MAX_PIPELINED + request[:-2] + b"Connection: close\r\n\r\n")
        assert last_words(good).count(b"HTTP/1.1 200 OK") == MAX_PIPELINED + 1
        [bad] = silent(serving, stack, 1, says=request * 5000)
        assert last_words(bad).count(b"HTTP/1.1") <= MAX_PIPELINED + 1


def test_a_body_that_is_too_large_ends_the_connection_as_its_answer_says(serving):
    key, size = serving.key("achievements:write"), 3_000_000
    head = f"POST /v1/achievements HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nIdempotency-Key: l\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        [connection] = silent(serving, stack, 1, says=head.encode())
        said = connection.recv(65536)  # what is announced is enough to refuse it
        assert said.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in said
        connection.sendall(b"x" * size + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        while piece := connection.recv(65536):  # neither a reset nor another answer
            said += piece
        assert said.count(b"HTTP/1.1 ") == 1
        assert b"/problems/too-large" in said


def test_a_client_that_reads_nothing_is_let_go(tmp_path, postgres):
    settings = "[http]\npatience_seconds = 0.5\n"
    with contextlib.closing(Served(tmp_path, postgres, settings)) as node, contextlib.ExitStack() as stack:
        node.start()
        [connection] = unread(node, stack, 1)
        until(lambda: not any(connections_to(place(node)[1], connection.getsockname()[1])), 30)


def connections_to(port, client_port):
    """The server's ends of connections that are still open (from Linux's own table); of one client, or of all."""
    with Path("/proc/net/tcp").open() as table:
        for line in table.readlines()[1:]:
            local, remote, state = line.split()[1:4]
            if int(local.rpartition(":")[2], 16) == port and state in ("01", "08"):
                yield client_port in (None, int(remote.rpartition(":")[2], 16))
