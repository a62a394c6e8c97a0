"""Answers that are the same for everybody."""

import gzip

import pytest
from litestar import Request, Response, get
from litestar.testing import create_test_client

from registry.http.constant_response import ConstantResponse
from registry.http.responses import ResponseMiddleware

BODY = b"all of it, again and again. " * 1000


@pytest.fixture
def served(monkeypatch):
    """A client of one such answer, and how often something was compressed."""
    compressed, compress = [], gzip.compress
    monkeypatch.setattr(gzip, "compress", lambda *a, **more: compressed.append(1) or compress(*a, **more))
    constant = ConstantResponse(BODY, "text/plain")

    @get("/", uncompressed=True, sync_to_thread=False)
    def handler(request: Request) -> Response[bytes]:
        return constant.answer(request)

    with create_test_client(handler, middleware=[ResponseMiddleware]) as client:
        yield client, compressed


def test_it_is_compressed_once_however_often_it_is_asked_for(served):
    client, compressed = served
    for _ in range(5):
        answer = client.get("/", headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert (answer.headers["content-encoding"], answer.content) == ("gzip", BODY)
        assert answer.headers["vary"] == "Accept-Encoding"
    assert len(compressed) == 1


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "gzip; q=0.000", "gzipped", ""])
def test_who_does_not_take_gzip_gets_it_as_it_is(served, accepted):
    client, compressed = served
    answer = client.get("/", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert answer.content == BODY
    assert not compressed


def test_each_form_has_its_tag_and_who_has_it_is_told_so(served):
    client, _ = served
    tags = {}
    for accepted in ("gzip", "identity"):
        tags[accepted] = client.get("/", headers={"Accept-Encoding": accepted}).headers["etag"]
        asked = {"Accept-Encoding": accepted, "If-None-Match": tags[accepted]}
        again = client.get("/", headers=asked)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tags[accepted])
    assert tags["gzip"] != tags["identity"]
