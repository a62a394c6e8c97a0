"""Who means ill: others' credentials, bodies without end, clients that hold a connection, texts that would be run."""

import contextlib
import csv
import io
import json
import socket

import psycopg
import pytest

from projections.catalogue.search import MAX_PAGE_BYTES
from registry.node.node import open_node
from tests.bench.data import achievement as content
from tests.support.command import until
from tests.support.node import request
from tests.support.served import achievement, csv_of, once, problem, row
from tests.support.streams import new_id

TEN_GIGABYTES = 10 * 1024**3
TEXTS = (
    "'; DROP TABLE views.credentials; --",
    '" OR ""="',
    "1) UNION SELECT secret FROM access.keys --",
    "\\x27; SELECT pg_sleep(30)",
    "%(member)s %s %d {0} ${x}",
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "\u202egnp.exe",
    "../../etc/passwd",
    "\u0000",
)


@contextlib.contextmanager
def connected(node, head):
    """A connection on which a request has begun."""
    host, _, port = node.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as made:
        made.sendall(head.encode())
        yield made


def head(path, key, *more):
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"X-API-Key: {key}", "Idempotency-Key: ill", *more]
    return "\r\n".join([*lines, "", ""])


def answered(connection):
    """All that comes until the server closes; nothing is lost by a reset that follows."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            said += piece
    return said


def test_a_credential_of_another_member_is_out_of_reach(reading):
    system = reading.client()
    with open_node(reading.lund) as lund:
        offered = new_id()
        lund.registry.achievements.publish(content("lund", offered))
        theirs = lund.issuer.issue([request(1, offered)])[0].credential
        lund.publisher().publish_pending()
    until(lambda: reading.anybody().get(f"/v1/credentials/lund/{theirs}").status_code == 200)
    for change in ("suspend", "reinstate", "revoke"):
        body = None if change == "reinstate" else {"reason": "issuedInError"}
        answer = system.post(f"/v1/credentials/{theirs}/{change}", json=body, headers=once(f"ill {change}"))
        assert problem(answer, 404, "not-found")["code"] == "unknown-credential"
    problem(system.post(f"/v1/achievements/{offered}/retire", headers=once("ill retire")), 404, "not-found")
    found = reading.anybody().get(f"/v1/credentials/lund/{theirs}").json()
    assert (found["status"], found["member"]) == ("active", "lund")


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/credentials", "/v1/achievements"])
def test_ten_gigabytes_that_are_announced_are_refused_before_any_is_sent(node, path):
    key = node.key("credentials:write", "achievements:write")
    kind = "text/csv" if path == "/v1/batches" else "application/json"
    with connected(node, head(path, key, f"Content-Type: {kind}", f"Content-Length: {TEN_GIGABYTES}")) as made:
        said = b""
        while b"/problems/too-large" not in said and (piece := made.recv(65536)):
            said += piece
    assert b" 413 " in said.split(b"\r\n")[0]
    assert b"/problems/too-large" in said


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/credentials"])
def test_ten_gigabytes_that_are_not_announced_are_cut_off_at_the_limit(node, path):
    key = node.key("credentials:write", "batches:read")
    kind = "text/csv" if path == "/v1/batches" else "application/json"
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    begun = head(path, key, f"Content-Type: {kind}", "Transfer-Encoding: chunked")
    with connected(node, begun) as made, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while sent < TEN_GIGABYTES:
            made.sendall(piece)
            sent += 0x10000
    assert sent < 200 * 1024**2
    kept = sum(file.stat().st_size for file in (node.home / "spool").glob("*")) if (node.home / "spool").exists() else 0
    assert kept < 50 * 1024**2
    assert node.anybody().get("/health").status_code == 200


def test_clients_that_never_end_their_headers_are_let_go_and_hold_nobody_up(node):
    with contextlib.ExitStack() as slow:
        held = [slow.enter_context(connected(node, "GET /v1/members HTTP/1.1\r\nHost: x\r\n")) for _ in range(150)]
        silent = slow.enter_context(connected(node, ""))
        assert node.anybody().get("/v1/members").status_code == 200
        for connection in (held[0], held[-1], silent):
            assert answered(connection).startswith(b"HTTP/1.1 408 ")
        assert node.anybody().get("/v1/members").status_code == 200


def test_a_small_body_that_trickles_is_let_go(node):
    key = node.key("credentials:write")
    begun = head("/v1/credentials", key, "Content-Type: application/json", "Content-Length: 1000")
    with connected(node, begun + '{"record":') as made:
        assert answered(made).startswith(b"HTTP/1.1 408 ")


def test_headers_without_end_are_refused(node):
    with connected(node, "GET /v1/members HTTP/1.1\r\n") as made, contextlib.suppress(ConnectionError):
        for number in range(200):
            made.sendall(f"X-{number}: {'x' * 1000}\r\n".encode())
        assert answered(made).startswith(b"HTTP/1.1 431 ")
    assert node.anybody().get("/health").status_code == 200


def counted(node):
    """How much there is that an injection could have changed."""
    tables = ("views.credentials", "views.achievements", "views.members", "access.keys", "vault.learners")
    with psycopg.connect(node.dsn) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]


def reads(description):
    """Every text that a reading operation takes: its path, and how to ask with another text."""
    for path, methods in description["paths"].items():
        operation = methods.get("get")
        if operation is None or operation["operationId"] == "streamFeed":
            continue
        given = operation.get("parameters", ())
        filled = {p["name"]: _harmless(p["schema"]) for p in given if p["in"] == "path"}
        for one in given:
            if one["in"] == "path":
                yield path, filled | {one["name"]: None}, {}, {}
            elif one["in"] == "query":
                needed = {p["name"]: "2026-01-01" for p in given if p["in"] == "query" and p.get("required")}
                yield path, filled, needed | {one["name"]: None}, {}
            else:
                yield path, filled, {}, {one["name"]: None}


def _harmless(schema):
    if schema.get("format") == "uuid":
        return "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    return "2026" if schema.get("type") == "integer" else "twente"


def put(values, text):
    return {name: text if value is None else value for name, value in values.items()}


def test_no_text_of_any_reading_route_is_run(node):
    """Each parameter of each of them with each hostile text: an answer or a problem, never a failure."""
    system, description = node.client(), node.anybody().get("/openapi.json").json()
    before, asked = counted(node), 0
    for path, filled, query, headers in reads(description):
        for text in TEXTS[asked % 3 :: 3] if len(query) else TEXTS:
            if headers and not (text.isascii() and text.isprintable()):
                continue  # no header can hold it
            quoted = {name: httpx_quoted(value) for name, value in put(filled, text).items()}
            answer = system.get(path.format(**quoted), params=put(query, text), headers=put(headers, text))
            assert answer.status_code < 500, (path, query, text, answer.text)
            if answer.status_code >= 400:
                assert answer.json()["type"].startswith("/problems/")
            asked += 1
    assert asked > 150
    assert counted(node) == before
    assert not node.logged("http.failed")


def httpx_quoted(text):
    return "".join(f"%{byte:02X}" for byte in text.encode()) if not text.isalnum() else text


def leaves(value, path=()):
    """Yield the places of texts in a JSON document."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, name))


