"""Checks disclosures against the event that commits to them: what a credential says of a person, or what a decision
is about. Only a reader who has the disclosures can do it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from registry.wire.disclosures import InvalidDisclosure, claims_digest, open_disclosures


class _Basis(msgspec.Struct, rename="camel"):
    credential_digest: str | None = None


class _Data(msgspec.Struct):
    claims: str | None = None
    basis: list[_Basis] = []


class _Event(msgspec.Struct):
    type: str
    data: _Data


def open_claims(event: str, disclosures: Sequence[str]) -> dict[str, Any]:
    """Return the claims that these disclosures make. `event` is the line that a receipt proves.

    A credential commits to all its disclosures together, a decision to one for each credential that it does not name
    openly. Raises `InvalidDisclosure` where they are not the ones that this event commits to.
    """
    decoded = msgspec.json.decode(event, type=_Event)
    if decoded.type == "credential.issued.v1" and decoded.data.claims is not None:
        return open_disclosures(decoded.data.claims, disclosures)
    digests = {basis.credential_digest for basis in decoded.data.basis if basis.credential_digest is not None}
    if decoded.type != "recognition.decided.v1" or not digests:
        raise InvalidDisclosure(f"this {decoded.type} commits to no disclosures")
    claims: list[Any] = []
    for disclosure in disclosures:
        digest = claims_digest([disclosure])
        if digest not in digests:
            raise InvalidDisclosure("a disclosure is not one that the decision commits to")
        claims.append(open_disclosures(digest, [disclosure])["credential"])
    return {"credentials": claims}
