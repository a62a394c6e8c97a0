"""The five-minute tour by a client that openapi-python-client generated from the served description."""

import json

import pytest

from tests.support.command import until
from tests.support.served import achievement


@pytest.fixture(scope="module")
def package(generator, reading):
    return generator.generate(reading.anybody().get("/openapi.json").text)


def test_the_generator_leaves_out_nothing(package):
    """It knows bytes as octet-stream alone, which batches take besides, and says so of the others."""
    _, said = package
    assert "will not be generated" not in said.lower()
    assert {line for line in said.splitlines() if line.startswith("Unsupported")} == {
        "Unsupported content type text/csv",
        "Unsupported content type application/x-ndjson",
        "Unsupported content type application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Unsupported content type application/xml",
        "Unsupported content type text/plain",
    }
    warned = [line for line in said.splitlines() if line.startswith(("WARNING", "ERROR"))]
    assert len(warned) == 9, said  # createBatch four, verifyReceipt one, a PDF or a ZIP four


def test_a_generated_client_does_the_five_minute_tour(generator, package, reading, decide):
    folder, _ = package
    offered = achievement() | {"title": {"en": "Data literacy on tour"}}
    key = reading.key()
    made = generator.tour(folder, "publish", reading.url, key, given=json.dumps(offered))
    asking = reading.client("feed:read")
    until(lambda: reading.anybody().get(f"/v1/credentials/twente/{made['credential']}").status_code == 200)
    decision = decide(made["credential"])
    until(lambda: made["credential"] in asking.get("/v1/feed", params={"limit": 500}).text)
    told = generator.tour(folder, "read", reading.url, key, made["credential"], made["achievement"])
    assert told == {"type": "registry.feed.credential.recognised.v1", "decision": decision}
