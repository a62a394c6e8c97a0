"""Reads over HTTP: each is in the access journal before its answer."""

import contextlib
import uuid

import pytest

from registry.accounts.database import AccountDatabase
from registry.privacy.access_journal import AccessJournal
from tests.support.served import once, row


@pytest.fixture(scope="module")
def issued(node, offer):
    answer = node.client().post(
        "/v1/credentials", json=row(offer, "reads-1", "reads-number"), headers=once(f"reads {uuid.uuid4()}")
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def reads_of(node, learner):
    with contextlib.closing(AccountDatabase(node.dsn)) as database:
        return [(read.actor.partition(":")[0], read.act) for read in AccessJournal(database).list_reads(learner)]


def test_a_person_and_a_system_that_read_a_learner_are_in_the_journal_once_a_request(node, issued):
    before = len(reads_of(node, issued["learner"]))
    clerk, system = node.sign_in("clerk"), node.client("learners:read")
    assert clerk.get(f"/desk/learners/{issued['learner']}").status_code == 200
    assert system.get(f"/v1/credentials/twente/{issued['credential']}/disclosures").status_code == 200
    assert system.get(f"/v1/credentials/twente/{issued['credential']}").status_code in (200, 404)  # has no person
    added = reads_of(node, issued["learner"])[: len(reads_of(node, issued["learner"])) - before]
    assert added == [
        ("key", "GET /v1/credentials/{member}/{credential}/disclosures"),
        ("person", "GET /desk/learners/{learner}"),
    ]
