"""Documents as this project exports them agree with the log that they name. ELMO names none."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from registry.export.elm import export_elm
from registry.export.open_badges import export_open_badge
from registry.export.sd_jwt_vc import export_sd_jwt_vc
from registry.verification.ports import ProvenEvent
from registry.verification.verifier import verify_document
from registry.wire.disclosures import claims_digest
from tests.support.lookups import TWENTE, Log, logged, ports
from tests.support.portable import CREDENTIAL, credential
from tests.support.signer import KeySigner, KeyTable, make_copy

SIGNER, COPY, AWARD = KeySigner(), make_copy(tie="open"), credential()
ENTRY = logged(valid_until=date(2031, 6, 5), claims=claims_digest(list(AWARD.disclosures)))
PROVEN = ProvenEvent(
    member=TWENTE,
    type="credential.issued.v1",
    subject=CREDENTIAL,
    leaf=41,
    data={"awardingDate": "2026-06-05"},
    standing_then="active",
)
DOCUMENTS = {
    "sd-jwt-vc": export_sd_jwt_vc(AWARD, COPY, SIGNER),
    "open-badges-3.0": export_open_badge(AWARD, COPY, SIGNER, identity="plain"),
    "elm": export_elm(AWARD, COPY),
}


def check_of(name, check, entry=ENTRY, at=datetime(2026, 8, 1, tzinfo=UTC)):
    given = ports(keys=KeyTable(), log=Log(entry, PROVEN), at=at)
    report = verify_document(DOCUMENTS[name].content, given)
    return next(each for each in report.checks if each.name == check)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_ours_says_the_same_as_the_log(name):
    found = check_of(name, "onLog")
    assert found.result == "passed", found.sentence


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_ours_holds_to_the_end_of_its_last_day(name):
    assert check_of(name, "dates", at=datetime(2031, 6, 5, 23, 59, tzinfo=UTC)).result == "passed"
    assert check_of(name, "dates", at=datetime(2031, 6, 6, 0, 6, tzinfo=UTC)).result == "failed"
    other = msgspec.structs.replace(ENTRY, valid_until=date(2031, 6, 6))
    assert "last day of its validity" in check_of(name, "onLog", other).sentence


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_title_of_a_document_is_compared_with_the_log_in_every_language(name):
    titles = {language: f"{text} and more" for language, text in ENTRY.achievement["title"].items()}
    other = msgspec.structs.replace(ENTRY, achievement={**ENTRY.achievement, "title": titles})
    found = check_of(name, "onLog", other)
    assert (found.result, "the title" in found.sentence) == ("failed", True), found.sentence
