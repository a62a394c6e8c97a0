"""Whether a proof counts: the key's end, the day of the document, and the receipt beside it."""

from datetime import UTC, date, datetime

import pytest

from registry.verification.issuing_keys import AnnouncedKey, judge_proof

ENDED = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
BEFORE, SAME, AFTER = date(2026, 6, 9), date(2026, 6, 10), date(2026, 6, 11)


def key(reason=None):
    ended = {} if reason is None else {"ended": 50, "ended_at": ENDED, "reason": reason}
    return AnnouncedKey(
        member="twente",
        thumbprint="t",
        jwk={},
        profiles=["open"],
        leaf=3,
        announced=datetime(2026, 1, 1, tzinfo=UTC),
        **ended,
    )


@pytest.mark.parametrize(
    ("reason", "made", "credential_leaf", "counts", "claimed"),
    [
        (None, BEFORE, None, True, False),
        (None, None, None, True, False),
        *((reason, BEFORE, None, True, True) for reason in ("rotated", "lost")),
        *((reason, SAME, None, True, True) for reason in ("rotated", "lost")),  # a document says the day alone
        *((reason, AFTER, None, False, False) for reason in ("rotated", "lost")),
        *((reason, None, None, False, False) for reason in ("rotated", "lost")),
        *((reason, AFTER, 49, True, False) for reason in ("rotated", "lost", "compromised")),
        *((reason, AFTER, 50, False, False) for reason in ("rotated", "lost", "compromised")),
        ("rotated", BEFORE, 51, True, True),
        ("rotated", ENDED.replace(hour=11), None, True, True),
        ("rotated", ENDED.replace(hour=13), None, False, False),
        ("rotated", ENDED.replace(hour=11, tzinfo=None), None, True, True),
        ("compromised", BEFORE, None, False, False),
        ("compromised", BEFORE, 50, False, False),
        ("compromised", None, 0, True, False),
    ],
)
def test_a_proof_counts_by_the_end_of_its_key(reason, made, credential_leaf, counts, claimed):
    standing = judge_proof(key(reason), made, credential_leaf)
    assert (standing.counts, standing.rests_on_claim) == (counts, claimed)
    assert standing.sentence.endswith(".")
    assert reason is None or reason in standing.sentence
