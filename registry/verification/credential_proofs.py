"""The check of a credential's Data Integrity proofs: by a key of the issuer, for the right purpose, in their time."""

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from registry.documents.data_integrity import (
    BrokenProof,
    MalformedProof,
    Proof,
    UnsupportedProof,
    explain_unsupported,
    read_proofs,
    verify_proof,
)
from registry.documents.json_ld import HashName, UnknownContext, UnsafeDocument, canonize_node, expand
from registry.verification.checks import Check
from registry.verification.credential_contexts import find_context_fault, find_hidden_property
from registry.verification.credential_form import issuer_of
from registry.verification.ports import KeyResolver, ResolvedKey, UnresolvedKey

PURPOSE: Final = "assertionMethod"
_SKEW: Final = timedelta(days=1)
"""Proofs are dated to the day, in any time zone."""


class CheckedSignature(NamedTuple):
    """The check `signature`, and the key whose signature holds."""

    check: Check
    key: ResolvedKey | None = None


class CheckedCredential(NamedTuple):
    """A credential in JSON, from whatever envelope, with the check of its signature."""

    document: Mapping[str, Any]
    signature: CheckedSignature


class _Outcome(NamedTuple):
    result: str
    sentence: str
    proof: Proof
    key: ResolvedKey | None = None


def check_proofs(document: Mapping[str, Any], keys: KeyResolver, at: datetime) -> CheckedSignature:
    """Check all proofs of a credential.

    It passes if one proof at least holds and none is wrong. A proof that cannot be checked is neither.
    """
    node = _expand(document)
    fault = find_context_fault(document)
    if fault is None and node is not None:
        fault = find_hidden_property(document, node)
    if fault is not None:
        return _fail(f"What was signed may be something else than what stands here: {fault}.")
    try:
        proofs = read_proofs(document)
    except MalformedProof as error:
        return _fail(f"The proof cannot be read: {error}.")
    if not proofs:
        return _fail("Nobody has signed this document: it has no proof, so anybody may have written it.")
    canonical = None if node is None else functools.cache(lambda name: canonize_node(node, name))
    outcomes = [_check_proof(document, canonical, proof, keys, at) for proof in proofs]
    wrong = next((outcome for outcome in outcomes if outcome.result == "failed"), None)
    if wrong is not None:
        return _fail(wrong.sentence)
    valid = [outcome for outcome in outcomes if outcome.result == "passed"]
    unchecked = [outcome.sentence for outcome in outcomes if outcome.result == "notChecked"]
    if not valid:
        return CheckedSignature(Check("signature", "notChecked", " ".join(unchecked)))
    first = valid[0]
    values = {
        "suite": first.proof.suite,
        "verificationMethod": first.proof.verification_method,
        "created": first.proof.created,
        "expires": first.proof.expires,
    }
    stated = {name: value for name, value in values.items() if value is not None}
    return CheckedSignature(Check("signature", "passed", " ".join([first.sentence, *unchecked]), stated), first.key)


def _expand(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a document without its proofs in expanded form; None where it has none: its proof's check says why."""
    try:
        return expand({name: value for name, value in document.items() if name != "proof"})
    except UnsafeDocument:
        return None


def _check_proof(
    document: Mapping[str, Any],
    canonical: Callable[[HashName], str] | None,
    proof: Proof,
    keys: KeyResolver,
    at: datetime,
) -> _Outcome:
    if (reason := explain_unsupported(proof)) is not None:
        return _Outcome("notChecked", f"A proof could not be checked: {reason}.", proof)
    if proof.purpose != PURPOSE:
        return _Outcome(
            "failed", f"The proof was made for another purpose than issuing: {proof.purpose[:60]!r}.", proof
        )
    late = _find_time_fault(proof, at)
    if late is not None:
        return _Outcome("failed", late, proof)
    key = keys.resolve(str(issuer_of(document)), proof.verification_method)
    if isinstance(key, UnresolvedKey):
        return _Outcome("failed" if key.contradicts else "notChecked", key.reason, proof)
    try:
        verify_proof(document, proof, key.jwk, canonical=canonical)
    except UnsupportedProof as error:
        return _Outcome("notChecked", f"A proof could not be checked: {error}.", proof)
    except BrokenProof as error:
        return _Outcome("failed", f"The signature does not hold: {error}.", proof)
    except MalformedProof as error:
        return _Outcome("failed", f"The proof cannot be read: {error}.", proof)
    except UnknownContext as error:
        return _Outcome("notChecked", f"The signature could not be checked: {error}.", proof)
    except UnsafeDocument as error:
        return _Outcome("failed", f"The signature cannot be over the whole document: {error}.", proof)
    return _Outcome("passed", "The document is as its issuer signed it.", proof, key)


def _find_time_fault(proof: Proof, at: datetime) -> str | None:
    created, expires = _moment(proof.created), _moment(proof.expires)
    if expires is not None and expires < at:
        return f"The proof expired on {expires.date().isoformat()}."
    if created is not None and created > at + _SKEW:
        return f"The proof says that it was made on {created.date().isoformat()}, which is still to come."
    return None


def _moment(text: str | None) -> datetime | None:
    """Return a time of a proof; None for one beyond what a calendar has, which cannot be compared."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _fail(sentence: str) -> CheckedSignature:
    return CheckedSignature(Check("signature", "failed", sentence))
