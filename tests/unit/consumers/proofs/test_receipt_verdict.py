"""What a receipt that proves what it says comes to, in one sentence."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from consumers.proofs.receipt_verdict import day, verdict
from consumers.proofs.receipts import VerifiedReceipt, VerifiedStatus

ISSUED = '{"data":{"credential":"c","validUntil":"2026-05-02"}}'
RECEIPT = VerifiedReceipt(
    member="twente",
    legal_name="Twente",
    leaf=3,
    event='{"data":{"credential":"c"}}',
    type="credential.issued.v1",
    subject="c",
    size=9,
    root="00",
    keys=[],
    governance=2,
    governance_time="2026-05-01T10:00:00Z",
    standing_then="active",
    standing_now="active",
    refused=None,
    rests_on_retired_keys=False,
    notes=[],
)
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def seal_of(status, **changes):
    seal = VerifiedStatus("c", status, 9, "2026-05-02T00:00:00Z", rests_on_retired_keys=False)
    return msgspec.structs.replace(seal, **changes)


ACTIVE = seal_of(None)


def of(status=None, *, cosigned=False, **more):
    about = {name: more.pop(name) for name in ("seal_cosigned", "seal_missing", "max_seal_age") if name in more}
    receipt = msgspec.structs.replace(RECEIPT, **more)
    return verdict(receipt, status, cosigned=cosigned, now=NOW, **about)


@pytest.mark.parametrize("status", ["revoked", "suspended", "replaced"])
def test_what_the_issuer_sealed_as_not_in_force_is_said_first(status):
    said = of(seal_of(status))
    assert said.outcome == "not-in-force"
    assert said.summary == f"Genuine, and {status}: the issuer sealed that on 2 May 2026."


def test_a_credential_in_force_is_genuine_as_of_its_seal_only():
    said = of(ACTIVE)
    assert said.outcome == "genuine"
    assert "when the issuer sealed that on 2 May 2026; this file cannot show what came after" in said.summary


@pytest.mark.parametrize(
    "kind", ["credential.issued.v1", "recognition.decided.v1", "agreement.declared.v1", "achievement.published.v1"]
)
def test_what_a_later_event_can_change_is_inconclusive_without_a_seal(kind):
    assert of(type=kind).outcome == "inconclusive"


def test_what_no_later_event_can_change_is_genuine():
    assert of(type="credential.revoked.v1").outcome == "genuine"


@pytest.mark.parametrize("status", [None, ACTIVE])
def test_an_expired_credential_is_not_in_force_with_or_without_a_seal(status):
    said = of(status, event=ISSUED)
    assert (said.outcome, said.summary) == ("not-in-force", "Genuine, and expired: it was valid until 2 May 2026.")


def test_a_credential_is_valid_on_its_last_day():
    last = '{"data":{"credential":"c","validUntil":"2026-05-03"}}'
    assert of(ACTIVE, event=last).outcome == "genuine"


def test_a_head_that_only_a_retired_key_signed_is_inconclusive_until_a_witness_vouches_for_it():
    assert of(ACTIVE, rests_on_retired_keys=True).outcome == "inconclusive"
    assert of(ACTIVE, rests_on_retired_keys=True, cosigned=True).outcome == "genuine"


@pytest.mark.parametrize("status", [None, "suspended", "revoked", "replaced"])
def test_a_seal_that_only_a_retired_key_signed_says_nothing_until_a_witness_vouches_for_it(status):
    forged = seal_of(status, rests_on_retired_keys=True)
    said = of(forged, cosigned=True)
    assert said.outcome == "inconclusive"
    assert said.summary.startswith("Genuine. What its seal says does not count: a key that was retired since signed it")
    vouched = of(forged, seal_cosigned=True)
    assert vouched.outcome == ("genuine" if status is None else "not-in-force")


def test_an_expired_credential_is_not_in_force_whatever_its_seal_is_worth():
    assert of(seal_of(None, rests_on_retired_keys=True), event=ISSUED).outcome == "not-in-force"


def hours(number):
    return timedelta(hours=number)


@pytest.mark.parametrize("status", [None, "suspended"])
def test_a_seal_older_than_allowed_is_inconclusive_and_the_first_line_says_how_old(status):
    assert of(seal_of(status), max_seal_age=hours(36)).outcome in ("genuine", "not-in-force")
    said = of(seal_of(status), max_seal_age=hours(35))
    assert said.outcome == "inconclusive"
    assert "sealed it" in said.summary
    assert "on 2 May 2026, 36 hours ago, and at most 35 are allowed" in said.summary


@pytest.mark.parametrize("status", ["revoked", "replaced"])
def test_what_nothing_undoes_is_believed_of_an_old_seal(status):
    assert of(seal_of(status), max_seal_age=hours(1)).outcome == "not-in-force"


def test_a_seal_of_a_time_to_come_has_no_age():
    early = seal_of(None, sealed="2026-05-03T12:04:00Z")
    assert of(early, max_seal_age=hours(1)).outcome == "genuine"  # within what two clocks may differ
    said = of(seal_of(None, sealed="2027-01-01T00:00:00Z"), max_seal_age=hours(1))
    assert said.outcome == "inconclusive"
    assert "in the future" in said.summary


@pytest.mark.parametrize("kind", ["credential.issued.v1", "credential.revoked.v1"])
def test_an_age_that_was_asked_for_without_any_seal_is_inconclusive(kind):
    assert of(type=kind, max_seal_age=hours(1)).outcome == "inconclusive"


def test_an_event_without_effect_is_not_called_genuine():
    said = of(ACTIVE, refused="member-suspended: the member is suspended")
    assert said.outcome == "no-effect"
    assert said.summary.startswith("Published, and without effect: member-suspended")


def test_a_seal_that_was_asked_for_and_is_absent_is_inconclusive():
    assert of(seal_missing="x.seal.json").outcome == "inconclusive"


def test_a_day_is_written_for_people():
    assert day("2026-05-02T00:00:00Z") == "2 May 2026"
