"""Certificates that their authority revoked, by lists that somebody names or that a seal brings."""

import base64
import json
from datetime import date, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from registry.documents.revocation import InvalidCrl, find_revocation, read_crls
from registry.export.document import Copy
from registry.export.elm import export_elm
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.trust import InvalidTrust, Trust, add_revocation_lists
from registry.verification.verifier import verify_document
from tests.support.document_keys import DocumentKey
from tests.support.lookups import Members, ports
from tests.support.portable import credential
from tests.support.sealing import NOW, Authority, encode
from tests.unit.registry.export.test_sd_jwt_vc import export

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30), tie="none")
AUTHORITY = Authority()
SEAL = AUTHORITY.seal()
SHARD_1, SHARD_2 = (x509.UniformResourceIdentifier(f"http://ca.example/{number}.crl") for number in (1, 2))
OLD = {"day": NOW - timedelta(days=40), "next_update": NOW - timedelta(days=33)}
"""A list that was to be replaced since."""


def scope(**changes):
    """A part of what an authority issued, of which a list is."""
    nothing = {"full_name": None, "relative_name": None, "only_some_reasons": None}
    flags = ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs")
    return x509.IssuingDistributionPoint(**(nothing | dict.fromkeys(flags, False) | changes))


@pytest.fixture(scope="module")
def payload():
    return export_elm(credential(), COPY).content


def verify(content, *lists):
    return verify_document(
        content,
        ports(members=Members(member=None), anchors=[AUTHORITY.certificate], revocation_lists=lists),
    )


def certificate_of(report):
    [check] = [check for check in report.checks if check.name == "certificate"]
    return check


@pytest.mark.parametrize(
    ("lists", "result", "verdict", "words"),
    [
        ([], "notChecked", "validWithWarning", "there is no list (CRL) of Trust Services"),
        ([AUTHORITY.revoke()], "passed", "validWithWarning", "not revoked, by its authority's list of 2026-11-29"),
        ([AUTHORITY.revoke(SEAL.certificate)], "failed", "invalid", "University of Zed was revoked on 2026-11-27"),
        ([AUTHORITY.revoke(**OLD)], "notChecked", "validWithWarning", "too old"),
        ([AUTHORITY.revoke(SEAL.certificate, **OLD)], "failed", "invalid", "was revoked"),
        ([Authority().revoke(SEAL.certificate)], "notChecked", "validWithWarning", "there is no list"),
        ([AUTHORITY.revoke(scope=scope(only_contains_user_certs=True))], "passed", "validWithWarning", "not revoked"),
        ([AUTHORITY.revoke(scope=scope(only_contains_ca_certs=True))], "notChecked", "validWithWarning", "a part"),
        ([AUTHORITY.revoke(scope=scope(indirect_crl=True))], "notChecked", "validWithWarning", "a part"),
        (
            [AUTHORITY.revoke(SEAL.certificate, scope=scope(indirect_crl=True))],
            "notChecked",
            "validWithWarning",
            "a part",
        ),
        ([AUTHORITY.revoke(scope=scope(full_name=[SHARD_1]))], "notChecked", "validWithWarning", "a part"),
    ],
)
def test_a_seal_is_as_good_as_what_is_known_of_its_certificate(payload, lists, result, verdict, words):
    report = verify(SEAL.general(payload), *lists)
    check = certificate_of(report)
    assert (check.result, words in check.sentence) == (result, True), check.sentence
    assert report.verdict == verdict
    assert bool(report.claims) == (verdict != "invalid")


def certify(name, key, issuer, issuer_key, *extensions):
    """A certificate of an authority, or of somebody with a key."""
    named = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, issuer))
    subject, authority = named
    builder = x509.CertificateBuilder(authority, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW - timedelta(days=9)).not_valid_after(NOW + timedelta(days=9))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, SHA256())


def list_of(authority, key, *entries, point=None):
    """A list of an authority: (certificate, reason) each."""
    builder = x509.CertificateRevocationListBuilder(authority.subject, NOW - timedelta(days=1), NOW + timedelta(days=6))
    for certificate, reason in entries:
        entry = x509.RevokedCertificateBuilder(certificate.serial_number, NOW - timedelta(days=2))
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    if point is not None:
        builder = builder.add_extension(scope(full_name=[point]), critical=True)
    return builder.sign(key, SHA256())


def usage(*, crl_sign):
    flags = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**dict.fromkeys(flags, False) | {"key_cert_sign": True}, crl_sign=crl_sign)


