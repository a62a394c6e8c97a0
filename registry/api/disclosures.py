"""A credential's disclosures, for the learner whom it is about. They are personal data."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter

from registry.api.private_side import PrivateSide
from registry.application.restricted import refuse_restricted_credential
from registry.http import HttpProblem, requires
from registry.learners.missing_claims import explain_missing_claims


class HandedOut(msgspec.Struct, frozen=True):
    """The disclosures of one credential. Pass them to its learner only."""

    member: str
    credential: str
    disclosures: list[str]
    """All disclosures: they can be checked against the log only together. They are encoded, not encrypted."""


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/disclosures",
    tags=["Publishing"],
    operation_id="getDisclosures",
    summary="The disclosures of one of the university's credentials",
    sync_to_thread=True,
    **requires("learners:read"),
)
def get_disclosures(
    private: PrivateSide,
    member: Annotated[str, Parameter(description="This node's member.", max_length=40)],
    credential: UUID,
) -> Response[HandedOut]:
    """Return what the learner shows, so that others can check whose credential it is and what it says of its holder."""
    with private.reading() as registry:
        if member != registry.member:
            raise HttpProblem("not-found", "the disclosures are in the vault of the member that issued the credential")
        refuse_restricted_credential(registry.cursor(), str(credential))
        disclosures = registry.vault.read_disclosures(registry.cursor(), str(credential))
        if not disclosures:
            raise HttpProblem("not-found", explain_missing_claims(registry, str(credential)))
    response = private.respond(HandedOut(member, str(credential), disclosures))
    response.headers["Cache-Control"] = "no-store"
    return response


ROUTES: list[HTTPRouteHandler] = [get_disclosures]
