"""Disclosures are opened only under the event that commits to them."""

import json

import pytest

from consumers.proofs.opened_claims import open_claims
from registry.wire.disclosures import InvalidDisclosure, claims_digest, disclosure

SALT = "0123456789abcdefghijklmn"
NAME, GRADE = disclosure(SALT, "familyName", "Jansen"), disclosure(SALT, "grade", "8")
FIRST, SECOND = (disclosure(SALT, "credential", f"twente/{number}") for number in (1, 2))


def line(kind, **data):
    return json.dumps({"type": kind, "data": data})


ISSUED = line("credential.issued.v1", claims=claims_digest([NAME, GRADE]))
DECIDED = line(
    "recognition.decided.v1",
    basis=[{"credentialDigest": claims_digest([FIRST])}, {"credentialDigest": claims_digest([SECOND])}, {}],
)


def test_a_credential_opens_all_its_claims_together():
    assert open_claims(ISSUED, [GRADE, NAME]) == {"familyName": "Jansen", "grade": "8"}
    with pytest.raises(InvalidDisclosure, match="not those whose digest"):
        open_claims(ISSUED, [NAME])


def test_a_decision_opens_each_credential_that_it_does_not_name_by_itself():
    assert open_claims(DECIDED, [SECOND]) == {"credentials": ["twente/2"]}
    assert open_claims(DECIDED, [FIRST, SECOND]) == {"credentials": ["twente/1", "twente/2"]}
    with pytest.raises(InvalidDisclosure, match="not one that the decision commits to"):
        open_claims(DECIDED, [FIRST, NAME])


@pytest.mark.parametrize(
    "event",
    [line("credential.issued.v1"), line("recognition.decided.v1", basis=[{}]), line("credential.revoked.v1")],
    ids=["a credential without claims", "a decision that names its credentials", "a revocation"],
)
def test_an_event_that_commits_to_nothing_opens_nothing(event):
    with pytest.raises(InvalidDisclosure, match="commits to no disclosures"):
        open_claims(event, [NAME])
