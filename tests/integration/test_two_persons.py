"""A rule that wants two persons compares persons, by whatever they act: an account, an API key or a token."""

from datetime import timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.access.keys import ApiKeys
from registry.domain.case_errors import SecondPerson
from registry.http.access import Caller
from registry.letters.content import Office as Letterhead
from registry.letters.notices import notice_page
from registry.letters.wording import wording
from registry.office.cases.case_view import show_case
from registry.office.cases.corrections import Correction
from registry.office.cases.notices import NoticeWriter
from registry.values.actors import person_of
from registry.wire.recognition import Towards
from tests.support.days import today
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
        lund.approve(case, actor(keys.add(" Anna", ["cases:approve"], 30)))
    lund.approve(case, actor(keys.add("ben", ["cases:approve"], 30)))


def test_a_rotated_key_is_the_person_of_the_key_before_it(lund, keys):
    first = keys.add("anna", ["cases:approve"], 30)
    case = proposed(lund, actor(first))
    second = keys.rotate(first.split("_")[1], 30, timedelta(0))
    for by in (actor(second), "anna", "subject:ANNA", actor(first)):
        with pytest.raises(SecondPerson):
            lund.approve(case, by)
    lund.approve(case, "subject:ben")


def test_a_token_acts_as_its_subject_whichever_client_it_was_issued_to():
    assert Caller("client:portal", "lund", frozenset(), "anna").actor == "subject:anna"
    assert Caller("key:0123456789abcdef", "lund").actor == "key:0123456789abcdef"


def test_an_office_of_one_person_approves_its_own_proposals(dsn):
    lund = Lund(dsn, two_persons=False)
    case = proposed(lund, "anna")
    assert lund.approve(case, "anna").state == "approved"
    lund.close()


def test_a_key_that_is_not_stored_is_nobody_else_and_a_keys_id_is_whoever_has_the_key(lund, keys):
    with psycopg.connect(lund.dsn, row_factory=dict_row) as connection:
        cursor = connection.cursor()
        assert person_of(cursor, "key:0000000000000000") == "key:0000000000000000"
        key = keys.add("Anna", ["cases:approve"], 30).split("_")[1]
        for actor in (key, key.upper(), f"key:{key}", f"subject:{key}", f"client:KEY:{key}"):
            assert person_of(cursor, actor) == "anna", actor
        assert person_of(cursor, " ANNA ") == person_of(cursor, "client:ANNA") == "anna"


def test_a_decision_is_withdrawn_by_two_persons_for_the_same_reason(lund, keys):
    case = proposed(lund, "anna")
    lund.approve(case, "ben")
    decision = lund.office.decide(case, "ben").decision
    moved = lund.office.withdraw(case, "anna", reason="decidedInError")
    assert (moved.state, moved.decision) == ("decided", None)
    [warning] = moved.warnings
    assert "another person must confirm" in warning
    assert warning in show_case(lund.office, case).warnings
    with pytest.raises(SecondPerson, match="withdraw: anna proposed it"):
        lund.office.withdraw(case, actor(keys.add("anna", ["cases:approve"], 30)), reason="decidedInError")
    assert lund.office.withdraw(case, "ben", reason="onAppeal").state == "decided"
    moved = lund.office.withdraw(case, "anna", reason="onAppeal")
    assert (moved.state, moved.decision) == ("withdrawn", decision)


def test_the_letter_about_a_withdrawn_decision_says_how_to_object_and_until_when(dsn):
    lund = Lund(dsn, two_persons=False, appeal_days=42)
    jazz, opera = (Towards(title={"en": title}) for title in ("Jazz", "Opera"))
    case = lund.approved(lund.issue(), towards=[jazz])
    lund.office.decide(case, "l.holm")
    lund.office.correct(case, Correction(towards=[opera], advisory=True), "l.holm")
    lund.office.withdraw(case, "l.holm", reason="decidedInError")
    lund.publish()
    head = Letterhead("Lund University", "SE", address=["Box 117", "221 00 Lund"])
    notice = NoticeWriter(lund.office, case, head, str, today()).write("decisionWithdrawn", "en", lambda one: one.title)
    assert (notice.applied_for, notice.effect) == ([jazz.title], "binding")
    appeal = notice_page(notice)["appeal"]
    assert "Box 117, 221 00 Lund" in "".join(span["text"] for span in appeal["whom"])
    assert appeal["until"] == f"The last day for this is {wording('en').date(today() + timedelta(days=42))}."
    lund.close()
