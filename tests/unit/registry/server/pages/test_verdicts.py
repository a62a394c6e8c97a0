"""The verdict on a credential: never more than was checked."""

from datetime import date

import msgspec
import pytest

from projections.api.members import MemberView
from projections.api.receipts import Cosigner, ReceiptCheck
from projections.api.verification import Verification
from registry.server.pages.verdicts import Facts, checks_of, verdict_of, verdict_of_receipt

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
    assert verdict_of(Facts(credential, {}, is_current=True)) == verdict


def test_a_university_that_did_not_confirm_a_joint_award_is_a_warning():
    assert verdict_of(Facts(VALID, {"lund": "claimed"}, is_current=True)) == "warning"
    assert verdict_of(Facts(VALID, {"lund": "confirmed"}, is_current=True)) == "valid"


def test_what_was_not_checked_does_not_look_like_a_success():
    tones = {check.name: check.tone for check in checks_of(Facts(VALID, {}, is_current=True))}
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


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("active", "unclear"), ("suspended", "unclear"), ("revoked", "revoked"), ("replaced", "replaced")],
)
def test_a_log_that_was_not_read_lately_proves_only_what_nothing_undoes(status, verdict):
    facts = Facts(changed(status=status), {}, is_current=False)
    assert verdict_of(facts) == verdict
    [stage] = [check for check in checks_of(facts) if check.name == "status"]
    assert stage.result == ("unknown" if verdict == "unclear" else status)


PROVEN = ReceiptCheck(
    "twente", "Twente", 7, "{}", "credential.issued.v1", VALID.credential, 9, "00", [], 3, "2026-01-01T00:00:00Z",
    "active", "active", refused=None, rests_on_retired_keys=False, notes=[], cosigned=[],
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "credential", "verdict"),
    [
        ({}, VALID, "credential"),
        ({}, None, "unknown-credential"),
        ({"refused": "void: governance voided it"}, None, "no-effect"),
        ({"rests_on_retired_keys": True}, VALID, "retired-key"),
        ({"rests_on_retired_keys": True, "cosigned": [Cosigner("w", "2026-01-01")]}, VALID, "credential"),
        ({"type": "recognition.decided.v1"}, None, "genuine"),
    ],
)
def test_a_receipt_proves_no_more_than_was_checked(fields, credential, verdict):
    assert verdict_of_receipt(msgspec.structs.replace(PROVEN, **fields), credential) == verdict
