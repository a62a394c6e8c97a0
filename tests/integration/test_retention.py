"""Retention: what is too old goes, once a day, by the rules of the settings; a trial says what would go."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from registry.application.issuing import Issuer
from registry.office.cases.applicants import Applicant
from registry.office.cases.attachments import attach, read_file_names
from registry.office.cases.rows import read_texts
from registry.privacy.access_journal import append_read
from registry.privacy.retention import delete_old_rows, find_old_rows, is_due
from registry.settings.retention import RetentionSetting
from tests.bench.data import achievement
from tests.support.lund import STATISTICS, Lund
from tests.support.node import request
from tests.support.streams import new_id

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
ALL = RetentionSetting(
    reads_days=10, held_rows_days=10, waiting_days=10, status_notes_days=10, case_texts_days=10, case_files_days=20,
    applicant_details_days=None, file_names_days=None,
)  # fmt: skip
OFF = RetentionSetting(
    reads_days=None, held_rows_days=None, waiting_days=None, applicant_details_days=None, file_names_days=None
)
ADA_WITH_ADDRESS = Applicant(family_name="Jansen", given_name="Ada", date_of_birth="2001-02-03", address="Kade 2")
FIELDS = RetentionSetting(applicant_details_days=365, file_names_days=30)


@pytest.fixture
def lund(dsn):
    with contextlib.closing(Lund(dsn)) as made:
        yield made


def rows(deleted):
    return {each.rule: each.rows for each in deleted if each.rows}


def enforce(lund, setting, now=NOW):
    return rows(delete_old_rows(lund.registry.connection, lund.registry.vault, setting, now))


def count(lund, table):
    return lund.registry.cursor().execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"]


def add_read(lund, at):
    with lund.registry.connection.transaction():
        append_read(lund.registry.cursor(), at, "person:1", "GET /x", [new_id()])


def test_reads_that_are_too_old_go_and_a_trial_deletes_nothing(lund):
    for days in (12, 11, 9):
        add_read(lund, NOW - timedelta(days=days))
    assert rows(find_old_rows(lund.registry.connection, ALL, NOW)) == {"reads_days": 2}
    assert count(lund, "privacy.reads") == 3
    assert enforce(lund, ALL) == {"reads_days": 2}
    assert count(lund, "privacy.reads") == 1


def test_texts_of_a_case_go_some_days_after_it_was_closed_and_not_while_it_may_be_appealed(lund):
    closed, appealed, still_open = (lund.open(STATISTICS).case for _ in range(3))
    cursor = lund.registry.cursor()
    cursor.execute("UPDATE office.texts SET written = %s", (NOW - timedelta(days=11),))
    cursor.execute("UPDATE office.cases SET state = 'closed' WHERE id = ANY(%s::uuid[])", ([closed, appealed],))
    cursor.execute("UPDATE office.cases SET appeal_until = %s WHERE id = %s", (NOW.date(), appealed))
    texts = cursor.execute("SELECT count(*) AS n FROM office.texts WHERE case_id = %s", (closed,)).fetchone()["n"]
    assert texts > 0
    assert enforce(lund, ALL) == {"case_texts_days": texts}
    left = cursor.execute("SELECT DISTINCT case_id::text FROM office.texts").fetchall()
    assert {row["case_id"] for row in left} == {appealed, still_open}


def test_a_held_row_about_which_nobody_decided_goes_and_a_decided_one_stays(lund):
    identifier = new_id()
    lund.registry.achievements.publish(achievement("lund", identifier))
    issuer = Issuer(lund.registry)
    for record, born in (("r1", "2001-02-03"), ("r2", "1999-01-01"), ("r3", "1998-01-01")):
        issuer.issue([request(1, identifier, record=record, date_of_birth=born)])
    cursor = lund.registry.cursor()
    cursor.execute("UPDATE vault.held_rows SET at = %s", (NOW - timedelta(days=11),))
    cursor.execute(
        "UPDATE vault.held_rows SET decision = 'same-person' WHERE record = (SELECT min(record) FROM vault.held_rows)"
    )
    assert count(lund, "vault.held_rows") == 2
    assert enforce(lund, ALL) == {"held_rows_days": 1}


def test_a_rule_without_days_is_off(lund):
    add_read(lund, NOW - timedelta(days=9_000))
    assert enforce(lund, OFF) == {}
    assert count(lund, "privacy.reads") == 1


def test_it_is_due_once_a_day_and_the_journal_says_what_went(lund):
    connection = lund.registry.connection
    add_read(lund, NOW - timedelta(days=12))
    assert is_due(connection, NOW)
    enforce(lund, ALL)
    assert not is_due(connection, NOW + timedelta(hours=11))
    assert is_due(connection, NOW + timedelta(hours=13))
    [act] = connection.execute("SELECT actor, act, subject FROM accounts.journal").fetchall()
    assert (act["actor"], act["act"], act["subject"]) == ("retention", "retention.reads_days", "1")


def close_with_a_file(lund):
    """A closed case with an application and a file that has a name; returns its id."""
    applicant = Applicant(
        family_name="Jansen", given_name="Ada", date_of_birth="2001-02-03", email="ada@example.org", address="Kade 1",
        reference="mine/7",
    )  # fmt: skip
    case = lund.open(STATISTICS, applicant=applicant).case
    attach(lund.registry, lund.setting, lund.registry.case(case), b"%PDF-1.7 x", "transcript", "desk", name="ada.pdf")
    cursor = lund.registry.cursor()
    cursor.execute("UPDATE office.cases SET state = 'closed' WHERE id = %s", (case,))
    cursor.execute("UPDATE office.texts SET written = %s WHERE case_id = %s", (NOW, case))
    cursor.execute("UPDATE office.attachments SET added = %s WHERE case_id = %s", (NOW, case))
    return case


def application_of(lund, case):
    """What the application of a case says."""
    registry = lund.registry
    holder = registry.vault.read_learner(registry.cursor(), registry.case(case).data.learner)
    [text] = read_texts(registry.cursor(), registry.vault, case, holder.learner, kinds=("applicant",))
    return text.content


def test_fields_of_a_closed_case_go_on_their_days_and_what_else_it_says_stays(lund):
    closed, still_open = close_with_a_file(lund), lund.open(STATISTICS, applicant=ADA_WITH_ADDRESS).case
    files = read_file_names(lund.registry, lund.registry.case(closed))
    assert list(files.values()) == ["ada.pdf"]
    early, later, latest = (NOW + timedelta(days=days) for days in (29, 31, 366))
    assert enforce(lund, FIELDS, early) == {}
    assert rows(find_old_rows(lund.registry.connection, FIELDS, later)) == {"file_names_days": 1}
    assert enforce(lund, FIELDS, later) == {"file_names_days": 1}
    assert read_file_names(lund.registry, lund.registry.case(closed)) == {}
    assert count(lund, "office.attachments") == 1
    assert application_of(lund, closed)["email"] == "ada@example.org"
    assert rows(find_old_rows(lund.registry.connection, FIELDS, latest)) == {"applicant_details_days": 1}
    assert enforce(lund, FIELDS, latest) == {"applicant_details_days": 1}
    said = application_of(lund, closed)
    assert not {"email", "address", "dateOfBirth", "student"} & set(said)
    assert (said["familyName"], said["reference"]) == ("Jansen", "mine/7")
    assert application_of(lund, still_open)["address"] == "Kade 2"
    assert enforce(lund, FIELDS, latest + timedelta(days=1)) == {}
    assert count(lund, "privacy.erased_bytes") == 2  # their bytes leave the files, too
