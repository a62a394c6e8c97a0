"""Check disclosures that somebody carries against the digests of a credential or a decision on the log."""

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import Connection

from projections.core import contents
from projections.relations.stacks import Key
from registry.wire.disclosures import InvalidDisclosure, claims_digest, open_disclosures


class ProvenClaims(msgspec.Struct, frozen=True, rename="camel"):
    """The claims that disclosures prove, and the credential or decision that commits to them."""

    member: str
    credential: str | None
    """The credential that commits to them; null where a decision does."""
    decision: str | None
    """The decision that commits to them; null where a credential does."""
    status: str
    """The credential's status now, or the decision's state: what is proven may be revoked or withdrawn."""
    claims: dict[str, Any]
    """The credential's claims about its holder; for a decision, `credentials`: those that it is about."""


def prove_claims(
    connection: Connection, disclosures: Sequence[str], *, credential: Key | None = None, decision: Key | None = None
) -> ProvenClaims | None:
    """Return what disclosures of a credential, or of a decision, prove; None where that is not known here.

    A credential commits to all its disclosures together: with one missing or altered, none is proven. A decision
    commits to each by itself. Raises `InvalidDisclosure` where they are not the ones that it commits to.
    """
    if credential is not None:
        row = connection.execute(
            "SELECT status, claims FROM credentials WHERE member = %s AND credential = %s", credential
        ).fetchone()
        if row is None:
            return None
        status, digest = row
        if digest is None:
            raise InvalidDisclosure("this credential commits to no disclosures")
        return ProvenClaims(*credential, None, status, open_disclosures(digest, disclosures))
    if decision is None:
        raise ValueError("a credential or a decision")
    row = connection.execute(
        "SELECT state, content::text FROM decisions WHERE member = %s AND decision = %s", decision
    ).fetchone()
    if row is None:
        return None
    state, content = row
    digests = {basis.get("credentialDigest") for basis in contents.read(content)["basis"]}
    named = []
    for disclosure in disclosures:
        digest = claims_digest([disclosure])
        if digest not in digests:
            raise InvalidDisclosure("a disclosure is not one that the decision commits to")
        named.append(open_disclosures(digest, [disclosure]).get("credential"))
    return ProvenClaims(decision[0], None, decision[1], state, {"credentials": named})
