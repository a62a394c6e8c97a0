"""Parts of a larger credential: which are refused before it is issued, and which a clerk may override."""

import pytest

from registry.domain.parts import Breach, check_parts, list_breaches
from registry.rules.credentials import Credential
from registry.wire.credentials import CredentialIssued, Part

OWN = {
    "active": Credential("course", 1, "ada"),
    "suspended": Credential("course", 1, "ada", status="suspended"),
    "bo's": Credential("course", 1, "bo"),
}
PENDING = Breach("pending", "it is not on the log yet", "parts[0]")
TOO_FEW = Breach("minOwnEcts", "5 of 10 credits are its own", "parts")


class Views:
    """What the views say of a request, and the request that they were asked about."""

    def __init__(self, *breaches):
        self.breaches = breaches
        self.request = None

    def find_breaches(self, request):
        self.request = request
        return list(self.breaches)


def check(*parts, views=None, override=()):
    listed = [Part(member, credential, 5) for member, credential in parts] or None
    data = CredentialIssued("whole", "programme", 2, "ada", "2026-03-01", parts=listed, replaces="older")
    return check_parts(data, "twente", OWN.get, views, override)


@pytest.mark.parametrize(
    ("credential", "code", "detail"),
    [
        ("unheard", "unknown-credential", "no such credential was issued here"),
        ("bo's", "learner-mismatch", "it belongs to another learner"),
        ("suspended", "not-active", "it is suspended"),
    ],
)
def test_an_own_part_must_be_an_active_credential_of_the_same_learner(credential, code, detail):
    assert check(("twente", "active"), ("twente", credential)) == (Breach(code, detail, "parts[1]"),)


def test_a_part_counts_once():
    assert check(("twente", "active"), ("lund", "active"), ("twente", "active")) == (
        Breach("part-twice", "this part is listed twice", "parts[2]"),
    )


def test_without_views_only_the_own_stream_is_looked_at():
    assert check(("twente", "active"), ("lund", "anything")) == ()
    assert check() == ()


def test_the_views_are_asked_about_the_whole_request():
    views = Views(PENDING, TOO_FEW)
    assert check(("lund", "theirs"), views=views) == (PENDING, TOO_FEW)
    asked = views.request
    assert (asked.achievement, asked.version, asked.learner) == ("programme", 2, "ada")
    assert (asked.awarding_date, asked.parts, asked.replaces) == ("2026-03-01", [Part("lund", "theirs", 5)], "older")


def test_a_clerk_overrides_what_depends_on_others_by_its_code():
    assert check(("lund", "theirs"), views=Views(PENDING, TOO_FEW), override={"pending"}) == (TOO_FEW,)


def test_nobody_overrides_a_breach_in_the_own_stream():
    [breach] = check(("twente", "bo's"), override={"learner-mismatch"}, views=Views())
    assert breach.code == "learner-mismatch"


def test_a_part_that_is_refused_has_one_reason():
    breaches = check(("twente", "suspended"), views=Views(PENDING, TOO_FEW))
    assert [breach.code for breach in breaches] == ["not-active", "minOwnEcts"]


def test_breaches_are_told_in_one_line_each_with_its_place_and_code():
    assert list_breaches((PENDING, TOO_FEW)) == (
        "parts[0]: it is not on the log yet (pending); parts: 5 of 10 credits are its own (minOwnEcts)"
    )
