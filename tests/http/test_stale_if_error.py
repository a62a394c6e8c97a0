"""Answers that are kept for their Idempotency-Key: sealed, answered again, and gone with the learner."""

import psycopg
import pytest

from tests.support.scanning import found_in
from tests.support.served import once, row

PERSON = {"student": "stu-5512345", "family_name": "Quixwobble", "given_name": "Zephyrine", "note": "of wombats"}


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "learners:erase")


def test_a_kept_answer_is_sealed_and_the_same_again_also_after_somebody_was_erased(node, system, offer):
    first = system.post("/v1/credentials", json=row(offer, "row-of-quix-7", **PERSON), headers=once("kept 1"))
    other = system.post("/v1/credentials", json=row(offer, "row-of-other-8"), headers=once("kept 2"))
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.json()["record"] == "row-of-quix-7"
    assert found_in(node.dsn, [*PERSON.values(), "row-of-quix-7", "row-of-other-8"]) == []
    again = system.post("/v1/credentials", json=row(offer, "row-of-quix-7", **PERSON), headers=once("kept 1"))
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    learner = first.json()["learner"]
    with psycopg.connect(node.dsn) as connection:
        before = connection.execute("SELECT count(*) FROM access.requests").fetchone()[0]
    gone = system.post(f"/v1/learners/{learner}/erase", json={"confirm": learner}, headers=once("kept 3"))
    assert (gone.status_code, gone.json()["learner"]) == (200, learner)
    with psycopg.connect(node.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM access.requests").fetchone()[0] == before  # one less, one more
    same = system.post("/v1/credentials", json=row(offer, "row-of-other-8"), headers=once("kept 2"))
    assert (same.status_code, same.json()) == (201, other.json())
    refused = system.post("/v1/credentials", json=row(offer, "row-of-quix-7", **PERSON), headers=once("kept 1"))
    assert (refused.status_code, refused.json()["code"]) == (409, "erased")


def test_a_profile_and_the_answer_about_it_are_stored_together_or_not_at_all(node):
    office = node.client("cases:read", "cases:write")
    profile = {"name": "Master of Kept Answers", "requirement": {"eqfLevel": 7}}
    with psycopg.connect(node.dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION access.refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN IF NEW.status IS NOT NULL THEN RAISE EXCEPTION 'full'; END IF; RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON access.requests FOR EACH ROW EXECUTE FUNCTION access.refuse()"
        )
        try:
            assert office.put("/v1/office/profiles", json=profile, headers=once("profile kept")).status_code >= 500
        finally:
            connection.execute("DROP FUNCTION access.refuse() CASCADE")
    names = [one["name"] for one in office.get("/v1/office/profiles").json()["items"]]
    assert profile["name"] not in names
    for _ in range(2):
        stored = office.put("/v1/office/profiles", json=profile, headers=once("profile kept"))
        assert (stored.status_code, stored.json()["name"]) == (200, profile["name"])
