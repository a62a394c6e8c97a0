"""Documents within others: each is asked for its issuer, dates and status, and the whole is as good as the worst."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from registry.documents.contexts import CREDENTIALS_V2
from registry.documents.jose import sign_jws
from registry.export.clr import export_clr
from registry.export.open_badges import export_open_badge
from registry.verification.ports import HolderRequest
from registry.verification.verifier import MAX_CONTAINED, verify_document
from tests.support import portable
from tests.support.lookups import Members, ports
from tests.support.signer import KeySigner, KeyTable, load, make_copy, sign_with_options

AT = datetime(2026, 8, 1, tzinfo=UTC)
SIGNER = KeySigner()
COPY = make_copy(tie="none")


class Nobody(Members):
    """No member has these keys and identifiers."""

    def find(self, issuer):  # noqa: ARG002 - of the port
        return None


def verify(document, **changes):
    known = {"known_issuers": {SIGNER.issuer: "University of Twente"}, "members": Nobody(), "at": AT}
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return verify_document(content, ports(**(known | {"keys": KeyTable()} | changes)))


def badge(signer=SIGNER, **changes):
    return load(export_open_badge(msgspec.structs.replace(portable.credential(), **changes), COPY, signer))


def sign(document, signer=SIGNER):
    return sign_with_options(document, signer, {})


def record(*members):
    """A learner record of the known issuer with these credentials inside."""
    portfolio = portable.portfolio()
    copies = {each.credential: COPY for each in portfolio.credentials}
    document = load(export_clr(portfolio, make_copy(status=None, tie="none"), copies, SIGNER))
    if members:
        document["credentialSubject"]["verifiableCredential"] = list(members)
    return sign(document)


def result(report, name):
    return next(check.result for check in report.checks if check.name == name)


def test_a_record_of_ours_is_as_good_as_its_credentials_and_shows_each():
    report = verify(record())
    assert (report.format, report.verdict) == ("clr-2.0", "validWithWarning")
    assert [(each.issuer_name, result(each, "status")) for each in report.contained] == [
        ("University of Twente", "passed")
    ] * len(portable.portfolio().credentials)
    assert "credentials" not in report.claims


def test_a_credential_of_somebody_unknown_within_a_trusted_record_is_not_taken_for_the_issuers():
    report = verify(record(badge(), badge(KeySigner())))
    assert (report.verdict, report.contained[0].verdict) == ("cannotTell", "valid")
    assert (report.contained[1].verdict, result(report.contained[1], "issuer")) == ("cannotTell", "notChecked")


def test_a_credential_within_a_record_that_has_ended_or_was_changed_makes_it_invalid():
    ended = sign(badge() | {"validUntil": "2026-07-20T00:00:00Z"})
    report = verify(record(ended))
    assert (report.verdict, result(report.contained[0], "dates")) == ("invalid", "failed")
    changed = badge()
    changed["credentialSubject"]["creditsEarned"] = 30
    report = verify(record(changed))
    assert (report.verdict, report.contained[0].claims) == ("invalid", {})


def test_an_unsigned_credential_within_one_that_is_no_record_is_refused_and_not_claimed():
    document = badge()
    unsigned = {name: value for name, value in badge(KeySigner()).items() if name != "proof"}
    document["@context"].append({"verifiableCredential": {"@id": "urn:x:inside", "@type": "@json"}})
    document["credentialSubject"]["verifiableCredential"] = [unsigned]
    report = verify(sign(document))
    assert report.verdict == "invalid"
    assert all(not each.claims for each in report.contained)


@pytest.mark.parametrize("member", ["garbage", 5, None, {}, ["a"], "eyJ.eyJ.x"])
def test_what_is_no_credential_within_one_is_never_called_valid(member):
    assert verify(record(badge(), member)).verdict in ("cannotTell", "invalid")


def test_a_token_within_a_presentation_is_verified():
    unsigned = {name: value for name, value in badge().items() if name != "proof"}
    token = sign_jws({"kid": SIGNER.verification_method}, json.dumps(unsigned).encode(), SIGNER)
    enveloped = {
        "@context": [CREDENTIALS_V2], "type": "EnvelopedVerifiableCredential", "id": f"data:application/vc+jwt,{token}"
    }  # fmt: skip
    report = verify(presentation(enveloped, token))
    assert [each.claims["title"] for each in report.contained] == ["Data literacy"] * 2


def test_a_record_of_many_credentials_is_verified_and_too_many_within_all_are_refused():
    one = badge()
    several = record(one, one, one)
    report = verify([several, one])
    assert [len(each.contained) for each in report.contained] == [3, 0]
    report = verify([*["x"] * (MAX_CONTAINED - 2), several])
    assert (report.verdict, report.contained[-1].contained) == ("invalid", ())


def presentation(*credentials):
    return {"@context": [CREDENTIALS_V2], "type": ["VerifiablePresentation"], "verifiableCredential": list(credentials)}


def test_a_presentation_is_unpacked_and_as_good_as_its_credentials():
    document = badge()
    good, one = verify(presentation(document)), verify(document)
    assert (good.format, good.verdict) == ("vp", one.verdict)
    assert good.contained[0].claims == one.claims
    assert verify(presentation(badge(), badge(KeySigner()))).verdict == "cannotTell"
    assert verify(presentation()).verdict == "invalid"
    for claims in ({"vp": presentation(document)}, presentation(document)):
        token = sign_jws({"kid": SIGNER.verification_method}, json.dumps(claims).encode(), SIGNER)
        assert verify(token.encode()).contained[0].claims == one.claims
        enveloped = {"type": "EnvelopedVerifiablePresentation", "id": f"data:application/vp+jwt,{token}"}
        assert verify(enveloped).contained[0].claims == one.claims


def test_a_presentation_that_was_asked_for_is_not_valid_without_the_holders_signature():
    request = HolderRequest(nonce="n", audience="a")
    for document in (badge(), presentation(badge()), record()):
        assert verify(document).verdict in ("valid", "validWithWarning")
        report = verify(document, holder=request)
        assert (report.verdict, "valid" in report.summary) == ("cannotTell", False)


def test_each_document_is_asked_for_its_holder_once():
    report = verify(badge())
    assert [check.name for check in report.checks].count("holder") == 1
