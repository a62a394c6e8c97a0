"""Tokens from a real OAuth server, as a university's systems get them."""

import contextlib
import subprocess

import httpx
import pytest

from registry.http.access import SCOPES
from tests.support.command import until
from tests.support.served import Served, achievement, once, problem, row

AUDIENCE = "https://registry.twente.example"


@pytest.fixture(scope="module")
def oauth(npm_checks):
    command = ["node", "oauth.js", AUDIENCE, " ".join(SCOPES)]
    with subprocess.Popen(command, cwd=npm_checks, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def serving(tmp_path_factory, postgres, oauth):
    settings = f'[oauth]\nissuer = "{oauth}"\naudience = "{AUDIENCE}"\njwks = "{oauth}/jwks"\n'
    with contextlib.closing(Served(tmp_path_factory.mktemp("oauth"), postgres, settings)) as made:
        yield made.start()


def token(oauth, client, scope):
    answer = httpx.post(
        f"{oauth}/token", auth=(client, f"{client} secret"),
        data={"grant_type": "client_credentials", "scope": scope},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def test_a_system_gets_a_token_and_issues_a_credential(serving, oauth):
    system = serving.bearer(token(oauth, "campus", "achievements:write credentials:write"))
    offer = system.post("/v1/achievements", json=achievement(), headers=once("offer")).json()["achievement"]
    issued = system.post("/v1/credentials", json=row(offer), headers=once("issue"))
    assert issued.status_code == 201, issued.text
    until(lambda: "client:campus" in {line["caller"] for line in serving.logged("http.answered")})


def test_a_token_does_what_was_asked_for_and_granted(serving, oauth):
    system = serving.bearer(token(oauth, "portal", "batches:read"))
    assert system.get("/v1/batches").status_code == 200
    problem(system.post("/v1/credentials", json=row("x"), headers=once("x")), 403, "scope-missing")
    foreign = serving.bearer(token(oauth, "campus-of-lund", "batches:read"))
    problem(foreign.get("/v1/batches"), 403, "other-member")
