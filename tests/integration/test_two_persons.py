"""A rule that wants two persons compares persons, by whatever they act: an account, an API key or a token."""

from datetime import timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.access import ApiKeys
from registry.actors import person_of
from registry.domain.case_errors import SecondPerson
from registry.http.access import Caller
from tests.support.lund import Lund, full


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


@pytest.fixture
def keys(lund):
    return ApiKeys(lund.dsn, "lund")


def actor(key):
    """How an act with this API key is stored."""
    return f"key:{key.split('_')[1]}"


def proposed(lund, by):
    case = lund.open(lund.issue()).case
    lund.office.complete(case, "desk")
    lund.office.propose(case, [full()], by)
    return case


def test_an_account_does_not_approve_with_a_key_of_its_own_name(lund, keys):
    case = proposed(lund, "anna")
    with pytest.raises(SecondPerson, match=r"anna made the proposal, and key:\w+ is the same person"):
        lund.office.approve(case, actor(keys.add(" Anna", ["cases:approve"], 30)))
    lund.office.approve(case, actor(keys.add("ben", ["cases:approve"], 30)))


def test_a_rotated_key_is_the_person_of_the_key_before_it(lund, keys):
    first = keys.add("anna", ["cases:approve"], 30)
    case = proposed(lund, actor(first))
    second = keys.rotate(first.split("_")[1], 30, timedelta(0))
    for by in (actor(second), "anna", "subject:ANNA", actor(first)):
        with pytest.raises(SecondPerson):
            lund.office.approve(case, by)
    lund.office.approve(case, "subject:ben")


def test_a_token_acts_as_its_subject_whichever_client_it_was_issued_to():
    assert Caller("client:portal", "lund", frozenset(), "anna").actor == "subject:anna"
    assert Caller("key:0123456789abcdef", "lund").actor == "key:0123456789abcdef"


def test_an_office_of_one_person_approves_its_own_proposals(dsn):
    lund = Lund(dsn, two_persons=False)
    case = proposed(lund, "anna")
    assert lund.office.approve(case, "anna").state == "approved"
    lund.close()


def test_a_key_that_is_not_stored_is_nobody_else(lund):
    with psycopg.connect(lund.dsn, row_factory=dict_row) as connection:
        cursor = connection.cursor()
        assert person_of(cursor, "key:0000000000000000") == "key:0000000000000000"
        assert person_of(cursor, " ANNA ") == person_of(cursor, "client:ANNA") == "anna"
