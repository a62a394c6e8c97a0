"""The API's description (OpenAPI 3.1): its general part, and the whole without a running node."""

from functools import lru_cache
from importlib import metadata
from typing import Any, Final

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, License, OAuthFlow, OAuthFlows, Reference, SecurityScheme, Tag
from litestar.serialization import decode_json, encode_json

from projections.api import ROUTES as READING
from projections.api.agreements import AgreementDraft
from projections.api.disclosures import BODIES as DISCLOSUREBODIES
from registry.api import ROUTES as WRITING
from registry.api.achievements import Body, JointVersion
from registry.api.agreements import AgreementBody, Ending
from registry.api.assessments import AssessmentBody, TakenBack
from registry.api.case_bodies import BODIES as CASEBODIES
from registry.api.case_file import BODIES as FILEBODIES
from registry.api.cohorts import CohortBody
from registry.api.course_codes import Entries
from registry.api.credentials import CredentialRow, Reason
from registry.api.drafts import Completing
from registry.api.examples import EXAMPLES
from registry.api.exports import BODIES as EXPORTBODIES
from registry.api.learners import Erasing, HeldDecision
from registry.api.letters import BODIES as LETTERBODIES
from registry.api.profiles import BODIES as PROFILEBODIES
from registry.api.restrictions import Lift, Restrict
from registry.http.access import SCOPES
from registry.http.constant_response import ConstantResponse
from registry.http.openapi import Additions, DecimalAsNumber, describe_api
from registry.http.routing import join_shared_paths
from registry.settings.settings import TokenSettings

VERSION: Final = metadata.version("credential-registry")
_DESCRIPTION = """
A node of a registry of micro-credentials that universities share and nobody owns.

Public reads need no key: the catalogue, the members, a single credential by its id, a receipt. Every other operation
needs an API key (`X-API-Key`) or an access token with the scope that the operation names. Every answer has the position
of the log from which it was made (`Registry-Position`); send that as `Registry-Wait-For` to read your own writes.
Errors are problem documents (RFC 9457); `/problems/` explains their types.
"""
_NO_TOKENS = (
    "This node is not configured for access tokens. Use an API key with the scope that the operation names. The node's"
    " administrator may name a token issuer in the settings, in the table `[oauth]`."
)
BODIES = (
    CredentialRow, Reason, Body, JointVersion, Entries, Completing, CohortBody, Erasing, HeldDecision,
    Restrict, Lift,
    AssessmentBody, TakenBack, AgreementBody, Ending, AgreementDraft, *CASEBODIES, *FILEBODIES, *DISCLOSUREBODIES,
    *LETTERBODIES, *PROFILEBODIES, *EXPORTBODIES,
)  # fmt: skip
_LINKS = {
    "issueCredential": (
        "verifyCredential", "getCredentialAsOf", "suspendCredential", "reinstateCredential", "revokeCredential",
        "getLearner", "getLearnerAsOf", "eraseLearner",
    ),
    "publishAchievement": ("getAchievement", "listRecognition", "reviseAchievement", "retireAchievement"),
    "openCase": (
        "getCase", "getCaseLetter", "requestDocuments", "completeCase", "enquireIssuer", "proposeDecision",
        "withdrawCase",
    ),
    "stateAssessment": ("getAssessment", "withdrawAssessment", "decideCohort"),
    "declareAgreement": ("getAgreement", "withdrawAgreement"),
    "createBatch": (
        "getBatch", "listBatchProblems", "getBatchCorrections", "releaseBatch", "cancelBatch",
    ),
}  # fmt: skip
_WEBHOOKS = {
    "feedEvent": {
        "post": {
            "operationId": "postFeedEvent",
            "tags": ["Feed"],
            "summary": "An event of the university's feed",
            "description": "The node's administrator sets the address. The signature follows Standard Webhooks 1.0.0"
            " (`v1`, HMAC-SHA256). An event may arrive more than once, with the same `webhook-id`.",
            "parameters": [
                {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
                for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
            ],
            "requestBody": {
                "required": True,
                "content": {"application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/CloudEvent"}}},
            },
            "responses": {
                "2XX": {"description": "The event was received. Answer within 15 seconds."},
                "410": {"description": "No more events, please: the node disables the webhook."},
                "default": {"description": "The node tries again, with growing delays, for five days."},
            },
        }
    }
}
_TAGS = (
    Tag("Verification", "Public verification of credentials."),
    Tag("Catalogue", "The achievements that members offer."),
    Tag("Members", "The members of the consortium, and how far this node has read their streams."),
    Tag("Learners", "A learner's record."),
    Tag("Universities", "A university's year."),
    Tag("Recognition", "Decisions, precedents, agreements."),
    Tag("Cases", "The recognition office at work: applications, assessments, decisions, appeals."),
    Tag("Feed", "What other members did that concerns the university's own credentials and decisions."),
    Tag("Publishing", "Achievements, credentials and their status, from the university's own systems."),
    Tag("Documents", "Credentials and portfolios as documents that other software accepts."),
    Tag("Batches", "Many rows at once, and the outcome of each."),
    Tag("Node", "The health of this node."),
)
DEPENDENCIES: Final = (
    "views", "own", "whose", "streams", "private", "offered", "letters", "office", "receiving", "history", "receipts",
    "document_verifier", "exports", "eraser", "exporter", "lookup", "noted",
)  # fmt: skip
"""Names of the arguments that the application passes to its routes; they are not parameters of requests."""


