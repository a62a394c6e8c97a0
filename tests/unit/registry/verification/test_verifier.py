"""The frame: every document is asked the same, nothing is claimed after a broken signature or beyond the checks."""

import json
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.export.document import Copy
from registry.export.elm import export_elm
from registry.export.elmo import export_elmo
from registry.export.facts import portfolio_of
from registry.verification.checks import Check, OpenedDocument, StatusPlace
from registry.verification.ports import CannotAsk, InvalidReceipt, ProvenEvent
from registry.verification.verifier import ORDER, decide, judge_opened, verify_document
from registry.wire.disclosures import claims_digest, disclosure, salts
from tests.support.lookups import DID, KEY, TWENTE, Log, Members, Statuses, announced, logged, ports
from tests.support.portable import CREDENTIAL, credential
from tests.support.sealing import Authority

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30), tie="open")
TIE = {"origin": "eciu.example/twente", "credential": CREDENTIAL}
PLACE = StatusPlace(type="TokenStatusList", list="https://u.example/list", index=7, purpose="status")


def opened(**changes):
    """A document of Twente whose signature holds."""
    values = {
        "format": "sd-jwt-vc",
        "checks": [Check("parsed", "passed", "p"), Check("schema", "passed", "s"), Check("signature", "passed", "g")],
        "issuer": DID,
        "key": KEY,
        "key_source": "did:web",
        "claims": {"awardingDate": "2026-06-05", "validFrom": "2026-06-09", "ects": 5, "title": "Data literacy"},
        "tie": TIE,
    }
    return OpenedDocument(**(values | changes))


def proven(**changes):
    values = {
        "member": TWENTE,
        "type": "credential.issued.v1",
        "subject": CREDENTIAL,
        "leaf": 41,
        "data": {"awardingDate": "2026-06-05", "ects": 5},
        "standing_then": "active",
    }
    return ProvenEvent(**(values | changes))


def check_of(report, name):
    return [check for check in report.checks if check.name == name][-1]


def results(report):
    return {check.name: check.result for check in report.checks}


def test_a_document_of_a_member_on_the_log_is_valid_with_the_name_from_governance():
    report = judge_opened(opened(), ports())
    assert report.verdict == "valid"
    assert (report.issuer_name, report.issuer_name_source) == ("University of Twente", "governance")
    assert [check.name for check in report.checks] == [name for name in ORDER if name != "certificate"]
    assert check_of(report, "issuer").values["accredited"] == "on-record"


@pytest.mark.parametrize("broken", ["parsed", "schema", "signature"])
def test_after_a_broken_document_nothing_else_is_checked_or_claimed(broken):
    checks = [Check(name, "failed" if name == broken else "passed", "x") for name in ("parsed", "schema", "signature")]
    report = judge_opened(opened(checks=checks, claims={}), ports())
    assert (report.verdict, report.issuer_name, report.claims) == ("invalid", None, {})
    later = {check.name: check.result for check in report.checks if check.name not in ("parsed", "schema", "signature")}
    assert later == dict.fromkeys(("issuer", "onLog", "status", "dates", "holder"), "notChecked")


@pytest.mark.parametrize(
    ("status", "words"), [("revoked", "has revoked"), ("replaced", "has replaced"), ("suspended", "has suspended")]
)
def test_what_its_issuer_withdrew_is_not_valid(status, words):
    report = judge_opened(opened(), ports(log=Log(logged(status=status))))
    assert (report.verdict, words in check_of(report, "status").sentence) == ("invalid", True)


def test_an_old_reading_of_the_log_proves_a_revocation_and_nothing_better():
    assert judge_opened(opened(), ports(log=Log(logged(status="revoked", is_current=False)))).verdict == "invalid"
    assert judge_opened(opened(), ports(log=Log(logged(is_current=False)))).verdict == "cannotTell"


