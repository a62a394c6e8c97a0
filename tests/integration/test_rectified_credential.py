"""Rectification (Art. 16): a corrected credential replaces the old one, whose disclosures count no more."""

import contextlib

import pytest

from projections.credentials import credentials
from projections.records.disclosures import prove_claims
from registry.wire.disclosures import SALT_LENGTH, InvalidDisclosure, claims_digest, disclosure, salts
from tests.support.lund import Lund
from tests.support.streams import new_id

WRONG = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"}
RIGHT = {**WRONG, "familyName": "Janssen"}


def disclosures_of(claims):
    salt = salts(len(claims))
    return [
        disclosure(salt[number * SALT_LENGTH : (number + 1) * SALT_LENGTH], name, value)
        for number, (name, value) in enumerate(claims.items())
    ]


def test_old_disclosures_say_replaced_lead_to_the_new_credential_and_do_not_fit_it(dsn):
    with contextlib.closing(Lund(dsn)) as lund:
        learner, wrong, right = new_id(), disclosures_of(WRONG), disclosures_of(RIGHT)
        old, line = lund.twente.issue(lund.achievement, learner, claims=claims_digest(wrong))
        lund.put(line)
        new, line = lund.twente.issue(lund.achievement, learner, claims=claims_digest(right), replaces=old)
        lund.put(line)
        lund.project()
        assert prove_claims(lund.views, wrong, credential=("twente", old)).status == "replaced"
        [view] = credentials.read(lund.views, [("twente", old)])
        assert (view.status, view.replaced_by) == ("replaced", new)
        proven = prove_claims(lund.views, right, credential=("twente", new))
        assert (proven.status, proven.claims["familyName"]) == ("active", "Janssen")
        with pytest.raises(InvalidDisclosure):
            prove_claims(lund.views, wrong, credential=("twente", new))
