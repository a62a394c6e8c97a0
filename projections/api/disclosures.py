"""Checking disclosures over HTTP, for anybody who was shown some. Nothing of them is kept or written to a log."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from projections.api.reading import Views, WaitFor
from projections.records.disclosures import ProvenClaims, prove_claims
from registry.http import FieldError, HttpProblem
from registry.wire.disclosures import InvalidDisclosure

_Disclosure = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"^[A-Za-z0-9_-]+$")]


class CarriedDisclosures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Disclosures, and what they are said to be of: one credential or one decision of a member."""

    member: Annotated[str, Meta(pattern="^[a-z0-9-]{2,40}$")]
    disclosures: Annotated[list[_Disclosure], Meta(min_length=1, max_length=64)]
    credential: UUID | None = None
    decision: UUID | None = None


BODIES = (CarriedDisclosures,)


@post(
    "/v1/disclosures/verify",
    tags=["Verification"],
    operation_id="verifyDisclosures",
    summary="Verify the disclosures of a credential or a decision",
    status_code=200,
)
async def verify(views: Views, data: CarriedDisclosures, wait_for: WaitFor = "") -> Response[ProvenClaims]:
    """Check whether the log commits to these disclosures, and return what they say of the person.

    A credential commits to all of its disclosures together, so send all of them.
    """
    if (data.credential is None) == (data.decision is None):
        raise HttpProblem("unprocessable", errors=[FieldError("$", "name a credential or a decision, and not both")])
    credential = None if data.credential is None else (data.member, str(data.credential))
    decision = None if data.decision is None else (data.member, str(data.decision))

    def read(connection: Any) -> ProvenClaims:  # noqa: ANN401 - a connection
        try:
            claims = prove_claims(connection, data.disclosures, credential=credential, decision=decision)
        except InvalidDisclosure as error:
            raise HttpProblem(
                "unprocessable", errors=[FieldError("$.disclosures", f"prove nothing: {error}")], code="not-proven"
            ) from error
        if claims is None:
            raise HttpProblem("not-found", "no credential or decision of that member and id has arrived at this node")
        return claims

    return await views.answer(wait_for, read)


ROUTES: list[HTTPRouteHandler] = [verify]