def test_a_list_says_something_of_what_it_covers_and_a_revoked_authority_decides():
    root_key, middle_key, leaf_key = (generate_private_key(SECP256R1()) for _ in range(3))
    root = certify("root", root_key, "root", root_key)
    middle = certify("middle", middle_key, "root", root_key, x509.BasicConstraints(ca=True, path_length=None))
    points = [x509.DistributionPoint([SHARD_2], None, None, None)]
    leaf = certify("leaf", leaf_key, "middle", middle_key, x509.CRLDistributionPoints(points))
    of_root = list_of(root, root_key)

    def state(*lists):
        return find_revocation([leaf, middle, root], lists, NOW).state

    assert state(of_root, list_of(middle, middle_key, point=SHARD_1)) == "unknown"
    assert state(of_root, list_of(middle, middle_key, point=SHARD_2)) == "good"
    assert state(of_root, list_of(middle, middle_key)) == "good"
    assert state(list_of(root, root_key, (middle, None))) == "revoked"  # although there is no list for the leaf
    removed = x509.ReasonFlags.remove_from_crl
    assert state(of_root, list_of(middle, middle_key, (leaf, removed))) == "good"
    assert state(of_root, list_of(middle, middle_key, (leaf, x509.ReasonFlags.key_compromise))) == "revoked"
    for crl_sign, expected in ((True, "good"), (False, "unknown")):
        middle = certify("middle", middle_key, "root", root_key, usage(crl_sign=crl_sign))
        assert find_revocation([leaf, middle, root], [of_root, list_of(middle, middle_key)], NOW).state == expected


@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_seal_may_bring_the_list_of_its_authority(payload, is_encoded):
    def brought(crl):
        value = base64.b64encode(crl.public_bytes(Encoding.DER)).decode()
        beside = {"rVals": {"crlVals": [{"encoding": "DER", "val": value}]}}
        return SEAL.general(payload, beside=[encode(json.dumps(beside).encode()) if is_encoded else beside])

    assert certificate_of(verify(brought(AUTHORITY.revoke()))).result == "passed"
    assert certificate_of(verify(brought(AUTHORITY.revoke(SEAL.certificate)))).result == "failed"
    assert certificate_of(verify(brought(Authority().revoke()))).result == "notChecked"


@pytest.mark.parametrize("beside", ["%%%", 7, {"rVals": 1}, {"rVals": {"crlVals": ["AAAA", {"val": 1}, 5]}}])
def test_what_nobody_signed_beside_a_seal_spoils_nothing(payload, beside):
    report = verify(SEAL.general(payload, beside=[beside]))
    assert (report.verdict, certificate_of(report).result) == ("validWithWarning", "notChecked")


def test_answers_and_timestamps_of_a_seal_are_mentioned_and_not_read(payload):
    beside = [{"rVals": {"ocspVals": [{"val": "AAAA"}]}}, {"sigTst": {"tstTokens": []}}]
    assert "OCSP" in certificate_of(verify(SEAL.general(payload, beside=beside))).sentence
    ended = AUTHORITY.seal(end=NOW - timedelta(days=1)).general(payload, beside=beside)
    [issuer] = [check for check in verify(ended).checks if check.name == "issuer"]
    assert "has a timestamp, which is not read here" in issuer.sentence


@pytest.mark.parametrize("is_revoked", [True, False, None])
def test_a_wallet_credential_with_a_chain_says_whether_its_certificate_was_revoked(is_revoked):
    key = DocumentKey("eudi", certificates=True)
    anchors = x509.load_pem_x509_certificates(key.anchor)
    keys = IssuerKeys(at=NOW, anchors=anchors)
    answers = ports(
        keys=keys, members=Members(member=None), known_issuers={"https://registry.twente.example": "Twente"}
    )
    if is_revoked is not None:
        own = [x509.load_der_x509_certificate(base64.b64decode(key.x5c[0]))] if is_revoked else []
        crl = AUTHORITY.revoke(*own, name=anchors[0].subject, key=key.root)
        keys = IssuerKeys(at=NOW, anchors=anchors, revocation_lists=[crl])
        answers = msgspec.structs.replace(answers, keys=keys)
    report = verify_document(export(signer=key, tie="none").content, answers)
    expected = {True: ("failed", "invalid"), False: ("passed", "valid"), None: ("notChecked", "validWithWarning")}
    assert (certificate_of(report).result, report.verdict) == expected[is_revoked]


def test_files_of_lists_are_read_in_both_forms_and_others_refused():
    crl = AUTHORITY.revoke()
    for content in (crl.public_bytes(Encoding.DER), crl.public_bytes(Encoding.PEM) * 2):
        assert add_revocation_lists(Trust(), [content]).revocation_lists[0] == crl
    for content in (b"", b"nothing", crl.public_bytes(Encoding.PEM)[:-80]):
        with pytest.raises(InvalidTrust, match="no list of revoked certificates"):
            add_revocation_lists(Trust(), [content])
    with pytest.raises(InvalidCrl, match="over 50"):
        read_crls(crl.public_bytes(Encoding.PEM) * 51)