def test_a_log_of_another_consortium_is_not_that_of_a_member_with_the_same_name():
    elsewhere = judge_opened(opened(tie=TIE | {"origin": "other.example/twente"}), ports())
    assert (results(elsewhere)["onLog"], results(elsewhere)["status"]) == ("notChecked", "notChecked")
    unknown = opened(issuer="did:key:z6Mk", key={"x": "A"}, tie=TIE | {"origin": "other.example/twente"})
    assert results(judge_opened(unknown, ports()))["onLog"] == "notChecked"
    other = msgspec.structs.replace(TWENTE, origin="other.example/twente")
    assert results(judge_opened(opened(), ports(log=Log(logged(member=other)))))["onLog"] == "notChecked"


def test_a_warning_of_the_log_is_passed_on():
    report = judge_opened(opened(), ports(log=Log(logged(flags=["impaired"]))))
    assert (report.verdict, "impaired" in check_of(report, "status").sentence) == ("validWithWarning", True)


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({"awardingDate": "2026-06-06"}, "the day of the award"),
        ({"ects": 30}, "the ECTS credits"),
        ({"title": "Doctor of Data"}, "the title"),
        ({"validUntil": "2099-01-01"}, "the last day of its validity"),
    ],
)
def test_a_document_that_says_otherwise_than_the_log_is_not_valid(claims, what):
    report = judge_opened(opened(claims=claims), ports())
    assert (report.verdict, what in check_of(report, "onLog").sentence) == ("invalid", True)


@pytest.mark.parametrize(
    ("keys", "verdict", "words"),
    [
        ((), "invalid", "never announced"),
        ((announced("dcu"),), "invalid", "never announced"),
        ((announced("twente", "rotated", 90),), "validWithWarning", "the document says that it was made before"),
        ((announced("twente", "lost", 90, day=5),), "invalid", "before the document was made"),
        ((announced("twente", "compromised", 90),), "invalid", "Others had this key"),
    ],
)
def test_the_key_that_signed_counts_as_its_member_announced_it(keys, verdict, words):
    report = judge_opened(opened(), ports(members=Members(keys=keys)))
    assert (report.verdict, words in check_of(report, "issuer").sentence) == (verdict, True)


@pytest.mark.parametrize("reason", ["rotated", "lost", "compromised"])
def test_a_receipt_from_before_the_end_of_its_key_keeps_a_document_valid(reason):
    with_receipt = opened(tie=TIE | {"receipt": "r"})
    before = ports(members=Members(keys=[announced("twente", reason, 42)]), log=Log(logged(), proven(leaf=41)))
    assert judge_opened(with_receipt, before).verdict == "valid"
    after = ports(members=Members(keys=[announced("twente", reason, 41)]), log=Log(logged(), proven(leaf=41)))
    assert judge_opened(with_receipt, after).verdict != "valid"


def test_a_member_is_found_by_its_key_where_it_alone_announced_it():
    unnamed = opened(issuer="did:web:other.example", tie=None, status=[PLACE])
    report = judge_opened(unnamed, ports())
    assert (report.verdict, report.issuer_name) == ("valid", "University of Twente")
    two = ports(members=Members(keys=[announced("twente"), announced("dcu")]))
    assert judge_opened(unnamed, two).verdict == "cannotTell"


def test_a_member_that_is_suspended_now_or_was_then_is_said():
    member = msgspec.structs.replace(TWENTE, standing="suspended")
    now = judge_opened(opened(), ports(members=Members(member)))
    assert (now.verdict, "suspended in the consortium now" in check_of(now, "issuer").sentence) == (
        "validWithWarning",
        True,
    )
    then = judge_opened(opened(), ports(log=Log(logged(standing_then="suspended"))))
    assert then.verdict == "invalid"


def test_an_accreditation_that_did_not_hold_that_day_is_a_warning():
    old = msgspec.structs.replace(TWENTE, accreditations=[{"eqfLevels": [6], "validUntil": "2020-01-01"}])
    report = judge_opened(opened(), ports(members=Members(old)))
    assert (report.verdict, "did not hold" in check_of(report, "issuer").sentence) == ("validWithWarning", True)