@lru_cache(8)
def description_of(app: Litestar, base_path: str) -> ConstantResponse:
    """Return the answer with the description, for a client that reaches the node at `base_path`."""
    return ConstantResponse(encode_json(_describe(app, base_path)), "application/vnd.oai.openapi+json")


def _describe(app: Litestar, base_path: str) -> dict[str, Any]:
    return describe_api(app.openapi_schema.to_schema(), Additions(BODIES, _LINKS, EXAMPLES, _WEBHOOKS), base_path)


def openapi_config(oauth: TokenSettings | None) -> OpenAPIConfig:
    """Return the general part of the description. `oauth` names the issuer of access tokens, if the node has one."""
    schemes: dict[str, SecurityScheme | Reference] = {
        "apiKey": SecurityScheme(
            "apiKey",
            name="X-API-Key",
            security_scheme_in="header",
            description="The node's administrator creates keys.",
        )
    }
    if oauth is not None:
        token_url = oauth.token_url or oauth.issuer
        flow = OAuthFlow(token_url=token_url, scopes=dict(SCOPES))
        schemes["oauth2"] = SecurityScheme("oauth2", flows=OAuthFlows(client_credentials=flow))
    else:
        flow = OAuthFlow(token_url="/not-configured", scopes=dict(SCOPES))  # noqa: S106 - no password
        schemes["oauth2"] = SecurityScheme("oauth2", flows=OAuthFlows(client_credentials=flow), description=_NO_TOKENS)
    return OpenAPIConfig(
        title="Credential registry",
        version=VERSION,
        description=_DESCRIPTION,
        license=License("EUPL-1.2", identifier="EUPL-1.2"),
        components=Components(security_schemes=schemes),
        tags=list(_TAGS),
        use_handler_docstrings=True,
        enabled_endpoints=set(),
        render_plugins=[],
    )


def description_without_node(own_routes: list[HTTPRouteHandler]) -> dict[str, Any]:
    """Return the description of all routes, without opening settings, a database or a log."""
    app = Litestar(
        [*join_shared_paths([*READING, *WRITING, *own_routes])],
        dependencies={name: _unused_provider() for name in DEPENDENCIES},
        plugins=[DecimalAsNumber()],
        openapi_config=openapi_config(None),
    )
    description: dict[str, Any] = decode_json(encode_json(_describe(app, "")))  # as a client reads it
    return description


def _unused_provider() -> Provide:
    """Return a new provider, since the framework wants another one for each dependency."""

    def provide() -> None:
        """Return nothing: no route is called."""

    return Provide(provide, sync_to_thread=False)
