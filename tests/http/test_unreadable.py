"""Bytes that nobody can read: every operation answers with a problem document, and never fails."""

import json

import httpx
import pytest

from registry.http.json_body import MAX_DEPTH
from registry.http.problems import PROBLEM_TYPES
from tests.http.test_access import operations
from tests.support.served import achievement, once, problem, row

DEEP = 5000
UNREADABLE = {
    "Latin-1": '{"record": "André", "reason": "é"}'.encode("latin-1"),
    "UTF-16": '{"record": "r"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"record": "r"}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a field": b'{"record":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep and cut short": b"[" * DEEP,
    "deeper than allowed": b'{"record":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "half of a surrogate pair": rb'{"record": "\ud800"}',
    "an escaped U+0000": rb'{"record": "\u0000"}',
    "U+0000": b'{"record": "\x00"}',
    "nothing": b"",
    "blanks": b" \n\t",
    "cut short": b'{"record": "r',
    "no number": b'{"record": NaN}',
    "a number without end": b'{"record": ' + b"9" * DEEP + b"}",
    "infinity": b'{"record": 1e999}',
    "a list": b"[]",
    "a text": b'"record"',
    "a number": b"7",
    "null": b"null",
    "a name twice": b'{"record": "r", "record": "s"}',
}


def with_wrong_types(schema):
    """A body for each field of a schema, in which that field has a type that it cannot have."""
    for name in schema.get("properties", {}):
        for value in ({"\u0001": []}, [[[]]], -0.5, True):
            yield json.dumps({name: value}).encode()


@pytest.fixture(scope="module")
def bodies(node):
    """The operations that take a body: id, method, path, media types, and the schema of a JSON body."""
    document = node.anybody().get("/openapi.json").json()
    paths = {name: (method, path) for name, method, path, _ in operations(node)}
    found = []
    for methods in document["paths"].values():
        for operation in methods.values():
            if "requestBody" not in operation:
                continue
            content = operation["requestBody"]["content"]
            schema = content.get("application/json", {}).get("schema", {})
            if "$ref" in schema:
                schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            found.append((operation["operationId"], *paths[operation["operationId"]], list(content), schema))
    return found


def test_no_operation_fails_over_bytes_that_cannot_be_read(node, bodies):
    system, sent, failed_before = node.client(), 0, len(node.logged("http.failed"))
    for name, method, path, media, schema in bodies:
        hostile = [*UNREADABLE.items(), *(("a wrong type", body) for body in with_wrong_types(schema))]
        for kind in media:
            for what, body in hostile:
                sent += 1
                headers = {"Content-Type": kind, **once(f"unreadable {sent}")}
                answer = system.request(method, path, content=body, headers=headers)
                if name == "createBatch" and answer.status_code == httpx.codes.ACCEPTED:
                    continue  # its rows are judged later, each by itself
                if name == "verifyDocument" and answer.status_code == httpx.codes.OK:
                    assert answer.json()["verdict"] in ("invalid", "cannotTell"), what
                    continue  # any bytes may be shown as a document
                assert 400 <= answer.status_code < 500, (name, what, answer.status_code, answer.text)
                assert answer.headers["content-type"].startswith("application/problem+json"), (name, what)
                assert answer.json()["type"].rpartition("/")[2] in PROBLEM_TYPES
    assert len(bodies) > 30
    assert sent > 30 * len(UNREADABLE)
    assert not node.logged("http.failed")[failed_before:]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (UNREADABLE["Latin-1"], "is not UTF-8: see byte 17"),
        (UNREADABLE["deep in a field"], "is nested too deep; 64 levels at most"),
        (UNREADABLE["deeper than allowed"], "is nested too deep; 64 levels at most"),
        (UNREADABLE["a name twice"], "an object has the name 'record' twice"),
        (b'{\n  "record": r}', "cannot be read as JSON: see line 2, column 13"),
        (UNREADABLE["half of a surrogate pair"], "cannot be read as JSON"),
        (UNREADABLE["nothing"], "is empty; a JSON object is needed"),
    ],
)
def test_a_body_that_cannot_be_read_is_told_where_and_why(node, body, says):
    client = node.client("credentials:write")
    sent = {"Content-Type": "application/json", **once("why")}
    told = problem(client.post("/v1/credentials", content=body, headers=sent), 400, "invalid")
    assert [(one["where"], one["detail"]) for one in told["errors"]] == [("$", says)]


def test_a_name_twice_deep_in_a_body_is_refused_too(node):
    text = json.dumps(achievement()).replace('"title": {', '"title": {"en": "Another title", ', 1)
    assert text.count('"en"') > json.dumps(achievement()).count('"en"')
    sent = {"Content-Type": "application/json", **once("twice")}
    answer = node.client("achievements:write").post("/v1/achievements", content=text, headers=sent)
    assert "twice" in problem(answer, 400, "invalid")["errors"][0]["detail"]


def test_u_0000_in_a_field_is_told_with_its_place(node, offer):
    body = row(offer, "null", note="a\u0000b")
    answer = node.client("credentials:write").post("/v1/credentials", json=body, headers=once("null"))
    told = problem(answer, 422, "unprocessable")
    assert [one["where"] for one in told["errors"]] == ["$.note"]


@pytest.mark.parametrize("name", ["a" * 5000, "a" * 256, "..%2f..%2fetc%2fpasswd", "%ED%A0%80", "nothing.js"])
def test_a_name_of_no_file_is_not_found_however_long_it_is(node, name):
    failed_before = len(node.logged("http.failed"))
    for folder in ("/docs/static", "/problems"):
        problem(node.anybody().get(f"{folder}/{name}"), 404, "not-found")
    assert not node.logged("http.failed")[failed_before:]


def test_the_files_of_the_documentation_are_there(node):
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        answer = node.anybody().get(f"/docs/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript", "application/javascript"))
        assert len(answer.content) > 10_000
