"""The acts of commands are in the journal, in the transaction of what they store."""

import contextlib

import pytest

from registry.application import acting
from registry.application.acting import Acting, acting_as
from registry.application.issuing import Issuer
from registry.learners.learner_rows import LearnerRows
from registry.office.cases.attachments import attach
from tests.bench.data import achievement
from tests.support.lund import STATISTICS, Lund
from tests.support.node import request
from tests.support.streams import new_id

CLERK = Acting("k.berg", "command credential issue")


@pytest.fixture
def lund(dsn):
    with contextlib.closing(Lund(dsn)) as made:
        yield made


@pytest.fixture
def offer(lund):
    identifier = new_id()
    lund.registry.achievements.publish(achievement("lund", identifier))
    return identifier


def acts(lund):
    rows = lund.registry.cursor().execute("SELECT actor, act, subject FROM accounts.journal ORDER BY number").fetchall()
    return [tuple(row.values()) for row in rows]


def test_what_a_command_stores_is_in_the_journal_with_its_actor_and_what_others_store_is_not(lund, offer):
    Issuer(lund.registry).issue([request(1, offer)])
    assert acts(lund) == []
    with acting_as(CLERK):
        [issued] = Issuer(lund.registry).issue([request(2, offer)])
    Issuer(lund.registry).issue([request(3, offer)])
    assert acts(lund) == [("k.berg", "command credential issue", issued.credential)]


def test_an_erasure_names_the_learner_and_a_file_its_case(lund, offer):
    [issued] = Issuer(lund.registry).issue([request(1, offer)])
    case = lund.open(STATISTICS).case
    with acting_as(Acting("k.berg", "command case attach")):
        attach(lund.registry, lund.setting, lund.registry.case(case), b"%PDF-1.7 x", "transcript", "desk")
    with acting_as(Acting("k.berg", "command learner erase")):
        rows = LearnerRows(lund.registry.vault, [issued.learner], ())
        lund.registry.erasures.erase([issued.learner], rows)
    assert acts(lund) == [
        ("k.berg", "command case attach", case),
        ("k.berg", "command learner erase", issued.learner),
    ]


def test_many_at_once_are_one_entry_with_their_number(lund, offer, monkeypatch):
    monkeypatch.setattr(acting, "MAX_SUBJECTS", 2)
    with acting_as(CLERK):
        Issuer(lund.registry).issue([request(number, offer) for number in range(3)])
    assert acts(lund) == [("k.berg", "command credential issue", "3")]


def test_an_act_that_is_not_stored_is_not_in_the_journal(lund, offer):
    before = lund.registry.recorder.max_notification_id()
    with acting_as(CLERK), lund.registry.transaction() as transaction:
        transaction.name_subjects(offer)
    assert acts(lund) == []
    assert lund.registry.recorder.max_notification_id() == before
