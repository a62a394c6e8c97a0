"""Restriction and objection: data that is stored is not used, until somebody lifts that, a second one where needed."""

import contextlib
from types import SimpleNamespace

import pytest

from registry.application.held_rows import HeldRows
from registry.application.requests import Issued, NotIssued
from registry.application.restricted import (
    Restricted,
    find_restricted,
    refuse_restricted_credential,
)
from registry.batches import BatchStore
from registry.cli.evidence.receipts import _disclosures
from registry.cli.issuing.credentials import _read_claims
from registry.learners.changes import LearnerChanges
from registry.learners.erasure import UnknownLearner, erase
from registry.learners.rectification import person_version, rectify
from registry.learners.restrictions import (
    LIFT,
    InvalidRestriction,
    SecondPersonNeeded,
    lift,
    list_restrictions,
    restrict,
)
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request
from tests.support.streams import new_id


@pytest.fixture
def node(dsn):
    with contextlib.closing(TestNode(dsn, MemoryLog())) as made:
        made.achievement = made.offer()
        [made.first] = made.issuer.issue([request(1, made.achievement)])
        yield made


def in_force(node, learner):
    return [each for each in list_restrictions(node.registry.cursor(), learner) if each.is_in_force]


def test_nothing_is_issued_to_a_restricted_learner_and_again_when_it_is_lifted(node):
    learner = node.first.learner
    restrict(node.registry, learner, "restriction", "accuracyContested", "person:1")
    rows = [request(1, node.achievement, record="more"), request(2, node.achievement)]
    refused, other = node.issuer.issue(rows)
    assert isinstance(refused, NotIssued)
    assert (refused.code, isinstance(other, Issued)) == ("restricted", True)
    [restriction] = in_force(node, learner)
    assert lift(node.registry, restriction.restriction, "accuracyVerified", "person:1", ())
    [outcome] = node.issuer.issue(rows[:1])
    assert isinstance(outcome, Issued)


def test_a_correction_of_what_is_contested_goes_on(node):
    restriction = restrict(node.registry, node.first.learner, "restriction", "accuracyContested", "person:1")
    assert [each.restriction for each in in_force(node, node.first.learner)] == [restriction]
    corrected = request(1, node.achievement, record="corrected", grade="9", replaces=node.first.credential)
    [outcome] = node.issuer.issue([corrected])
    assert isinstance(outcome, Issued)
    assert outcome.learner == node.first.learner


def test_a_row_that_contradicts_a_restricted_learner_is_not_matched_with_them(node):
    restrict(node.registry, node.first.learner, "objection", "research", "person:1")
    [refused] = node.issuer.issue([request(1, node.achievement, record="x", date_of_birth="1999-01-01")])
    assert refused.code == "restricted"
    assert HeldRows(node.registry).page(None, 10).rows == []


def test_no_copy_and_no_merge_while_it_is_in_force(node):
    [other] = node.issuer.issue([request(2, node.achievement)])
    restrict(node.registry, node.first.learner, "restriction", "legalClaims", "person:1")
    with pytest.raises(Restricted, match=r"Art\. 18 or 21"):
        refuse_restricted_credential(node.registry.cursor(), node.first.credential)
    refuse_restricted_credential(node.registry.cursor(), other.credential)
    with pytest.raises(Restricted):
        LearnerChanges(node.registry, lambda _: {}).propose_merge(other.learner, node.first.learner, "person:1")


def test_commands_hand_out_and_show_no_claims_while_it_is_in_force(node):
    at_hand = SimpleNamespace(registry=node.registry, settings=SimpleNamespace(member="twente"))
    shown = SimpleNamespace(credential=node.first.credential, claims={})
    assert _disclosures(at_hand, "twente", node.first.credential).count(b"\n") > 1
    restrict(node.registry, node.first.learner, "restriction", "legalClaims", "person:1")
    with pytest.raises(Restricted):
        _disclosures(at_hand, "twente", node.first.credential)
    with pytest.raises(Restricted):
        _read_claims(at_hand, shown)


def test_what_the_learner_may_want_meanwhile_goes_on_and_an_erasure_takes_the_restriction_with_it(node, tmp_path):
    registry, learner = node.registry, node.first.learner
    restrict(registry, learner, "restriction", "accuracyContested", "person:1")
    person = registry.vault.read_learner(registry.cursor(), learner).person
    corrected = {"familyName": "Janssen", "givenName": "Ada", "dateOfBirth": "2001-02-03"}
    rectify(registry, learner, corrected, person_version(registry.vault, person), "person:1")
    erase(registry, BatchStore(node.dsn, registry.vault, tmp_path / "spool"), learner)
    assert list_restrictions(registry.cursor(), learner) == []


def test_a_second_person_lifts_it_where_the_settings_say_so(node):
    registry, learner = node.registry, node.first.learner
    restrict(registry, learner, "objection", "particularSituation", "a.berg")
    [restriction] = in_force(node, learner)
    assert not lift(registry, restriction.restriction, "objectionRejected", "a.berg", {LIFT})
    with pytest.raises(SecondPersonNeeded):
        lift(registry, restriction.restriction, "objectionRejected", "A.Berg", {LIFT})
    assert not lift(
        registry, restriction.restriction, "learnerAsked", "b.holm", {LIFT}
    )  # another reason: proposed again
    assert find_restricted(registry.cursor(), [learner]) == {learner}
    assert lift(registry, restriction.restriction, "learnerAsked", "a.berg", {LIFT})
    assert find_restricted(registry.cursor(), [learner]) == set()
    [ended] = list_restrictions(registry.cursor(), learner)
    assert (ended.lifting, ended.proposed_by, ended.lifted_by) == ("learnerAsked", "b.holm", "a.berg")
    acts = registry.cursor().execute("SELECT actor, act, subject FROM accounts.journal ORDER BY number").fetchall()
    assert [(act["act"], act["subject"]) for act in acts] == [
        ("learner.objection", learner),
        ("learner.lift-proposed", learner),
        ("learner.lift-proposed", learner),
        ("learner.restriction-lifted", learner),
    ]


def test_only_reasons_of_the_lists_count_one_of_a_kind_at_a_time_and_of_known_learners(node):
    registry, learner = node.registry, node.first.learner
    for kind, reason in (("restriction", "research"), ("objection", "because"), ("other", "research")):
        with pytest.raises(InvalidRestriction, match="none of these"):
            restrict(registry, learner, kind, reason, "person:1")
    restrict(registry, learner, "restriction", "legalClaims", "person:1")
    with pytest.raises(InvalidRestriction, match="in force already"):
        restrict(registry, learner, "restriction", "accuracyContested", "person:1")
    restrict(registry, learner, "objection", "research", "person:1")
    with pytest.raises(UnknownLearner):
        restrict(registry, new_id(), "restriction", "legalClaims", "person:1")
    with pytest.raises(InvalidRestriction, match="none of"):
        lift(registry, in_force(node, learner)[0].restriction, "because", "person:1", ())
    with pytest.raises(InvalidRestriction, match="no restriction"):
        lift(registry, new_id(), "learnerAsked", "person:1", ())


def test_nothing_of_it_is_on_the_log(node):
    before = node.stored()
    restrict(node.registry, node.first.learner, "restriction", "legalClaims", "person:1")
    [restriction] = in_force(node, node.first.learner)
    lift(node.registry, restriction.restriction, "claimsEnded", "person:1", ())
    assert node.stored() == before
