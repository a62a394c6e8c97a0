"""The API's description (OpenAPI 3.1): what is said of the whole, and the description without a running node."""

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
from registry.api.learners import Erasing, HeldDecision
from registry.api.letters import BODIES as LETTERBODIES
from registry.api.profiles import BODIES as PROFILEBODIES
from registry.http.access import SCOPES
from registry.http.constant_response import ConstantResponse
from registry.http.openapi import Additions, DecimalAsNumber, describe_api
from registry.http.routing import join_shared_paths
from registry.settings.settings import TokenSettings

VERSION: Final = metadata.version("credential-registry")
_DESCRIPTION = """
A node of a registry of micro-credentials that universities share and nobody owns.

Reading needs no key where the question is public: the catalogue, the members, one credential by its id, a receipt.
All else needs an API key (`X-API-Key`) or an access token with the scope that each operation names. Every answer
says which position of the log it was made from (`Registry-Position`); give that back as `Registry-Wait-For` to read
what you wrote. Errors are problem documents (RFC 9457); their types are explained under `/problems/`.
"""
_NO_TOKENS = (
    "This node takes no access tokens as it is set up. Use an API key that has the scope that the operation names. The"
    " node's administrator may name a token issuer in the settings, in the table `[oauth]`."
)
BODIES = (
    CredentialRow, Reason, Body, JointVersion, Entries, Completing, CohortBody, Erasing, HeldDecision,
    AssessmentBody, TakenBack, AgreementBody, Ending, AgreementDraft, *CASEBODIES, *FILEBODIES, *DISCLOSUREBODIES,
    *LETTERBODIES, *PROFILEBODIES,
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
            "summary": "What happened to the university's own",
            "description": "The node's administrator says where to. Signed as Standard"
            " Webhooks 1.0.0 says (`v1`, HMAC-SHA256). It may come again: the `webhook-id` is then the same.",
            "parameters": [
                {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
                for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
            ],
            "requestBody": {
                "required": True,
                "content": {"application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/CloudEvent"}}},
            },
            "responses": {
                "2XX": {"description": "It was received. Answer within 15 seconds."},
                "410": {"description": "Nothing more is wanted: the webhook is disabled."},
                "default": {"description": "It is tried again, later and later, for five days."},
            },
        }
    }
}
_TAGS = (
    Tag("Verification", "Is this credential good?"),
    Tag("Catalogue", "What can be studied."),
    Tag("Members", "Who belongs to the consortium, and how far this node has read."),
    Tag("Learners", "A learner's record."),
    Tag("Universities", "A university's year."),
    Tag("Recognition", "Decisions, precedents, agreements."),
    Tag("Cases", "The recognition office at work: applications, assessments, decisions, appeals."),
    Tag("Feed", "What others did to the university's own."),
    Tag("Publishing", "What a university's systems say: achievements, credentials, their status."),
    Tag("Batches", "Many rows at once, and what became of them."),
    Tag("Node", "Is it well?"),
)
DEPENDENCIES: Final = (
    "views", "own", "whose", "streams", "private", "offered", "letters", "office", "receiving", "history", "receipts",
    "eraser", "lookup", "noted",
)  # fmt: skip
"""What the application passes to its routes: it is no parameter of a request."""


@lru_cache(8)
def description_of(app: Litestar, base_path: str) -> ConstantResponse:
    """Return the answer that describes the application, as a client reads it who reaches the node at `base_path`."""
    return ConstantResponse(encode_json(_completed(app, base_path)), "application/vnd.oai.openapi+json")


def _completed(app: Litestar, base_path: str) -> dict[str, Any]:
    return describe_api(app.openapi_schema.to_schema(), Additions(BODIES, _LINKS, EXAMPLES, _WEBHOOKS), base_path)


def openapi_config(oauth: TokenSettings | None) -> OpenAPIConfig:
    """Return what is said of the whole API. `oauth` names the issuer of access tokens, if the node has one."""
    schemes: dict[str, SecurityScheme | Reference] = {
        "apiKey": SecurityScheme(
            "apiKey", name="X-API-Key", security_scheme_in="header", description="The node's administrator makes one."
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
    """Return the description of all routes. Nothing is opened: no settings, no database, no log."""
    app = Litestar(
        [*join_shared_paths([*READING, *WRITING, *own_routes])],
        dependencies={name: _never_called() for name in DEPENDENCIES},
        plugins=[DecimalAsNumber()],
        openapi_config=openapi_config(None),
    )
    found: dict[str, Any] = decode_json(encode_json(_completed(app, "")))  # as a client reads it
    return found


def _never_called() -> Provide:
    """Return a provider of its own for each dependency, as the framework wants it."""

    def nothing() -> None:
        """No route is called."""

    return Provide(nothing, sync_to_thread=False)
