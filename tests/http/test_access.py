"""Who may: every scope from both sides, keys, and what is the same about every answer."""

import contextlib
import functools
import re
from datetime import timedelta

import httpx
import pytest

from registry.access.keys import ApiKeys
from registry.http.access import SCOPES
from registry.http.problems import PROBLEM_TYPES
from registry.wire.validation_messages import humanize
from tests.support.command import registry, until
from tests.support.served import Served, achievement, once, problem, row

METHODS = {"get", "post", "put", "delete", "patch"}
PUBLIC = {
    "health", "ready", "verifyDisclosures", "listMembers", "getMember", "listStreams", "getAchievement",
    "searchCatalogue",
    "verifyCredential", "listAgreements", "getSignedDigest", "getCredentialAsOf", "verifyReceipt", "listRecognition",
    "getAgreement", "verifyDecision", "listAgreementsOfCredential", "getDidDocument", "getIssuerMetadata",
    "getStatusList", "getCredentialType",
    "verifyDocument", "getConnection",
}  # fmt: skip


def operations(node):
    """Of every operation: its id, method, a path with ids that nobody has, and the scope that it names."""
    for path, methods in node.anybody().get("/openapi.json").json()["paths"].items():
        for method, told in methods.items():
            if method in METHODS:
                scopes = [scope for one in told.get("security", []) for scope in one.get("oauth2", [])]
                names = {p["name"]: p["schema"] for p in told["parameters"]} if "parameters" in told else {}
                filled = path.format(**{name: _example(schema) for name, schema in names.items()})
                yield told["operationId"], method.upper(), filled, scopes


def _example(schema):
    if schema.get("format") == "uuid":
        return "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    return "2026" if schema.get("type") == "integer" else "twente"


def ask(client, method, path):
    """The answer to a request; of one that was let in only its head is read: the body of a stream has no end."""
    writes = method in ("POST", "PATCH")
    headers = once("nothing") if writes or method == "DELETE" else {}
    with client.stream(method, path, headers=headers, json={} if writes else None) as answer:
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            answer.read()
        return answer


def test_every_operation_names_its_scopes_or_is_meant_to_be_public(node):
    found = {name: scopes for name, _, _, scopes in operations(node)}
    assert {name for name, scopes in found.items() if not scopes} <= PUBLIC
    assert {name for name, scopes in found.items() if len(scopes) > 1} == {"publishDraft"}
    unused = set(SCOPES) - {"accounts:administer"} - {scope for scopes in found.values() for scope in scopes}
    assert not unused, f"no operation needs {unused}; accounts are administered on pages only"


def test_a_key_with_the_scope_is_let_in_and_one_with_all_the_others_is_not(node):
    client, anybody = functools.cache(node.client), node.anybody()
    for name, method, path, scopes in list(operations(node)):
        if not scopes:
            continue
        assert ask(client(*scopes), method, path).status_code not in (401, 403), name
        for scope in scopes:
            others = sorted(set(SCOPES) - {scope})
            found = problem(ask(client(*others), method, path), 403, "scope-missing")
            assert scope in found["detail"]
        refused = ask(anybody, method, path)
        problem(refused, 401, "unauthenticated")
        assert refused.headers["www-authenticate"] == "Bearer"


def test_what_is_public_needs_nothing(node, offer):
    client = node.anybody()
    for path in (
        "/health",
        "/ready",
        "/v1/members",
        "/v1/members/twente",
        "/v1/streams",
        "/docs",
        "/",
        "/openapi.json",
    ):
        assert client.get(path).status_code == 200, path
    until(lambda: client.get(f"/v1/achievements/twente/{offer}").status_code == 200)


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"X-API-Key": "letmein"}, "form of a key"),
        ({"X-API-Key": "reg_0123456789abcdef_" + "A" * 43}, "this key is unknown"),
        ({"Authorization": "Basic YTpi"}, "Bearer"),
        ({"Authorization": "Bearer reg_0123456789abcdef_" + "A" * 43}, "send it in the header X-API-Key"),
        ({"Authorization": "reg_0123456789abcdef_" + "A" * 43}, "send it in the header X-API-Key"),
        ({"Authorization": "Bearer"}, "Bearer"),
        ({"Authorization": "Bearer abc"}, "does not know this key or token"),
        ({"X-API-Key": "reg_x", "Authorization": "Bearer abc"}, "not both"),
    ],
)
def test_credentials_that_are_not_good_are_told_so_even_where_none_are_needed(node, headers, says):
    found = problem(httpx.get(f"{node.url}/v1/members", headers=headers), 401, "unauthenticated")
    assert says in found["detail"]