def test_nobody_knows_the_issuer_is_neither_good_nor_bad_news():
    stranger = opened(issuer="did:key:z6Mk", tie=None, key={"kty": "OKP", "crv": "Ed25519", "x": "A"})
    report = judge_opened(stranger, ports())
    assert (report.verdict, report.issuer_name) == ("cannotTell", None)
    known = judge_opened(stranger, ports(known_issuers={"did:key:z6Mk": "Evening School"}))
    assert (known.verdict, known.issuer_name, known.issuer_name_source) == (
        "validWithWarning",
        "Evening School",
        "trustFile",
    )


def test_governance_that_cannot_be_read_leaves_the_issuer_open():
    report = judge_opened(opened(tie=None), ports(members=Members(away="Governance could not be read.")))
    assert (report.verdict, check_of(report, "issuer").sentence) == ("cannotTell", "Governance could not be read.")


@pytest.mark.parametrize(
    ("answer", "verdict"), [("valid", "valid"), ("revoked", "invalid"), ("suspended", "invalid"), (None, "cannotTell")]
)
def test_a_status_list_decides_and_one_that_is_away_is_no_good_news(answer, verdict):
    listed = opened(tie=None, status=[PLACE])
    assert judge_opened(listed, ports(statuses=Statuses(answer))).verdict == verdict


def test_a_log_that_was_read_lately_is_asked_and_no_list_is_fetched():
    report = judge_opened(opened(status=[PLACE]), ports(statuses=Statuses("away")))
    assert report.verdict == "valid"
    behind = ports(log=Log(logged(is_current=False)), statuses=Statuses("revoked"))
    assert judge_opened(opened(status=[PLACE]), behind).verdict == "invalid"


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (InvalidReceipt("it was altered"), "invalid", "not genuine"),
        (proven(subject="00000000-0000-4000-8000-000000000000"), "invalid", "another credential"),
        (proven(member=msgspec.structs.replace(TWENTE, origin="eciu.example/dcu")), "invalid", "another university"),
        (proven(refused="voided"), "invalid", "no effect"),
        (proven(rests_on_retired_keys=True), "cannotTell", "retired since"),
        (CannotAsk("There is no governance."), "cannotTell", "no governance"),
    ],
)
def test_a_receipt_in_a_document_must_be_its_own(answer, verdict, words):
    report = judge_opened(opened(tie=TIE | {"receipt": "r"}), ports(log=Log(logged(), answer)))
    assert (report.verdict, words in check_of(report, "onLog").sentence) == (verdict, True)


def test_disclosures_are_shown_where_the_log_has_their_digest_and_refused_where_not():
    given_ = credential()
    disclosures = list(given_.disclosures)
    digest = claims_digest(disclosures)
    tied = opened(tie=TIE | {"disclosures": disclosures})
    report = judge_opened(tied, ports(log=Log(logged(claims=digest))))
    assert (report.verdict, report.claims["familyName"]) == ("valid", given_.claims["familyName"])
    other = judge_opened(tied, ports(log=Log(logged(claims="A" * 43))))
    assert (other.verdict, "familyName" in other.claims) == ("invalid", False)
    assert "not what the log has a digest of" in check_of(other, "onLog").sentence


@pytest.mark.parametrize(
    ("claims", "result"),
    [
        ({"validUntil": "2026-11-29"}, "failed"),
        ({"validUntil": "2026-11-30"}, "passed"),
        ({"validUntil": "2026-11-30T11:00:00Z"}, "failed"),
        ({"validFrom": "2026-12-01T00:00:00Z"}, "failed"),
        ({"validUntil": "some day"}, "notChecked"),
    ],
)
def test_dates_are_judged_to_the_end_of_their_day(claims, result):
    report = judge_opened(opened(claims=claims, tie=None, status=[PLACE]), ports())
    assert check_of(report, "dates").result == result


