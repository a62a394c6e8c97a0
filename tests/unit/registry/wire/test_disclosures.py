"""Disclosures: a digest covers all claims of a credential, and nothing else can be shown for it."""

from base64 import urlsafe_b64encode

import pytest

from registry.wire.disclosures import (
    SALT_LENGTH,
    InvalidDisclosure,
    claims_digest,
    claims_digests,
    disclosure,
    open_disclosures,
    salts,
)

SALT = "0123456789abcdefghijklmn"
NAME = disclosure(SALT, "familyName", "Müller")
GRADE = disclosure(SALT[::-1], "grade", {"value": "7,5"})


def encoded(text):
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_claims_are_opened_under_their_digest_in_any_order():
    digest = claims_digest([NAME, GRADE])
    assert open_disclosures(digest, [GRADE, NAME]) == {"familyName": "Müller", "grade": {"value": "7,5"}}


@pytest.mark.parametrize(
    "shown",
    [[NAME], [NAME, GRADE, GRADE], [NAME, disclosure(SALT, "grade", "10")], []],
    ids=["less", "more", "other", "none"],
)
def test_neither_less_nor_more_nor_other_claims_are_opened(shown):
    with pytest.raises(InvalidDisclosure, match="not those whose digest is on the log"):
        open_disclosures(claims_digest([NAME, GRADE]), shown)


@pytest.mark.parametrize(
    "text", ["?", encoded("[1"), encoded('["salt","name"]'), encoded('[1,"name",2]'), encoded('["s",1,2]')]
)
def test_what_is_no_disclosure_is_none_under_its_own_digest_either(text):
    with pytest.raises(InvalidDisclosure, match="is not a disclosure"):
        open_disclosures(claims_digest([text]), [text])


def test_each_credential_has_its_own_digest():
    assert claims_digests([[NAME], [], [GRADE, NAME]]) == [
        claims_digest([NAME]), claims_digest([]), claims_digest([NAME, GRADE]),
    ]  # fmt: skip


def test_salts_are_new_each_time_and_of_their_length():
    text = salts(3)
    assert len({text[at : at + SALT_LENGTH] for at in range(0, len(text), SALT_LENGTH)}) == 3
    assert (len(text), text == salts(3)) == (3 * SALT_LENGTH, False)
