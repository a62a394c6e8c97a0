"""The keys that sign this node's documents: of its did:web identifier, and of its address."""

from typing import Any, Final

from litestar import Response, get
from litestar.serialization import encode_json

from projections.api.reading import Views
from projections.issuing_keys.issuing_keys import IssuingKey, list_of_member
from registry.documents.did_document import MEDIA_TYPE, DocumentKey, build_document
from registry.documents.did_web import document_path
from registry.documents.issuer_metadata import build_metadata, metadata_path
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


def key_routes(settings: Settings) -> list[Any]:
    """Return the routes of both documents: below a public address with a path they have other names."""
    address = public_address(settings)

    @get(
        document_path(address or ""),
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
        keys, headers = await _read_keys(views, settings.member)
        return Response(encode_json(build_document(did, settings.origin, keys)), media_type=MEDIA_TYPE, headers=headers)

    @get(
        metadata_path(address or ""),
        tags=["Node"],
        operation_id="getIssuerMetadata",
        summary="The keys that sign this node's wallet credentials",
    )
    async def issuer_metadata(views: Views) -> Response[bytes]:
        """Return the metadata of an issuer of SD-JWT VCs: its address and its keys (`jwks`).

        It has the keys in force, and those that were rotated or lost, since what they signed before still counts.
        """
        if address is None or not address.startswith("https://"):
            raise HttpProblem("not-found", "this node has no public https address (public_url in registry.toml)")
        keys, headers = await _read_keys(views, settings.member)
        return Response(encode_json(build_metadata(address, keys)), media_type="application/json", headers=headers)

    return [did_document, issuer_metadata]


async def _read_keys(views: Views, member: str) -> tuple[list[DocumentKey], dict[str, str]]:
    """Return the keys that still count, and the headers of an answer with them."""
    response = await views.answer("", lambda connection: list_of_member(connection, member))
    keys = [_list_key(key) for key in response.content if _still_counts(key)]
    return keys, {**_HEADERS, POSITION: response.headers[POSITION]}


def _still_counts(key: IssuingKey) -> bool:
    """Return whether others may count what the key signed, without a receipt from the log."""
    return key.reason != "compromised"


def _list_key(key: IssuingKey) -> DocumentKey:
    return DocumentKey(key.key, key.jwk, tuple(key.x5c))
