"""The form that replaces a credential: what it begins with, and the row that it makes."""

import msgspec
import pytest

from registry.learners.own_award import OwnAward
from registry.server.pages.desk.replacing import row_of, values_of
from registry.wire.credentials import CountedBy, CredentialIssued, Part

OLD, PART, BY = (f"{number}bbac7a9-a411-4809-ad9e-534f483b7a03" for number in range(3))
ACHIEVEMENT, LEARNER = (f"{number}bbac7a9-a411-4809-ad9e-534f483b7a03" for number in (3, 4))


def award(**changes):
    issued = CredentialIssued(
        credential=OLD, achievement=ACHIEVEMENT, version=2, learner=LEARNER, awarding_date="2026-06-30", **changes
    )
    claims = {"familyName": "Jansn", "givenName": "Ada", "grade": "7", "nationalId": "n1"}
    person = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03", "student": "s1"}
    return OwnAward(issued, issued.learner, claims, [], person, "active")


def test_the_form_begins_with_the_award_and_the_person_as_they_are_known_now():
    values = values_of(award())
    assert (values["family_name"], values["grade"], values["student"]) == ("Jansen", "7", "s1")
    assert values["record"] == ""
    assert values["valid_until"] == ""


def test_the_row_is_of_the_same_achievement_with_the_same_parts_and_replaces_the_old_one():
    parts = [Part("lund", PART, 5, CountedBy("twente", decision=BY))]
    row = row_of(award(parts=parts), {**values_of(award()), "record": "new", "grade": " 8 "})
    assert (str(row.replaces), str(row.achievement), row.version) == (OLD, ACHIEVEMENT, 2)
    assert (row.record, row.grade, row.national_id) == ("new", "8", "n1")
    assert row.valid_until is None
    [part] = row.parts
    assert (part.member, str(part.credential), part.ects, str(part.by.decision)) == ("lund", PART, 5.0, BY)


def test_a_field_that_every_award_needs_cannot_be_left_out():
    with pytest.raises(msgspec.ValidationError):
        row_of(award(), {**values_of(award()), "record": "  "})


def test_nobody_s_name_is_shown_by_accident():
    assert "Jansen" not in repr(award())
