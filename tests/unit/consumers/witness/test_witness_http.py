"""A witness over HTTP, and the client that asks it: what each answers, and what neither takes for a cosignature."""

import threading
from datetime import UTC, datetime

import httpx
import pytest
from litestar.testing import TestClient

from consumers.witness.witness import Witness
from consumers.witness.witness_client import WitnessRefused, WitnessUnavailable, add_checkpoint, newest
from consumers.witness.witness_http import Followed, create_app
from registry.wire import commit, merkle
from registry.wire.keys import Ed25519Signer
from tests.support.streams import CONSORTIUM, Consortium, new_id

NAME = "witness.example/w1"
URL = "https://witness.example/"
ORIGIN = f"{CONSORTIUM}/twente"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def consortium():
    return Consortium("twente")


@pytest.fixture
def twente(consortium):
    """A member with two heads: of 1 leaf, and of 4."""
    university = consortium.universities["twente"]
    university.achievement, published = university.publish()
    university.seal(published)
    university.seal(*[university.issue(university.achievement, new_id())[1] for _ in range(3)])
    return university


@pytest.fixture
def witness(consortium, twente, tmp_path):
    """One that has seen the first head only."""
    log = consortium.log()
    log.cut(twente.member, 1)
    made = Witness(log, CONSORTIUM, consortium.founded, NAME, Ed25519Signer.generate(NAME), tmp_path, clock=lambda: NOW)
    made.follow()
    return made


@pytest.fixture
def followed():
    return Followed()


@pytest.fixture
def server(witness, followed, monkeypatch):
    """Its server, which also answers what the client asks."""
    with TestClient(create_app(witness, threading.Lock(), followed), raise_server_exceptions=False) as client:
        monkeypatch.setattr(
            "httpx.request",
            lambda method, url, **more: client.request(method, url.removeprefix(URL.rstrip("/")), **more),
        )
        yield client


def head(record):
    return commit.parse(record).note


def consistency(university):
    leaves = [leaf for record in university.records for leaf in commit.parse(record).leaves()]
    return lambda old, size: merkle.consistency_proof(old, size, merkle.subtree_of(leaves))


def answers(monkeypatch, status, text):
    """Let every witness answer this."""
    request = httpx.Request("GET", URL)
    monkeypatch.setattr("httpx.request", lambda *_, **__: httpx.Response(status, text=text, request=request))


def test_a_head_that_extends_the_last_one_is_cosigned_and_found_afterwards(server, witness, twente):
    note = head(twente.records[1])
    cosigned = add_checkpoint(URL, note, consistency(twente))
    assert cosigned.signatures[:-1] == note.signatures
    assert witness.key.time_of(cosigned) == NOW
    kept = newest(URL, ORIGIN)
    assert (kept.checkpoint.size, witness.key.time_of(kept)) == (4, NOW)
    assert server.get("/cosigned/at", params={"origin": ORIGIN, "size": 1}).text.split("\n")[1] == "1"


@pytest.mark.usefixtures("server")
def test_a_head_that_was_cosigned_already_is_cosigned_again(witness, twente):
    assert witness.key.time_of(add_checkpoint(URL, head(twente.records[0]), consistency(twente))) == NOW


@pytest.mark.usefixtures("server")
def test_a_head_that_is_no_extension_is_refused_with_the_witnesss_reason(twente):
    with pytest.raises(WitnessRefused, match="answers 422"):
        add_checkpoint(URL, head(twente.records[1]), lambda *_: [bytes(32)])


@pytest.mark.usefixtures("server")
def test_a_head_before_the_last_one_is_not_sent_again_and_again(twente):
    add_checkpoint(URL, head(twente.records[1]), consistency(twente))
    with pytest.raises(WitnessRefused, match="has seen 4 leaves already, and this head has 1"):
        add_checkpoint(URL, head(twente.records[0]), consistency(twente))


def test_of_an_origin_without_a_cosigned_head_there_is_none(server):
    assert newest(URL, f"{CONSORTIUM}/lund") is None
    answer = server.get("/cosigned/at", params={"origin": ORIGIN, "size": 2})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["title"] == "this witness has cosigned no such head"


