"""What is away: PostgreSQL, the keys of an issuer, a process that answers. Nothing is lost, and it is said."""

import contextlib
import os
import signal

import httpx
import pytest

from tests.support.command import registry, until
from tests.support.served import Served, achievement, once, problem, row


@pytest.fixture
def own(tmp_path, postgres):
    with contextlib.closing(
        Served(tmp_path, postgres, "[http]\nper_minute_anybody = 40\nfailures_per_minute = 30\n")
    ) as made:
        yield made.start()


def test_while_postgresql_is_away_clients_are_told_to_come_again_and_then_it_goes_on(own, postgres):
    system = own.client("achievements:write", "credentials:write")
    offer = system.post("/v1/achievements", json=achievement(), headers=once("a")).json()["achievement"]
    anybody, before = own.anybody(), own.anybody().get("/v1/members")
    reader, person = own.browser(), own.sign_in("clerk")
    credential = system.post("/v1/credentials", json=row(offer, "r0"), headers=once("r0")).json()["credential"]
    verified = f"/verify/twente/{credential}"
    until(lambda: reader.get(verified).status_code == 200, 30)
    assert "As of" not in reader.get("/members").text
    postgres.stop()
    try:
        page = reader.get("/members")
        assert page.status_code == 200
        assert "As of" in page.text
        assert "Twente" in page.text
        assert int(page.headers["age"]) >= 0
        cannot_tell = reader.get(verified)  # the last page said that it is valid; it may have been revoked since
        assert (cannot_tell.status_code, "We cannot tell at the moment" in cannot_tell.text) == (503, True)
        for away in (reader.get("/members/twente"), person.get("/members"), person.get("/account")):
            assert away.status_code == 503
            assert "Temporarily unavailable" in away.text
        old = anybody.get("/v1/members")
        assert (old.status_code, old.json()) == (200, before.json())
        assert old.headers["registry-position"] == before.headers["registry-position"]
        assert int(old.headers["age"]) >= 0
        assert "database away" in old.headers["cache-status"]
        problem(anybody.get("/v1/members/twente"), 503, "unavailable")  # which nobody had asked
        problem(anybody.get("/v1/members", headers={"Registry-Wait-For": "twente:1"}), 503, "unavailable")
        for ask in (
            lambda: system.get("/v1/members"),
            lambda: system.get("/ready"),
            lambda: system.post("/v1/credentials", json=row(offer), headers=once("r1")),
        ):
            answer = ask()
            problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert system.get("/health").status_code == 200
    finally:
        postgres.start()
    until(lambda: system.get("/ready").status_code == 200, 30)
    assert "age" not in anybody.get("/v1/members").headers
    assert "As of" not in reader.get("/members").text
    # lost connections are nobody's to notice: the first write succeeds
    assert system.post("/v1/credentials", json=row(offer), headers=once("r1")).status_code == 201
    again = system.post("/v1/credentials", json=row(offer), headers=once("r1"))
    assert again.status_code == 201
    until(lambda: system.get(again.headers["location"]).status_code == 200, 30)


def test_a_process_that_answers_and_dies_is_replaced(own):
    spawned = own.children()
    assert len(spawned) == 2  # one answers, one works through batches
    for pid in spawned:
        os.kill(pid, signal.SIGKILL)

    def answers():
        with contextlib.suppress(httpx.TransportError):
            return own.anybody().get("/health").status_code == 200

    until(answers, 30)
    assert len(own.logged("serve.process_died")) == 2


def test_whoever_asks_too_much_is_told_when_to_come_again(own):
    client = own.anybody()
    answers = [client.get("/v1/members") for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    problem(refused[0], 429, "too-many-requests")
    assert 0 < int(refused[0].headers["retry-after"]) <= 60
    assert own.client("batches:read").get("/v1/batches").status_code == 200  # others are not held up


def test_whoever_guesses_keys_is_told_to_stop_and_good_keys_go_on(own):
    system = own.client("batches:read")
    assert system.get("/v1/batches").status_code == 200
    bad = [{"X-API-Key": f"reg_{number:016x}_{'A' * 43}"} for number in range(40)]
    bad += [{"X-API-Key": "letmein"}, {"Authorization": "Bearer abc"}, {"Authorization": "Basic YTpi"}]
    answers = [httpx.get(f"{own.url}/v1/members", headers=headers) for headers in bad]
    assert {answer.status_code for answer in answers[:30]} == {401}
    for answer in answers[30:]:
        assert "invalid keys or tokens" in problem(answer, 429, "too-many-requests")["detail"]
        assert 0 < int(answer.headers["retry-after"]) <= 60
    assert system.get("/v1/batches").status_code == 200
    assert httpx.get(f"{own.url}/v1/members").status_code == 200


def test_a_hangup_ends_nothing_and_is_said_to_be_ignored(own):
    os.killpg(own.process.pid, signal.SIGHUP)  # as a closed terminal does: to all of its processes
    until(lambda: "SIGHUP: ignored" in own.said)
    own.process.send_signal(signal.SIGHUP)  # as `ExecReload=kill -HUP` does
    until(lambda: own.said.count("SIGHUP: ignored") == 2)
    assert own.anybody().get("/ready").status_code == 200
    assert not own.logged("serve.process_died")
    assert own.stop() == 0


def test_the_log_level_of_the_command_line_reaches_the_processes_that_answer(tmp_path, postgres):
    with contextlib.closing(Served(tmp_path, postgres, log_level="error")) as node:
        node.start(options=("--log-level", "info"))
        node.anybody().get("/v1/members")
        until(lambda: node.logged("http.answered"))


def test_it_ends_cleanly_and_a_port_that_is_taken_is_said(own):
    port = own.url.rpartition(":")[2]
    said = registry("serve", "--port", port, "--http-only", home=own.home, check=3)
    assert f"cannot listen at 127.0.0.1 port {port}" in said.stderr
    assert own.stop() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{own.url}/health")
