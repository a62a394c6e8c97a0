"""From what a university asks to stored events and sealed claims, on a real PostgreSQL."""

import threading

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from projections.feed import feed
from registry.application.registry import Registry
from registry.application.requests import Issued, NotIssued
from registry.domain.errors import Duplicate, IllegalTransition, UnknownCredential
from registry.wire.disclosures import open_disclosures
from registry.wire.events import Event, Reader
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request, vault_of
from tests.support.old_tables import forget_migrations


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    yield made
    made.close()


def test_the_same_student_number_is_the_same_learner(node):
    achievement = node.offer()
    first, second, other = node.issuer.issue(
        [request(1, achievement), request(2, achievement, student="s1"), request(3, achievement)]
    )
    third = node.issuer.issue([request(4, achievement, student="s1")])[0]
    assert first.learner == second.learner == third.learner != other.learner


def test_a_record_given_again_is_the_same_credential_and_changes_nothing(node):
    achievement = node.offer()
    first = node.issuer.issue([request(1, achievement)])[0]
    before = node.stored()
    again = node.issuer.issue([request(1, achievement)])[0]
    assert again == Issued("row-1", first.credential, first.learner, unchanged=True)
    assert node.stored() == before


def test_a_record_that_says_something_else_is_refused_and_told_apart(node):
    achievement = node.offer()
    node.issuer.issue([request(1, achievement)])
    differs = node.issuer.issue([request(1, achievement, grade="9")])[0]
    assert isinstance(differs, NotIssued)
    assert differs.code == "record-differs"


def test_one_bad_request_does_not_sink_its_batch(node):
    achievement = node.offer()
    outcomes = node.issuer.issue(
        [
            request(1, achievement),
            request(2, "0bbac7a9-a411-4809-ad9e-534f483b7a03"),
            request(3, achievement, version=7),
            request(4, achievement, awarding_date="2026-02-30"),
            request(5, achievement),
        ]
    )
    codes = [o.code if isinstance(o, NotIssued) else "issued" for o in outcomes]
    assert codes == ["issued", "unknown-achievement", "wrong-version", "schema", "issued"]


def test_the_same_row_twice_in_a_batch_is_one_credential(node):
    achievement = node.offer()
    first, second, third = node.issuer.issue(
        [request(1, achievement), request(1, achievement), request(1, achievement, grade="4")]
    )
    assert (second.credential, second.unchanged) == (first.credential, True)
    assert third.code == "record-differs"


def test_credentials_are_stored_in_the_order_of_their_ids_not_of_the_file(node):
    achievement = node.offer()
    node.issuer.issue([request(number, achievement) for number in range(50)])
    node.publisher().publish_pending()
    ids = [Reader(ORIGIN).decode_one(line).subject for line in node.lines()[1:]]
    assert ids == sorted(ids)


def test_no_personal_data_is_in_stored_events_or_in_the_clear_in_the_vault(node):
    achievement = node.offer()
    node.issuer.issue(
        [
            request(
                1, achievement, family_name="Zwartjanssens", student="s-secret-77", grade="9.75", note="Wonderbaarlijk"
            )
        ]
    )
    tables = ("registry_events", "vault.learners", "vault.records", "publisher.commits")
    everything = b""
    for table in tables:
        with node.registry.connection.cursor().copy(f"COPY {table} TO STDOUT") as rows:
            everything += b"".join(bytes(row) for row in rows)
    for secret in (b"Zwartjanssens", b"s-secret-77", b"9.75", b"Wonderbaarlijk", b"2001-02-03"):
        assert secret not in everything
        assert secret.hex().encode() not in everything


def test_the_disclosures_are_what_the_digest_on_the_log_stands_for(node):
    achievement = node.offer()
    issued = node.issuer.issue([request(1, achievement, grade="8.5")])[0]
    node.publisher().publish_pending()
    event = Reader(ORIGIN).decode_one(node.lines()[1])
    assert isinstance(event, Event)
    held = node.registry.vault.read_disclosures(node.registry.cursor(), issued.credential)
    claims = open_disclosures(event.data.claims, held)
    assert claims == {
        "familyName": "Jansen",
        "givenName": "Ada",
        "dateOfBirth": "2001-02-03",
        "studentNumber": "s1",
        "grade": "8.5",
    }


def test_a_correction_replaces_the_credential_of_the_same_learner_only(node):
    achievement = node.offer()
    first, other = node.issuer.issue([request(1, achievement), request(2, achievement)])
    corrected = node.issuer.issue([request(3, achievement, student="s1", replaces=first.credential)])[0]
    assert isinstance(corrected, Issued)
    assert node.registry.credentials.get(first.credential).state.status == "replaced"
    wrong = node.issuer.issue([request(4, achievement, student="s1", replaces=other.credential)])[0]
    assert wrong.code == "illegal-transition"