def test_a_body_that_is_no_text_or_too_long_is_refused(server):
    assert server.post("/add-checkpoint", content=b"\xff").status_code == 400
    assert server.post("/add-checkpoint", content=b"x" * (64 * 1024 + 1)).status_code == 413


def test_the_key_is_the_one_that_members_enter(server, witness):
    assert server.get("/key").text == f"{witness.key}\n"


def test_health_says_what_is_followed_and_why_it_is_not(server, followed, monkeypatch):
    healthy = server.get("/health")
    assert (healthy.status_code, healthy.json()) == (
        200,
        {"status": "ok", "logs": 2, "not_followed": [], "caught": []},
    )
    followed.error = "the log's disk is away"
    answer = server.get("/health")
    assert (answer.status_code, answer.json()["detail"]) == (503, "the log's disk is away")
    followed.now()
    assert server.get("/health").status_code == 200
    monkeypatch.setattr(Followed, "fault", "the log was last followed 121 seconds ago")
    assert server.get("/health").json()["detail"] == "the log was last followed 121 seconds ago"


def test_a_member_with_two_histories_is_shown_with_both_heads(server, twente):
    fork, _ = commit.sign_commit(ORIGIN, merkle.Tree(), [twente.issue(twente.achievement, new_id())[1]], twente.signers)
    with pytest.raises(WitnessRefused, match="answers 422"):
        add_checkpoint(URL, head(fork), consistency(twente))
    [caught] = server.get("/caught").json()
    assert (caught["origin"], caught["size"], len(caught["notes"])) == (ORIGIN, 1, 2)
    assert server.get("/health").json()["caught"] == [ORIGIN]


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (OSError(28, "No space left on device"), 503, "this witness cannot write to its disk now"),
        (RuntimeError("a secret"), 500, "internal error; see the witness's log"),
    ],
)
def test_a_failure_is_answered_without_its_cause(server, witness, monkeypatch, error, status, title):
    def fail(_):
        raise error

    monkeypatch.setattr(witness, "add_checkpoint", fail)
    answer = server.post("/add-checkpoint", content=b"old 0\n")
    assert (answer.status_code, answer.json()["title"]) == (status, title)
    assert "secret" not in answer.text
    assert answer.headers.get("retry-after") == ("30" if status == 503 else None)


@pytest.mark.parametrize(
    ("status", "text", "reason"), [(500, "", "answers 500"), (200, "<html>", "answers with no note")]
)
def test_what_does_not_answer_as_a_witness_is_unavailable(monkeypatch, status, text, reason):
    answers(monkeypatch, status, text)
    with pytest.raises(WitnessUnavailable, match=reason):
        newest(URL, ORIGIN)


def test_a_cosignature_that_is_none_is_not_added(monkeypatch, twente):
    answers(monkeypatch, 200, "thank you\n")
    with pytest.raises(WitnessUnavailable, match="answers with no signature"):
        add_checkpoint(URL, head(twente.records[0]), consistency(twente))


def test_a_witness_that_names_another_size_each_time_is_given_up(monkeypatch, twente):
    sizes = iter("123")
    request = httpx.Request("POST", URL)
    monkeypatch.setattr("httpx.request", lambda *_, **__: httpx.Response(409, text=next(sizes), request=request))
    with pytest.raises(WitnessRefused, match="keeps naming other sizes"):
        add_checkpoint(URL, head(twente.records[1]), consistency(twente))


@pytest.mark.parametrize("size", ["", "-1", "four", "9" * 20])
def test_a_size_that_is_none_is_not_proved_from(monkeypatch, twente, size):
    answers(monkeypatch, 409, size)
    with pytest.raises(WitnessRefused, match="answers 409"):
        add_checkpoint(URL, head(twente.records[1]), consistency(twente))


def test_a_witness_that_cannot_be_reached_is_tried_again_and_then_said(monkeypatch):
    tries = []

    def refuse(*_, **__):
        tries.append(1)
        raise httpx.ConnectError("connection refused")

    monkeypatch.setattr("httpx.request", refuse)
    with pytest.raises(WitnessUnavailable, match=r"witness\.example/cosigned/newest cannot be reached"):
        newest(URL, ORIGIN)
    assert len(tries) == 3