def test_a_key_ends_when_its_time_is_over_when_it_is_revoked_and_when_it_was_rotated(node):
    expired = node.key("batches:read", days=-1)
    assert "expired" in problem(node.client(key=expired).get("/v1/batches"), 401, "unauthenticated")["detail"]
    key = node.key("batches:read", name="a campus system")
    client = node.client(key=key)
    assert client.get("/v1/batches").status_code == 200
    identifier = key.split("_")[1]
    listed = registry("api-key", "list", "--json", home=node.home).stdout
    assert identifier in listed
    assert key.split("_", 2)[2] not in listed
    rotated = registry("api-key", "rotate", identifier, "--grace-hours", 0, home=node.home).stdout.strip()
    until(lambda: client.get("/v1/batches").status_code == 401)
    assert node.client(key=rotated).get("/v1/batches").status_code == 200
    registry("api-key", "revoke", rotated.split("_")[1], home=node.home)
    until(lambda: node.client(key=rotated).get("/v1/batches").status_code == 401)
    said = registry("api-key", "revoke", "0" * 16, home=node.home, check=1)
    assert "registry api-key list" in said.stderr
    assert "'all' is not one of" in registry("api-key", "add", "x", "--scope", "all", home=node.home, check=2).stderr
    for nothing in ("", " "):
        unnamed = registry("api-key", "add", nothing, "--scope", "batches:read", home=node.home, check=2)
        assert "name the system" in unnamed.stderr


def test_the_secret_of_a_key_is_kept_nowhere(node):
    key = node.key("batches:read")
    kept = ApiKeys(node.dsn, "twente").all()
    assert key.split("_", 2)[2] not in repr(kept)
    assert key.split("_", 2)[2] not in (node.home / "registry.toml").read_text()


