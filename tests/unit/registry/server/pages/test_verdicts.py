"""The verdict on a credential: never more than was checked."""

from datetime import date

import msgspec
import pytest

from projections.api.members import MemberView
from projections.api.verification import Verification
from registry.server.pages.verdicts import checks_of, verdict_of

ISSUER = MemberView("twente", "NL", "active", ["issuer"], [], {})
VALID = Verification(
    member="twente",
    credential="1018211e-6f0c-4f3b-9d0e-2b1f6a7c8d90",
    status="active",
    expired=False,
    awarding_date=date(2026, 6, 30),
    valid_until=None,
    ects=None,
    achievement={"eqfLevel": 6, "fieldsOfEducation": ["0612"]},
    issuer=ISSUER,
    issuer_when_issued="active",
    issuer_now="active",
    flags=[],
    impaired_by=[],
    replaced_by=None,
    recognised_by=[],
    recognised_by_more=False,
    claims=None,
    leaf=7,
)


def changed(**fields):
    return msgspec.structs.replace(VALID, **fields)


def accredited(**accreditation):
    content = {"accreditations": [{"agency": "NVAO", **accreditation}]}
    return changed(issuer=msgspec.structs.replace(ISSUER, content=content))


@pytest.mark.parametrize(
    ("credential", "verdict"),
    [
        (VALID, "valid"),
        (changed(status="revoked"), "revoked"),
        (changed(status="suspended"), "suspended"),
        (changed(status="replaced"), "replaced"),
        (changed(expired=True, valid_until=date(2026, 7, 1)), "expired"),
        (changed(status="revoked", expired=True), "revoked"),
        (changed(flags=["impaired"]), "warning"),
        (changed(issuer_now="suspended"), "warning"),
        (changed(issuer_when_issued="suspended"), "warning"),
        (accredited(validUntil="2025-12-31"), "warning"),
        (accredited(validFrom="2026-01-01"), "valid"),
        (accredited(eqfLevels=[7], validUntil="2025-12-31"), "valid"),
        (accredited(fieldsOfEducation=["06"], validUntil="2025-12-31"), "warning"),
    ],
)
def test_a_credential_gets_the_verdict_of_what_ends_it_then_of_its_doubts(credential, verdict):
    assert verdict_of(credential, {}) == verdict


def test_a_university_that_did_not_confirm_a_joint_award_is_a_warning():
    assert verdict_of(VALID, {"lund": "claimed"}) == "warning"
    assert verdict_of(VALID, {"lund": "confirmed"}) == "valid"


def test_what_was_not_checked_does_not_look_like_a_success():
    tones = {check.name: check.tone for check in checks_of(VALID, {})}
    assert tones == {
        "form": "ok",
        "signature": "ok",
        "issuer": "ok",
        "accreditation": "quiet",
        "log": "ok",
        "status": "ok",
        "dates": "ok",
        "person": "quiet",
    }
