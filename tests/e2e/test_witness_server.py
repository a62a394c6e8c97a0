"""A witness's server under clients that mean ill: it refuses, it never fails, and it goes on following."""

import contextlib
import json
import re
import signal
import socket

import httpx
import pytest

from tests.support.command import Consortium, registry, started, until

ADDRESS = re.compile(r"is running at (http://[0-9.]+:\d+)")
FEW_DESCRIPTORS = ["bash", "-c", 'ulimit -n 128; exec "$0" "$@"']
ORIGIN = "test.example/twente"


@pytest.fixture
def consortium(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    made.run("import", "file", made.rows(made.offer(), 3))
    registry(
        "witness", "init", tmp_path / "w1", "--name", "w1.example", "--consortium", "test.example",
        "--founded", made.founded, "--log", f"file:{tmp_path / 'log'}",
    )  # fmt: skip
    return made


@contextlib.contextmanager
def running(consortium, before=()):
    with started(
        "witness",
        "run",
        consortium.folder / "w1",
        "--port",
        0,
        says="is running",
        seconds=120,
        before=before,
    ) as process:
        yield process, ADDRESS.search(process.output.read_text())[1]


def cosigned(client):
    """The size of the member's newest cosigned head; 0 where there is none yet."""
    answer = client.get("/cosigned/newest", params={"origin": ORIGIN})
    return int(answer.text.split("\n")[1]) if answer.status_code == 200 else 0


def test_nothing_that_is_asked_of_a_witness_makes_it_fail(consortium):
    with running(consortium) as (process, url), httpx.Client(base_url=url, timeout=30) as client:
        until(lambda: cosigned(client) > 0)
        for origin in ("a" * 256, "a" * 5000, "%00", "..%2f..%2fetc", "%ED%A0%80", "", "%2f" * 300, "other.example"):
            for path in (f"/cosigned/newest?origin={origin}", f"/cosigned/at?size=1&origin={origin}"):
                refused(client.get(path))
        for size in ("9" * 5000, "-1", "1e3", "NaN", "", "400000"):
            refused(client.get(f"/cosigned/at?origin={ORIGIN}&size={size}"))
        for path in ("/cosigned/newest", "/cosigned/at", "/nothing"):
            refused(client.get(path))
        for body in (b"", b"\xe9", b"\x00", b"old 0\n\n", b"old 0\n\n" + b"x" * 60_000, b"\n\n\n\n", b"[" * 5000):
            assert client.post("/add-checkpoint", content=body).status_code in (400, 403, 404), body[:20]
        assert client.post("/add-checkpoint", content=b"x" * 10_000_000).status_code == 413
        assert client.get("/health").json()["logs"] == 2
        assert "witness.failed" not in process.output.read_text()


def refused(answer):
    assert answer.status_code in (400, 404), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


def test_a_witness_with_few_descriptors_goes_on_following_and_answering_under_silent_clients(consortium):
    with running(consortium, FEW_DESCRIPTORS) as (process, url), contextlib.ExitStack() as stack:
        transport = httpx.HTTPTransport(local_address="127.0.0.2")
        client = stack.enter_context(httpx.Client(base_url=url, timeout=30, transport=transport))
        until(lambda: cosigned(client) > 0)
        before = cosigned(client)
        host, _, port = url.removeprefix("http://").partition(":")
        for address in ("127.0.0.1", "127.0.0.3", "127.0.0.4", "127.0.0.5"):
            for _ in range(100):
                connection = stack.enter_context(socket.create_connection((host, int(port)), 60, (address, 0)))
                with contextlib.suppress(ConnectionError):
                    connection.sendall(b"GET /key HTTP/1.1\r\nHost: x\r\n")
        assert client.get("/key").status_code == 200
        consortium.offer()
        consortium.run("publish")
        until(lambda: cosigned(client) > before, 40)
        assert "Too many open files" not in process.output.read_text()


def test_a_witness_whose_log_is_gone_says_that_it_does_not_follow_it(consortium):
    log = consortium.folder / "log"
    with running(consortium) as (_, url):
        until(lambda: httpx.get(f"{url}/health").status_code == 200)
        log.rename(consortium.folder / "elsewhere")
        until(lambda: httpx.get(f"{url}/health").status_code == 503, 30)
        assert httpx.get(f"{url}/health").json()["title"] == "this witness does not follow the log"
        (consortium.folder / "elsewhere").rename(log)
        until(lambda: httpx.get(f"{url}/health").status_code == 200, 30)


def test_a_slow_client_of_a_witness_is_let_go(consortium):
    with running(consortium) as (_, url), contextlib.ExitStack() as stack:
        host, _, port = url.removeprefix("http://").partition(":")
        connection = stack.enter_context(socket.create_connection((host, int(port)), 60))
        connection.sendall(b"GET /key HTTP/1.1\r\nHost: x\r\n")
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        assert json.loads(body)["status"] == 408


def test_a_witness_that_is_hung_up_on_says_that_it_ignores_it_and_ends_at_sigterm(consortium):
    with running(consortium) as (process, url):
        process.send_signal(signal.SIGHUP)
        until(lambda: "SIGHUP: ignored" in process.output.read_text())
        assert httpx.get(f"{url}/health").status_code == 200
        said = registry("witness", "run", consortium.folder / "w1", "--port", url.rpartition(":")[2], check=3)
        assert "cannot listen at 127.0.0.1" in said.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
