"""The form in which a published decision names its credential: openly, or by a digest that only the learner can open.

A refusal, and a decision for admission or employment, says something about a person that must not be on the log with a
named credential. This is the only place that decides the form of a basis.
"""

from collections.abc import Iterable
from typing import NamedTuple

from registry.wire.disclosures import claims_digest, disclosure, salts
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import Basis, Evidence


class NamedBasis(NamedTuple):
    """A basis as it is published, and the disclosure that opens its digest."""

    basis: Basis
    disclosure: str | None
    """None where the basis names the credential openly."""


def names_openly(purpose: str, outcomes: Iterable[str]) -> bool:
    """Return whether a decision for this purpose, with these outcomes of its grants, may name its credentials."""
    return purpose in ("creditTransfer", "stacking") and all(outcome != "refused" for outcome in outcomes)


def name_basis(evidence: Evidence, achievement: VersionedRef, credential: CredentialRef, *, openly: bool) -> NamedBasis:
    """Return the basis for one credential; `openly` is what `names_openly` returns for the whole decision."""
    if openly:
        return NamedBasis(Basis(evidence, achievement=achievement, credential=credential), None)
    about = {"member": credential.member, "credential": credential.credential}
    hidden = disclosure(salts(1), "credential", about)
    return NamedBasis(Basis(evidence, achievement=achievement, credential_digest=claims_digest([hidden])), hidden)
