"""The API's own description, checked by software that is not ours."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.http.test_access import operations
from tests.support.examples import THOROUGH, examples
from tests.support.served import Served, achievement, once, row

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CASES = Path(__file__).with_name("schemathesis_cases.py")
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@pytest.fixture(scope="module")
def node(tmp_path_factory, postgres):
    """One that lets nobody wait long: what is made up at random waits for positions that never come,
    and has keys that nobody has."""
    settings = "[http]\nwait_seconds = 0.1\npatience_seconds = 2\nfailures_per_minute = 100_000\n"
    with contextlib.closing(Served(tmp_path_factory.mktemp("described"), postgres, settings)) as made:
        yield made.start()


@pytest.fixture(scope="module")
def offer(node):
    made = node.client("achievements:write").post("/v1/achievements", json=achievement(), headers=once("offer"))
    return made.json()["achievement"]


@pytest.fixture(scope="module")
def description(node):
    return node.anybody().get("/openapi.json").json()


def test_it_is_valid_openapi_3_1(description):
    OpenAPIV31SpecValidator(description).validate()
    assert description["openapi"].startswith("3.1")


def test_the_reference_pages_are_made_from_the_description_that_a_node_serves(description):
    """They are made without a node: a route or a dependency that is forgotten there would be missing in them."""
    script = "import json; from registry.server.app import api_description as made; print(json.dumps(made()))"
    made = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert json.loads(made) == description


def test_every_reference_leads_to_something(description):
    """Two structs of one name would be distinguished by names that only one of two libraries gives."""

    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in set(references(description)):
        _, *path = reference.split("/")
        found = description
        for step in path:
            assert step in found, reference
            found = found[step]


def test_every_operation_says_what_it_is_for_and_which_problems_it_may_answer(description):
    known = description["components"]["responses"]
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["tags"]
            problems = [told for code, told in operation["responses"].items() if code >= "400"]
            assert all(
                "application/problem+json" in known[told["$ref"].rpartition("/")[2]]["content"] for told in problems
            ), operation["operationId"]


def test_every_body_has_an_example_that_the_node_can_read(node, description):
    system, paths = node.client(), {name: (method, path) for name, method, path, _ in operations(node)}
    read = 0
    for methods in description["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            examples = {kind: media["example"] for kind, media in content.items() if "example" in media}
            assert examples or not content, operation["operationId"]
            if "application/json" in examples:
                method, path = paths[operation["operationId"]]
                answer = system.request(
                    method, path, json=examples["application/json"], headers=once(f"example {path}")
                )
                assert answer.status_code not in (400, 500), (path, answer.text)
                read += 1
    assert read > 25


def test_what_the_node_posts_to_others_is_described(description):
    [(name, webhook)] = description["webhooks"].items()
    assert name == "feedEvent"
    headers = {one["name"] for one in webhook["post"]["parameters"]}
    assert headers == {"webhook-id", "webhook-timestamp", "webhook-signature"}


def test_the_columns_of_every_kind_of_batch_are_described(description):
    text = description["paths"]["/v1/batches"]["post"]["requestBody"]["description"]
    for word in ("statusChanges", "change", "reason", "reconciliation", "awarding_date", "issuedInError"):
        assert word in text


def test_schemathesis_finds_nothing(node, offer, description, tmp_path):
    """All of its checks and phases, also the stateful one that follows links from answer to request."""
    node.client("credentials:write").post("/v1/credentials", json=row(offer, "fuzzed"), headers=once("fuzzed"))
    run_schemathesis(node, offer, description, tmp_path, PHASES, examples(2, thorough=30), f"X-API-Key: {node.key()}")


def test_schemathesis_finds_nothing_without_a_key(node, offer, description, tmp_path):
    """Of operations that need no key; the others are refused alike (tests/http/test_access.py)."""
    phases = PHASES if THOROUGH else ("fuzzing",)
    run_schemathesis(node, offer, public(description), tmp_path, phases, examples(2, thorough=12))


def public(description):
    """The description of those operations alone that need no key."""
    paths = {
        path: {method: told for method, told in methods.items() if not told.get("security")}
        for path, methods in description["paths"].items()
    }
    return description | {"paths": {path: methods for path, methods in paths.items() if methods}}


def run_schemathesis(node, offer, description, folder, phases, count, *headers):
    made = json.loads(json.dumps(description))
    # An example that there is: nothing that is made up at random is ever issued.
    made["components"]["schemas"]["CredentialRow"]["properties"]["achievement"]["examples"] = [offer]
    file = folder / "openapi.json"
    file.write_text(json.dumps(made))
    command = [
        SCHEMATHESIS, "--config-file", Path(__file__).with_name("schemathesis.toml"), "run", file, "--url", node.url,
        "--phases", ",".join(phases), "--max-examples", count, "--seed", 7, "--no-color",
        "--exclude-operation-id", "streamFeed",  # which never ends
        *(part for header in headers for part in ("-H", header)),
    ]  # fmt: skip
    environment = dict(os.environ)
    if not THOROUGH:
        digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()
        environment |= {"SCHEMATHESIS_HOOKS": str(CASES), "DESCRIPTION_DIGEST": digest}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stdout[done.stdout.find("= FAILURES") :][:6000]
    assert not node.logged("http.failed")


def test_the_row_of_an_event_has_the_field_by_which_a_text_is_meant(node):
    row = node.anybody().get("/asyncapi.json").json()["components"]["schemas"]["CredentialRow"]
    assert row["properties"]["keep_text"]["type"] == "boolean"


def test_what_goes_over_kafka_is_valid_asyncapi_3(node, npm_checks):
    document = node.anybody().get("/asyncapi.json").text
    done = subprocess.run(
        ["node", "asyncapi.js"], cwd=npm_checks, input=document, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert "3 channels, 3 operations" in done.stderr
