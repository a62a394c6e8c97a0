"""The verdict on a credential says no more than the log does."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from projections.api.members import MemberView
from projections.api.verification import Verification
from registry.server.pages.verdicts import checks_of, verdict_of

ACCREDITATION = {
    "type": "institutional", "agency": "NVAO", "decision": "positive", "status": "active", "eqfLevels": [7],
    "fieldsOfEducation": ["07"], "validFrom": "2020-01-01",
}  # fmt: skip


def credential(accreditations=(ACCREDITATION,), **more):
    issuer = MemberView("twente", "NL", "active", ["issuer"], [], {"accreditations": list(accreditations)})
    values = {
        "member": "twente", "credential": "c", "status": "active", "expired": False, "awarding_date": date(2026, 4, 30),
        "valid_until": None, "ects": Decimal(5), "achievement": {"eqfLevel": 7, "fieldsOfEducation": ["0713"]},
        "issuer": issuer, "issuer_when_issued": "active", "issuer_now": "active", "flags": [], "impaired_by": [],
        "replaced_by": None, "recognised_by": [], "recognised_by_more": False, "claims": None, "leaf": 3,
    }  # fmt: skip
    return Verification(**values | more)


def result(credential, name):
    return next((check.result, check.tone) for check in checks_of(credential) if check.name == name)


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, "valid"),
        ({"status": "revoked"}, "revoked"),
        ({"status": "revoked", "expired": True, "flags": ["impaired"]}, "revoked"),
        ({"status": "suspended"}, "suspended"),
        ({"status": "replaced"}, "replaced"),
        ({"expired": True, "valid_until": date(2026, 5, 1)}, "expired"),
        ({"flags": ["impaired"]}, "warning"),
        ({"issuer_now": "suspended"}, "warning"),
        ({"issuer_when_issued": "withdrawn"}, "warning"),
    ],
)
def test_what_ends_a_credential_comes_before_its_end_date_and_warnings(more, verdict):
    assert verdict_of(credential(**more)) == verdict


def test_an_accreditation_counts_for_its_levels_fields_and_days():
    assert result(credential(), "accreditation") == ("on-record", "ok")
    ended = {**ACCREDITATION, "validUntil": "2026-04-29"}
    assert result(credential([ended]), "accreditation") == ("not-then", "warn")
    assert verdict_of(credential([ended])) == "warning"
    last_day = {**ACCREDITATION, "validUntil": "2026-04-30"}
    assert result(credential([last_day]), "accreditation") == ("on-record", "ok")


@pytest.mark.parametrize("other", [{"eqfLevels": [6]}, {"fieldsOfEducation": ["09"]}])
def test_without_an_accreditation_on_record_nothing_is_claimed_and_nothing_held_against_it(other):
    unlisted = credential([ACCREDITATION | other])
    assert result(unlisted, "accreditation") == ("not-on-record", "quiet")
    assert result(credential([]), "accreditation") == ("not-on-record", "quiet")
    assert verdict_of(unlisted) == "valid"


def test_the_person_is_never_reported_as_checked():
    assert result(credential(), "person") == ("not-checked", "quiet")
    assert [check.name for check in checks_of(credential()) if check.glyph == "unknown"] == ["person"]
    assert result(msgspec.structs.replace(credential(), valid_until=date(2030, 1, 1)), "dates") == ("before-end", "ok")