def test_a_sealed_document_of_a_trusted_authority_says_that_the_name_is_the_certificates():
    authority = Authority()
    untied = msgspec.structs.replace(COPY, tie="none")
    content = authority.seal().general(export_elm(credential(), untied).content)
    report = verify_document(content, ports(anchors=[authority.certificate]))
    assert (report.verdict, report.issuer_name_source) == ("validWithWarning", "certificate")
    assert report.issuer_name == "University of Zed (EE)"
    assert verify_document(content, ports()).verdict == "cannotTell"


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_members_sealed_document_has_a_warning_as_governance_does_not_name_its_certificate(kind):
    authority = Authority()
    content = authority.seal(kind=kind).general(export_elm(credential(), COPY).content)
    on_log = Log(logged(valid_until=date(2031, 6, 5)), proven())
    report = verify_document(content, ports(anchors=[authority.certificate], log=on_log))
    assert (report.verdict, check_of(report, "issuer").result) == ("validWithWarning", "warning")
    assert (report.issuer_name, report.issuer_name_source) == ("University of Zed (EE)", "certificate")
    assert "Governance does not name the certificate" in check_of(report, "issuer").sentence
    nobodys = verify_document(content, ports(log=on_log))
    assert (nobodys.verdict, check_of(nobodys, "issuer").result) == ("cannotTell", "notChecked")


def test_a_seal_does_not_make_a_suspended_member_count():
    authority = Authority()
    content = authority.seal().general(export_elm(credential(), COPY).content)
    on_log = Log(logged(valid_until=date(2031, 6, 5), standing_then="suspended"), proven(standing_then="suspended"))
    report = verify_document(content, ports(anchors=[authority.certificate], log=on_log))
    assert (report.verdict, check_of(report, "issuer").result) == ("invalid", "failed")


def test_a_seal_with_a_key_that_the_member_announced_has_the_name_from_governance():
    authority = Authority()
    content = authority.seal().general(export_elm(credential(), COPY).content)
    members = Members()
    members.find_keys = lambda jwk: (announced(),) if jwk["kty"] == "EC" else ()
    report = verify_document(content, ports(members=members, log=Log(logged(valid_until=date(2031, 6, 5)), proven())))
    assert (report.issuer_name, report.issuer_name_source) == ("University of Twente", "governance")


def test_a_document_that_names_a_trusted_issuer_is_not_shown_as_the_members_that_announced_the_key():
    named = opened(issuer="did:web:school.example", tie=None, status=[PLACE])
    report = judge_opened(named, ports(known_issuers={"did:web:school.example": "Evening School"}))
    assert (report.issuer_name, report.issuer_name_source) == ("Evening School", "trustFile")


def test_the_issuer_that_a_document_names_comes_before_the_log_that_it_points_to():
    class Two(Members):
        def find(self, issuer):
            dcu = msgspec.structs.replace(TWENTE, member="dcu", origin="eciu.example/dcu", legal_name="DCU")
            return dcu if issuer == "did:web:dcu.example" else super().find(issuer)

    report = judge_opened(opened(issuer="did:web:dcu.example"), ports(members=Two()))
    assert (report.verdict, report.issuer_name) == ("invalid", None)
    assert "DCU never announced the key" in check_of(report, "issuer").sentence


def test_an_unsealed_document_is_never_called_valid():
    for content in (export_elm(credential(), COPY).content, export_elmo(portfolio_of(credential()), COPY).content):
        report = verify_document(content, ports(log=Log(logged(valid_until=date(2031, 6, 5)), proven())))
        assert (report.verdict, report.issuer_name) == ("cannotTell", None)
        assert results(report)["signature"] == "notChecked"


@pytest.mark.parametrize(
    "content", [b"", b"Dear Sir or Madam,", b"\xff\xfe\x00", b"<html></html>", b'{"a": 1}', b"a.b.c", b"{", b"[]x"]
)
def test_what_is_no_document_is_said_and_not_called_forged_or_genuine(content):
    report = verify_document(content, ports())
    assert report.verdict in ("cannotTell", "invalid")
    assert report.claims == {}
    assert report.checks[0].sentence


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE e [<!ENTITY x "y">]><elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1">&x;</elmo>',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"a" * 12_000_001,
    ],
)
def test_hostile_files_are_refused_before_they_cost_anything(content):
    assert verify_document(content, ports()).verdict in ("cannotTell", "invalid")