def test_an_answer_says_its_position_its_tag_and_what_browsers_may_do(node, offer):
    client = node.anybody()
    until(lambda: client.get(f"/v1/achievements/twente/{offer}").status_code == 200)
    answer = client.get(f"/v1/achievements/twente/{offer}")
    assert re.fullmatch(r"governance:\d+,twente:\d+", answer.headers["registry-position"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"
    again = client.get(f"/v1/achievements/twente/{offer}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/v1/achievements/twente/{offer}", headers={"If-None-Match": '"else"'})
    assert other.status_code == 200
    assert node.client("batches:read").get("/v1/batches").headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


def test_the_access_log_names_the_route_and_nobody(node, offer):
    client = node.client("credentials:write", "learners:read")
    issued = client.post(
        "/v1/credentials", json=row(offer, "logged", "s-logged", family_name="Ondenkbaar"), headers=once("logged")
    ).json()
    client.get(f"/v1/learners/{issued['learner']}", headers={"Registry-Wait-For": "twente:1"})
    client.post("/v1/credentials", json=row(offer, "logged-2", date_of_birth="the 13th"), headers=once("logged-2"))
    until(lambda: len([1 for line in node.logged("http.answered") if "/v1/learners" in line["route"]]) > 0)
    routes = {line["route"] for line in node.logged("http.answered")}
    assert "/v1/learners/{learner}" in "".join(routes).replace(":uuid", "")
    # An event's id on the shared log has the credential's: only what was published names it, no request.
    assert {line["event"] for line in node.lines() if issued["credential"] in str(line)} <= {"publisher.committed"}
    for secret in (
        issued["learner"],
        "Ondenkbaar",
        "s-logged",
        "the 13th",
        client.headers["x-api-key"],
    ):
        assert secret not in node.said
    assert {line["caller"] for line in node.logged("http.answered")} >= {"anybody"}


def test_paths_that_are_not_there_and_methods_that_are_not_taken_are_problems(node):
    client = node.anybody()
    problem(client.get("/v1/nothing"), 404, "not-found")
    refused = client.delete("/v1/members")
    problem(refused, 405, "method-not-allowed")
    assert "GET" in refused.headers["allow"]
    problem(client.get("/v1/learners/17"), 404, "not-found")


def test_every_type_of_problem_has_its_page(node):
    client = node.anybody()
    document = client.get("/openapi.json").text
    for kind in set(re.findall(r"/problems/([a-z-]+)", document)) | {"refused", "internal", "unavailable"}:
        page = client.get(f"/problems/{kind}")
        assert page.status_code == 200
        assert "What to do" in page.text
    problem(client.get("/problems/nothing"), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "parameters", "says"),
    [
        (
            "/v1/universities/twente/credentials",
            {"status": "good"},
            "must be one of active, replaced, revoked, suspended",
        ),
        ("/v1/universities/twente/credentials", {"begin": "30.6.2026"}, "must be a date such as 2026-06-30"),
        ("/v1/universities/twente/credentials", {"achievement": "7"}, "must be an id (UUID) in lower case"),
        ("/v1/universities/twente/years/2026", {"firstMonth": "13"}, "must be from 1 to 12"),
        ("/v1/universities/twente/years/2026", {"firstMonth": "09"}, "write 9, without the zero"),
        ("/v1/catalogue", {"limit": "ten"}, "must be a whole number"),
        ("/v1/catalogue", {"retired": "maybe"}, "must be true or false"),
        ("/v1/catalogue", {"country": "NLD"}, "must be two letters, for example NL"),
        ("/v1/catalogue", {"taughtIn": "n" * 40}, "must have at most 35 characters"),
        ("/v1/feed", {"after": "-1"}, "must be at least 0"),
    ],
)
def test_a_parameter_that_cannot_be_is_told_in_plain_words(node, path, parameters, says):
    told = problem(node.client("university:read", "feed:read").get(path, params=parameters), 400, "invalid")
    [name] = parameters
    assert [(one["where"], one["detail"]) for one in told["errors"]] == [(f"query {name}", says)]


@pytest.mark.parametrize(
    ("field", "value", "where", "says"),
    [
        ("kind", "course", "$.kind", "must be one of degree, microCredential, module, programme"),
        ("title", {"!": "x"}, "$.title", "a name in it must be a language's tag (BCP 47), for example nl or en-GB"),
        ("title", {}, "$.title", "must not be empty"),
        ("eqfLevel", 9, "$.eqfLevel", "must be from 1 to 8"),
        ("fieldsOfEducation", ["IT"], "$.fieldsOfEducation[0]", "must be 2 to 4 digits such as 0613"),
        ("ects", "five", "$.ects", "must be a number or null, and is text"),
        ("achievement", "A", "$.achievement", "must be an id (UUID) in lower case"),
    ],
)
def test_a_body_that_cannot_be_is_told_in_plain_words(node, field, value, where, says):
    client = node.client("achievements:write")
    answer = client.post("/v1/achievements", json=achievement() | {field: value}, headers=once("plain"))
    told = problem(answer, 400, "invalid")
    assert [(one["where"], one["detail"]) for one in told["errors"]] == [(where, says)]


def test_whoever_asks_over_http_is_sent_to_no_command(node):
    """A client that reads a problem or the description has no command line of the node."""
    pages = [node.anybody().get(f"/problems/{name}") for name in PROBLEM_TYPES]
    for told in (node.anybody().get("/openapi.json"), *pages):
        assert "`registry " not in told.text, told.url


def test_no_pattern_that_a_client_must_fit_is_told_as_it_stands(node):
    """Of every body and parameter: what would be right is said in words."""

    def patterns(value):
        if isinstance(value, dict):
            if isinstance(value.get("pattern"), str):
                yield value["pattern"]
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                yield from patterns(inner)

    found = set(patterns(node.anybody().get("/openapi.json").json()))
    assert len(found) > 5
    for pattern in found:
        assert pattern not in humanize(f"Expected `str` matching regex {pattern!r}", []), pattern


def test_a_body_that_cannot_be_read_says_where(node, offer):
    client = node.client("credentials:write", "achievements:write")
    sent = {"Content-Type": "application/json", **once("bad")}
    problem(client.post("/v1/credentials", content=b"{", headers=sent), 400, "invalid")
    found = problem(client.post("/v1/credentials", json={"record": "x"}, headers=once("bad")), 400, "invalid")
    assert "student" in str(found["errors"])
    found = problem(
        client.post("/v1/credentials", json=row(offer) | {"grad": "9"}, headers=once("bad")), 400, "invalid"
    )
    assert "grad" in str(found["errors"])
    found = problem(client.post("/v1/credentials", json=row(offer)), 400, "invalid")  # without a key of its own
    assert [(one["where"], one["detail"]) for one in found["errors"]] == [("header Idempotency-Key", "is required")]
    large = achievement() | {"description": {"en": "x" * 3_000_000}}
    problem(client.post("/v1/achievements", json=large, headers=once("large")), 413, "too-large")
    problem(
        client.post("/v1/credentials", content=b"a=b", headers={"Content-Type": "text/plain", **once("bad")}),
        415,
        "unsupported-media-type",
    )


@pytest.fixture
def counting(tmp_path, postgres):
    """A node that lets through so little that a test reaches its limits."""
    limits = "[http]\nfailures_per_minute = 6\nper_minute = 50\nper_minute_anybody = 40\n"
    with contextlib.closing(Served(tmp_path, postgres, limits)) as made:
        yield made.start()


ROUTES = (
    ("GET", "/v1/batches"), ("POST", "/v1/achievements"), ("GET", "/v1/members"), ("GET", "/v1/nothing"),
    ("DELETE", "/v1/members"), ("GET", "/v1/learners/17"),
)  # fmt: skip


def test_tokens_that_are_not_good_are_counted_over_all_routes_together(counting):
    client = counting.bearer("abc")
    answers = [client.request(*ROUTES[number % len(ROUTES)]) for number in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429] * 6
    refused = problem(answers[-1], 429, "too-many-requests")
    assert "more than 6" in refused["detail"]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_requests_are_counted_over_all_routes_together_those_that_are_not_there_included(counting):
    known, anybody = counting.client(), counting.anybody()
    for client, most in ((known, 50), (anybody, 40)):
        asked = 0
        while (answer := client.request(*ROUTES[asked % len(ROUTES)])).status_code != 429:
            asked += 1
            assert int(answer.headers["ratelimit-remaining"]) == most - asked
        problem(answer, 429, "too-many-requests")
        assert asked == most
    assert anybody.get("/health").status_code == 200


def test_a_key_that_has_ended_is_not_made_into_a_good_one(node):
    revoked, rotated, expired = (node.key("batches:read", days=days).split("_")[1] for days in (30, 30, -1))
    registry("api-key", "revoke", revoked, home=node.home)
    registry("api-key", "rotate", rotated, home=node.home)
    keys = ApiKeys(node.dsn, "twente")
    before = keys.all()
    for key, says in [(revoked, "revoked"), (rotated, "rotated"), (expired, "expired"), ("0" * 16, "there is no key")]:
        refused = registry("api-key", "rotate", key, home=node.home, check=1)
        assert says in refused.stderr
        assert refused.stdout == ""
    assert keys.all() == before


def test_a_rotation_that_cannot_make_the_new_key_leaves_the_old_one_as_it_was(node):
    keys = ApiKeys(node.dsn, "twente")
    key = node.key("batches:read").split("_")[1]
    before = keys.all()
    with pytest.raises(OverflowError):
        keys.rotate(key, 10**9, timedelta())  # its end would lie after the end of all dates
    assert keys.all() == before
