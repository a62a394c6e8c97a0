"""The cases of `folds.json`: what streams mean. What is expected of each thing stands here, by hand."""

from typing import Any

from registry.wire.credentials import (
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    LearnerErased,
    Part,
)
from registry.wire.governance import Head, MemberKeyAdded, MemberRangeVoided
from tests.vectors.corner_cases import CORNERS
from tests.vectors.deep_cases import DEEP
from tests.vectors.fold_case import Fold
from tests.vectors.issuing_key_cases import ISSUING_KEYS
from tests.vectors.key_cases import key_ids
from tests.vectors.writer import identifier, signer


def fold_cases() -> list[dict[str, Any]]:
    return [case().case() for case in (*PLAIN, *CORNERS, *DEEP, key_ids, *ISSUING_KEYS)]


def _plain() -> Fold:
    fold = Fold("plain", "one credential of one achievement")
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    fold.members["zeeland"].seal(published, issued)
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


def _statuses() -> Fold:
    fold = Fold("statuses", "suspended, reinstated, suspended, in one commit; then revoked, and no more")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    suspended = CredentialSuspended(credential, "underReview")
    zeeland.seal(
        published,
        issued,
        zeeland.line("credential.suspended.v1", credential, suspended),
        zeeland.line("credential.reinstated.v1", credential, CredentialReinstated(credential)),
        zeeland.line("credential.suspended.v1", credential, suspended),
    )
    revoked = CredentialRevoked(credential, "withheld")
    zeeland.seal(zeeland.line("credential.revoked.v1", credential, revoked))
    zeeland.seal(zeeland.line("credential.suspended.v1", credential, suspended))
    fold.refused["zeeland"] = [[6, "illegal-transition"]]
    fold.expect("zeeland", credential, "ada", status="revoked")
    fold.sums(ada=0)
    return fold


def _twice() -> Fold:
    fold = Fold("twice", "the same id issued again is refused, in its commit and in a later one")
    offered, published = fold.publish("zeeland", "course")
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    _, again = fold.issue("zeeland", "credential", offered, "ben")
    fold.members["zeeland"].seal(published, issued, again)
    fold.members["zeeland"].seal(again)
    fold.refused["zeeland"] = [[2, "duplicate"], [3, "duplicate"]]
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


def _replaced() -> Fold:
    fold = Fold("replaced", "a correction for the same learner; for another it is refused")
    offered, published = fold.publish("zeeland", "course")
    first, issued = fold.issue("zeeland", "first", offered, "ada")
    second, corrected = fold.issue("zeeland", "second", offered, "ada", replaces=first)
    _, wrong = fold.issue("zeeland", "third", offered, "ben", replaces=second)
    fold.members["zeeland"].seal(published, issued)
    fold.members["zeeland"].seal(corrected, wrong)
    fold.refused["zeeland"] = [[3, "illegal-transition"]]
    fold.expect("zeeland", first, "ada", status="replaced")
    fold.expect("zeeland", second, "ada")
    fold.sums(ada=5)
    return fold


def _stack() -> Fold:
    fold = Fold("stack", "a part of another member that is revoked, and one that nobody issued")
    friesland = fold.members["friesland"]
    course, published = fold.publish("friesland", "part")
    part, issued = fold.issue("friesland", "part credential", course, "ada")
    friesland.seal(published, issued)
    friesland.seal(friesland.line("credential.revoked.v1", part, CredentialRevoked(part, "issuedInError")))
    offered, larger = fold.publish("zeeland", "larger")
    parts = [Part("friesland", part, 5), Part("friesland", identifier("nowhere"), 5)]
    stack, stacked = fold.issue("zeeland", "stack", offered, "ada", parts=parts)
    fold.members["zeeland"].seal(larger, stacked)
    fold.expect("friesland", part, "ada", status="revoked")
    fold.expect("zeeland", stack, "ada", flags=("impaired", "pending"))
    fold.sums(ada=0)
    return fold


def _erased() -> Fold:
    fold = Fold("erased", "what one member said of a learner, before and after; what another says stays")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    before, issued = fold.issue("zeeland", "before", offered, "ada")
    after, later = fold.issue("zeeland", "after", offered, "ada")
    zeeland.seal(published, issued)
    zeeland.seal(zeeland.line("learner.erased.v1", identifier("ada"), LearnerErased(identifier("ada"))))
    zeeland.seal(later)
    course, elsewhere = fold.publish("friesland", "elsewhere")
    other, kept = fold.issue("friesland", "kept", course, "ada")
    fold.members["friesland"].seal(elsewhere, kept)
    fold.expect("zeeland", before, None)
    fold.expect("zeeland", after, None)
    fold.expect("friesland", other, "ada")
    fold.sums(ada=5)
    return fold


def _voided() -> Fold:
    fold = Fold("voided", "an issuing that governance voids; a stack elsewhere that rests on it is impaired")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    void, issued = fold.issue("zeeland", "void", offered, "ada")
    zeeland.seal(published, issued)
    head = Head(**zeeland.head)
    voided = MemberRangeVoided("zeeland", 1, 2, head, "publishedByMistake")
    fold.governance.seal(fold.governance.line("member.range.voided.v1", "zeeland", voided))
    course, larger = fold.publish("friesland", "larger")
    stack, stacked = fold.issue("friesland", "stack", course, "ada", parts=[Part("zeeland", void, 5)])
    fold.members["friesland"].seal(larger, stacked)
    fold.refused["zeeland"] = [[1, "voided"]]
    fold.expect("friesland", stack, "ada", flags=("impaired",))
    fold.sums(ada=5)
    return fold


def _new_key() -> Fold:
    fold = Fold("new-key", "commits by a key that governance adds, whichever arrives first")
    zeeland = fold.members["zeeland"]
    offered, published = fold.publish("zeeland", "course")
    zeeland.seal(published)
    added = signer(zeeland.origin, 2)
    data = MemberKeyAdded("zeeland", str(added.vkey), Head(**zeeland.head))
    fold.governance.seal(fold.governance.line("member.key.added.v1", "zeeland", data))
    zeeland.signers = [added]
    credential, issued = fold.issue("zeeland", "credential", offered, "ada")
    zeeland.seal(issued)
    fold.expect("zeeland", credential, "ada")
    fold.sums(ada=5)
    return fold


PLAIN = (_plain, _statuses, _twice, _replaced, _stack, _erased, _voided, _new_key)