def test_a_list_is_as_good_as_its_worst_document():
    authority = Authority()
    untied = msgspec.structs.replace(COPY, tie="none")
    plain = export_elm(credential(), untied).content
    sealed = json.loads(authority.seal().general(plain))
    trusted = ports(anchors=[authority.certificate])
    good = verify_document(json.dumps([sealed, sealed]).encode(), trusted)
    assert (good.format, good.verdict, len(good.contained)) == ("several", "validWithWarning", 2)
    mixed = verify_document(json.dumps([sealed, json.loads(plain)]).encode(), trusted)
    assert mixed.verdict == "cannotTell"
    forged = sealed | {"payload": sealed["payload"].replace("8.5", "9.5")}
    assert verify_document(json.dumps([sealed, forged]).encode(), trusted).verdict == "invalid"


def test_envelopes_inside_of_envelopes_have_an_end():
    content = json.dumps([["a"]]).encode()
    for _ in range(6):
        content = json.dumps([content.decode()]).encode()
    report = verify_document(content, ports())
    assert report.verdict == "invalid"


@given(st.lists(st.tuples(st.sampled_from(ORDER), st.sampled_from(["passed", "failed", "warning", "notChecked"]))))
def test_a_verdict_is_never_more_than_what_was_checked(pairs):
    checks = [Check(name, result, "x") for name, result in pairs]
    verdict = decide(checks)
    if any(result == "failed" for _, result in pairs):
        assert verdict == "invalid"
    if verdict in ("valid", "validWithWarning"):
        for name in ("parsed", "signature", "issuer", "status", "dates"):
            made = [result for each, result in pairs if each == name]
            assert made
            assert set(made) <= {"passed", "warning"}
    if verdict == "valid":
        assert all(result != "warning" for _, result in pairs)
        assert ("certificate", "notChecked") not in pairs


def test_the_log_of_a_member_says_of_its_key_what_no_list_of_an_authority_says():
    doubt = Check("certificate", "notChecked", "no list")
    checks = [*opened().checks, doubt]
    assert judge_opened(opened(checks=checks, key_source="x5c"), ports()).verdict == "valid"
    unknown = judge_opened(
        opened(checks=checks, key_source="x5c", issuer="https://u.example", tie=None),
        ports(members=Members(member=None), known_issuers={"https://u.example": "U"}),
    )
    assert (unknown.verdict, check_of(unknown, "certificate")) == ("validWithWarning", doubt)


def test_a_report_is_not_shown_by_accident():
    report = judge_opened(opened(claims={"familyName": "Núñez"}), ports())
    assert "Núñez" not in repr(report)
    assert report.verdict == "valid"


def test_of_a_member_a_list_of_revocations_alone_leaves_suspension_open():
    revocations = StatusPlace(
        type="BitstringStatusListEntry", list="https://u.example/list", index=7, purpose="revocation"
    )
    report = judge_opened(opened(tie=None, status=[revocations]), ports(statuses=Statuses("valid")))
    assert report.verdict == "validWithWarning"
    assert "Whether it is suspended" in check_of(report, "status").sentence
    suspensions = msgspec.structs.replace(revocations, purpose="suspension")
    both = judge_opened(opened(tie=None, status=[revocations, suspensions]), ports(statuses=Statuses("valid")))
    assert both.verdict == "valid"


def test_a_name_that_is_not_the_one_of_the_log_is_no_match():
    claims = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"}
    salt = salts(len(claims))
    shown = [disclosure(salt[24 * at : 24 * at + 24], *each) for at, each in enumerate(claims.items())]
    tied = TIE | {"disclosures": shown}
    stated = {"awardingDate": "2026-06-05", "validFrom": "2026-06-09", "familyName": "Janson"}
    report = judge_opened(opened(claims=stated, tie=tied), ports(log=Log(logged(claims=claims_digest(shown)))))
    assert (report.verdict, check_of(report, "onLog").result) == ("invalid", "failed")