def test_a_credential_goes_through_its_states_and_no_others(node):
    achievement = node.offer()
    issued = node.issuer.issue([request(1, achievement)])[0]
    registry = node.registry
    registry.credentials.suspend(issued.credential, "underReview")
    with pytest.raises(IllegalTransition):
        registry.credentials.suspend(issued.credential, "underReview")
    registry.credentials.reinstate(issued.credential)
    registry.credentials.revoke(issued.credential, "issuedInError")
    with pytest.raises(IllegalTransition):
        registry.credentials.reinstate(issued.credential)
    with pytest.raises(UnknownCredential):
        registry.credentials.revoke("0bbac7a9-a411-4809-ad9e-534f483b7a03", "issuedInError")


def test_a_retired_achievement_is_issued_only_to_correct(node):
    achievement = node.offer()
    first = node.issuer.issue([request(1, achievement)])[0]
    node.registry.achievements.retire(achievement)
    refused = node.issuer.issue([request(2, achievement)])[0]
    assert refused.code == "retired"
    assert isinstance(node.issuer.issue([request(3, achievement, student="s1", replaces=first.credential)])[0], Issued)


def test_an_adopted_id_is_used_and_cannot_be_given_twice(node):
    achievement = node.offer()
    learner = "2afda2b4-a247-4f0f-aedd-e040beb58eab"
    node.issuer.adopt("s1", learner)
    assert node.issuer.issue([request(1, achievement)])[0].learner == learner
    with pytest.raises(Duplicate):
        node.issuer.adopt("s2", learner)


def test_two_importers_of_the_same_rows_issue_each_once(node, dsn):
    achievement = node.offer()
    other = TestNode(dsn, MemoryLog())
    rows = [request(number, achievement) for number in range(3000)]
    outcomes = {}

    def take(name, issuer):
        outcomes[name] = list(issuer.issue_all(rows))

    threads = [
        threading.Thread(target=take, args=("one", node.issuer)),
        threading.Thread(target=take, args=("two", other.issuer)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert all(isinstance(o, Issued) for o in outcomes["one"] + outcomes["two"])
    assert [o.credential for o in outcomes["one"]] == [o.credential for o in outcomes["two"]]
    assert node.stored() == 1 + 3000


def test_what_a_check_says_is_what_issuing_says_afterwards(node, monkeypatch):
    monkeypatch.setattr("registry.application.issuing.BATCH", 3)
    achievement = node.offer()
    [old] = node.issuer.issue([request(1, achievement)])
    correction = {"student": "s1", "replaces": old.credential}
    asked = [
        request(1, achievement),  # known
        request(1, achievement, grade="9"),  # known, and says something else
        request(2, achievement),
        request(3, achievement),
        request(2, achievement),  # twice, in two batches
        request(2, achievement, grade="9"),
        request(4, achievement, **correction),
        request(5, achievement),
        request(6, "0bbac7a9-a411-4809-ad9e-534f483b7a03"),  # nobody offers it
        request(7, achievement, **correction),  # replaced already, by a row of another batch
        request(8, achievement, replaces=old.credential),  # of somebody else
    ]
    before = node.stored()

    def said(outcome):
        return (outcome.record, outcome.unchanged) if isinstance(outcome, Issued) else (outcome.record, outcome.code)

    checked = [said(one) for one in node.issuer.check_all(asked)]
    assert node.stored() == before
    assert checked == [said(one) for one in node.issuer.issue_all(asked)]
    assert [one for _, one in checked if isinstance(one, str)] == [
        "record-differs", "record-differs", "unknown-achievement", "illegal-transition", "illegal-transition",
    ]  # fmt: skip


def test_a_process_that_starts_waits_for_none_that_is_in_the_middle_of_writing(node):
    with psycopg.connect(node.dsn) as writing, psycopg.connect(node.dsn) as starting:
        feed.create(starting)
        starting.commit()
        for table in ("registry_events", "vault.learners", "intake.batches", "feed.notices"):
            writing.execute(SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(Identifier(*table.split("."))))
        Registry(make_conninfo(node.dsn, options="-c lock_timeout=2s"), ORIGIN, vault_of(node.dsn)).close()
        starting.execute("SET lock_timeout TO '2s'")
        feed.create(starting)


def test_tables_of_another_version_are_made_anew(node):
    with psycopg.connect(node.dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE intake.waiting")
        forget_migrations(connection)
        Registry(node.dsn, ORIGIN, vault_of(node.dsn)).close()
        assert connection.execute("SELECT count(*) FROM intake.waiting").fetchone() == (0,)
