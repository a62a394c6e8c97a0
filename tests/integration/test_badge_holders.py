"""Whom an uploaded badge names: by an identifier as much as by names, and never confirmed by itself."""

import json

import pytest

from registry.office.cases.applicants import Applicant
from registry.office.cases.corrections import Correction
from registry.office.cases.holder import check_holders
from registry.office.cases.opening import SubmittedCredential
from tests.support.lund import ADA, Lund

MAIL = Applicant(family_name="Jansen", given_name="Ada", date_of_birth="2001-02-03", email="Ada@example.org")


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


def badge(**subject):
    return SubmittedCredential(
        file=json.dumps(
            {
                "@context": ["https://www.w3.org/ns/credentials/v2"],
                "type": ["VerifiableCredential", "OpenBadgeCredential"],
                "id": "urn:uuid:4d0a1f1e-4a2f-4f62-a7b5-3f9b3f0a9d10",
                "issuer": {"type": ["Profile"], "name": "Oslo Met", "address": {"addressCountryCode": "NO"}},
                "validFrom": "2026-01-02T00:00:00Z",
                "credentialSubject": {
                    "type": ["AchievementSubject"],
                    "achievement": {"type": ["Achievement"], "name": "Statistics"},
                }
                | subject,
            }
        )
    )


def identified(kind, value, **more):
    entry = {"type": "IdentityObject", "hashed": False, "identityHash": value, "identityType": kind} | more
    return badge(identifier=[entry])


def check(lund, case):
    [found] = check_holders(lund.registry, lund.registry.case(case))
    return found


@pytest.mark.parametrize(
    ("kind", "value", "applicant", "state", "said"),
    [
        ("name", "Chi Okafor", ADA, "differs", "the name in the document's own words differs"),
        ("name", "Ada Jansen", ADA, "partly", "the date of birth of its holder could not be compared"),
        ("emailAddress", "ada@example.org", MAIL, "partly", "is the applicant's; no name could be compared"),
        ("emailAddress", "chi@example.org", MAIL, "notChecked", "an e-mail address that is not known to be"),
        ("emailAddress", "chi@example.org", ADA, "notChecked", "an e-mail address that is not known to be"),
    ],
)
def test_an_identifier_that_is_a_name_or_an_address_is_compared(lund, kind, value, applicant, state, said):
    case = lund.open(identified(kind, value), applicant=applicant).case
    found = check(lund, case)
    assert (found.state, said in found.detail) == (state, True), found.detail
    assert "no document" not in found.detail


def test_a_hashed_name_names_nobody(lund):
    case = lund.open(identified("name", "sha256$0123", hashed=True)).case
    assert check(lund, case).state == "notChecked"


def test_names_that_the_application_has_from_the_file_itself_confirm_nothing(lund):
    own = badge(familyName="Jansen", givenName="Ada", dateOfBirth="2001-02-03")
    learner = lund.registry.case(lund.open(own, applicant=Applicant()).case)
    found = check(lund, str(learner.id))
    assert (found.state, found.source) == ("notChecked", None)
    assert "was taken from the document's own words" in found.detail
    said = lund.open(own, applicant=ADA).case
    assert (check(lund, said).state, check(lund, said).source) == ("matches", "document")


def test_a_corrected_applicant_that_contradicts_the_file_is_another_person_all_the_same(lund):
    own = badge(familyName="Jansen", givenName="Ada", dateOfBirth="2001-02-03")
    case = lund.open(own, applicant=Applicant()).case
    other = Applicant(family_name="Okafor", given_name="Chi", date_of_birth="1999-01-01")
    lund.office.correct(case, Correction(applicant=other), "desk")
    assert check(lund, case).state == "differs"