def with_text(document, path, text):
    copy = json.loads(json.dumps(document))
    at = copy
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = text
    return copy


def test_no_text_of_any_body_is_run(node, offer):
    system = node.client("credentials:write", "achievements:write")
    full = row(offer, "ill", grade="8", original_grade="8", national_id="1", note="n", valid_until="2030-01-01")
    known = counted(node)
    bodies = [
        ("/v1/credentials", full),
        ("/v1/achievements", achievement()),
        (f"/v1/credentials/{new_id()}/revoke", {"reason": "issuedInError"}),
    ]
    number = 0
    for path, body in bodies:
        for place in leaves(body):
            for text in TEXTS[number % 2 :: 2]:
                number += 1
                sent = with_text(body, place, text)
                if path == "/v1/credentials" and place != ("record",):
                    sent["record"] = f"ill-{number}"
                answer = system.post(path, json=sent, headers=once(f"ill {number}"))
                assert answer.status_code < 500, (path, place, text, answer.text)
    assert number > 80
    now = counted(node)
    assert now[2] == known[2]
    assert all(later >= earlier for earlier, later in zip(known, now, strict=True))
    assert not node.logged("http.failed")


def test_a_formula_in_a_batch_is_refused_and_comes_back_as_text(node, offer):
    system = node.client("credentials:write", "batches:read")
    rows = [row(offer, f"formula-{number}", "s", family_name="Jansen") for number in range(5)]
    for one, name in zip(rows, ("record", "student", "family_name", "given_name", "awarding_date"), strict=True):
        one[name] = "=HYPERLINK(1)"
    made = system.post("/v1/batches", content=csv_of(rows), headers={"Content-Type": "text/csv", **once("formula")})
    path = made.headers["location"]
    until(lambda: system.get(path).json()["state"] == "done", 60)
    assert (system.get(path).json()["refused"], system.get(path).json()["issued"]) == (5, 0)
    told = system.get(f"{path}/problems").json()["items"]
    assert {one["field"] for one in told} == {"record", "student", "family_name", "given_name", "awarding_date"}
    cells = [cell for line in csv.reader(io.StringIO(system.get(f"{path}/corrections").text)) for cell in line]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_long_titles_make_no_page_of_the_catalogue_heavy_and_hide_no_achievement(node):
    system, published = node.client("achievements:write"), set()
    for number in range(24):
        body = achievement() | {"title": {"en": f"heavyweight {number} " + "x" * 50_000}}
        answer = system.post("/v1/achievements", json=body, headers=once(f"heavy {number}"))
        assert answer.status_code == 201, answer.text
        published.add(answer.json()["achievement"])
    asked = {"text": "heavyweight", "limit": 500}
    until(lambda: node.anybody().get("/v1/catalogue", params=asked).json()["total"] == 24)
    listed, cursor, pages = [], None, 0
    while cursor is not None or not pages:
        page = node.anybody().get("/v1/catalogue", params=asked | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text[:300]
        assert len(page.content) < MAX_PAGE_BYTES + 70_000
        listed += [each["achievement"] for each in page.json()["items"]]
        cursor, pages = page.json()["next"], pages + 1
    assert pages == 2
    assert sorted(listed) == sorted(published)
