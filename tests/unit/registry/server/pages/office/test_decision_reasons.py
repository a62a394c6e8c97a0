"""The decision form's reasons: why nothing milder is possible, why a credential is left out, and notes for the file."""

from datetime import UTC, datetime

import msgspec
import pytest

from registry.office.assessments.assessment import AssessedCredential, Assessment
from registry.office.assessments.comparison import compare
from registry.office.assessments.offered import Offered, Requirement
from registry.office.cases.decision_draft import DecisionDraft, last_draft
from registry.office.cases.rows import Written
from registry.server.pages.office.decision_form import (
    draft_fields,
    grants_by_credential,
    read_decision,
    read_draft,
    read_left,
)

OFFERED = Offered(issuer="Oslo Met", member=False, title={"en": "Statistics"})
NOTHING = Requirement()
CREDENTIAL = AssessedCredential(OFFERED, NOTHING, compare(OFFERED, NOTHING))
DRAFT = Assessment("creditTransfer", "binding", [CREDENTIAL, CREDENTIAL], [])


def test_a_credential_that_is_left_out_has_a_reason_and_no_grant():
    typed = {"outcome-0": "leave", "leave-0": "Sent for information", "outcome-1": "full"}
    assessment = read_decision(typed, DRAFT)
    assert list(grants_by_credential(assessment)) == [1]
    assert [(left.subject, left.reason) for left in read_left(typed, DRAFT)] == [(0, "Sent for information")]
    with pytest.raises(msgspec.ValidationError):
        read_left({"outcome-0": "leave"}, DRAFT)


def test_a_draft_keeps_what_is_not_finished():
    typed = {"outcome-0": "leave", "outcome-1": "full", "letter-note": " Hello ", "override": "Paper"}
    draft = read_draft(typed, DRAFT)
    assert (draft.note, draft.left, draft.override) == ("Hello", {0: ""}, "Paper")
    text = Written("t", "draft", datetime.now(UTC), "ada", msgspec.to_builtins(draft))
    assert last_draft([text]) == draft
    proposed = Written("t", "proposal", datetime.now(UTC), "ada", "Newer")
    assert last_draft([text, proposed]) == msgspec.structs.replace(draft, note="Newer")
    assert last_draft([proposed, text]) == draft
    assert last_draft([proposed]) == DecisionDraft(note="Newer")
    assert last_draft([]) == DecisionDraft()
    with pytest.raises(msgspec.ValidationError):
        read_draft({"override": "x" * 2001}, DRAFT)


def test_a_refusal_carries_why_nothing_milder_is_possible():
    typed = {"outcome-0": "refused", "level-0": "lowerLevel", "considered-partial-0": "wholeOnly"}
    [proposed] = read_decision(typed, DRAFT).proposed
    assert [(each.outcome, each.not_possible) for each in proposed.considered] == [("partial", "wholeOnly")]
    [proposed] = read_decision(typed | {"outcome-0": "partial"}, DRAFT).proposed
    assert proposed.considered == []


def test_a_note_for_the_file_can_be_emptied():
    noted = read_decision({"note-level-0": "See the transcript"}, DRAFT)
    assert noted.assessed[0].elements[0].note == "See the transcript"
    assert read_decision({}, noted).assessed[0].elements[0].note == "See the transcript"
    assert read_decision({"note-level-0": " "}, noted).assessed[0].elements[0].note is None


def test_a_draft_keeps_what_is_typed_about_a_grant_until_it_is_assessed_anew():
    typed = {"ects-0": "4,5", "considered-partial-0": "wholeOnly", "leave-1": "Later", "version": "7", "ects-9": "1"}
    fields = {"ects-0": "4,5", "considered-partial-0": "wholeOnly", "leave-1": "Later"}
    draft = read_draft(typed, DRAFT)
    assert draft.fields == fields
    assessed = Written("a", "assessment", datetime.now(UTC), "ada", msgspec.to_builtins(DRAFT))
    text = Written("t", "draft", datetime.now(UTC), "ada", msgspec.to_builtins(draft))
    assert draft_fields([assessed, text]) == fields
    assert draft_fields([assessed, text, assessed]) == {}
    assert draft_fields([]) == {}
