"""The document of this node's did:web identifier, with the keys that sign its documents."""

from typing import Any, Final

from litestar import Response, get
from litestar.serialization import encode_json

from projections.api.reading import Views
from projections.issuing_keys.issuing_keys import IssuingKey, list_of_member
from registry.documents.did_document import MEDIA_TYPE, DocumentKey, build_document
from registry.documents.did_web import document_path
from registry.export.document import ExportError
from registry.http import HttpProblem
from registry.http.responses import POSITION
from registry.node.document_signers import issuer_of, public_address
from registry.settings.settings import Settings

_HEADERS: Final = {
    # A stolen key must be gone from everywhere soon.
    "Cache-Control": "public, max-age=60",
    # Verifiers in browsers read it from their own sites (did:web method specification, section 2.6.2).
    "Access-Control-Allow-Origin": "*",
}


def did_routes(settings: Settings) -> list[Any]:
    """Return the routes of the document: below a public address with a path it has another name."""

    @get(
        "/.well-known/did.json" if (address := public_address(settings)) is None else document_path(address),
        tags=["Node"],
        operation_id="getDidDocument",
        summary="The keys that sign this node's documents",
    )
    async def did_document(views: Views) -> Response[bytes]:
        """Return the document of the node's did:web identifier.

        It has the keys in force, and those that were rotated or lost, since what they signed before still counts.
        """
        try:
            did = issuer_of(settings)
        except ExportError as error:
            raise HttpProblem("not-found", f"this node has no did:web identifier: {error}") from error
        response = await views.answer("", lambda connection: list_of_member(connection, settings.member))
        keys = [_list_key(key) for key in response.content if _still_counts(key)]
        headers = {**_HEADERS, POSITION: response.headers[POSITION]}
        return Response(encode_json(build_document(did, settings.origin, keys)), media_type=MEDIA_TYPE, headers=headers)

    return [did_document]


def _still_counts(key: IssuingKey) -> bool:
    """Return whether others may count what the key signed, without a receipt from the log."""
    return key.reason != "compromised"


def _list_key(key: IssuingKey) -> DocumentKey:
    return DocumentKey(key.key, key.jwk, tuple(key.x5c))
