"""Routes that verifiers of wallets' credentials read: status lists, and the type of the credentials."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import Parameter

from registry.export import credential_type
from registry.http import HttpProblem
from registry.settings.settings import Settings
from registry.status.addresses import Form
from registry.status.bitstring_list import JWT_MEDIA_TYPE
from registry.status.lists import SignedList
from registry.status.token_list import TTL_SECONDS

_OPEN: Final = {"Access-Control-Allow-Origin": "*"}
"""Verifiers in browsers read these from their own sites."""
_NUMBER: Final = Parameter(description="The number of the list.", ge=1, le=2_147_483_647)


ReadLists = Callable[[int, Form], Sequence[SignedList]]
"""Returns a list in all media types of a form; empty where the node has none."""


def status_routes(settings: Settings, read_lists: ReadLists) -> list[Any]:
    """Return the routes of status lists and of the type metadata of credentials."""

    @get(
        "/credentials/status/{number:int}/{form:str}",
        tags=["Verification"],
        operation_id="getStatusList",
        summary="A status list",
        sync_to_thread=True,
        uncompressed=True,  # its content is compressed
    )
    def status_list(
        request: Request[Any, Any, Any],
        number: Annotated[int, _NUMBER],
        form: Annotated[
            Form,
            Parameter(description="`token`: Token Status List. The others: Bitstring Status List 1.0 of that purpose."),
        ],
    ) -> Response[bytes]:
        """Return a signed list that says which copies of credentials were revoked or suspended.

        `token` is a Token Status List (`application/statuslist+jwt`). `revocation` and `suspension` are Bitstring
        Status Lists 1.0, as `application/vc` where the node signs that form, and as `application/vc+jwt`. A list says
        nothing of whose credentials it has.
        """
        lists = read_lists(number, form)
        if not lists:
            raise HttpProblem("not-found", "this node has no such status list")
        chosen = _choose(lists, request.headers.get("accept", "*/*"))
        headers = {"Cache-Control": f"public, max-age={TTL_SECONDS}", "Vary": "Accept", **_OPEN}
        return Response(chosen.content, media_type=chosen.media_type, headers=headers)

    @get(
        "/credentials/types/micro-credential/{version:int}",
        tags=["Verification"],
        operation_id="getCredentialType",
        summary="The type of credentials in wallets",
        sync_to_thread=False,
    )
    def type_metadata(version: Annotated[int, Parameter(description="The version of the type.")]) -> Response[bytes]:
        """Return the type metadata (SD-JWT VC, section 4) of this node's credentials. A version never changes."""
        if settings.public_url is None or version != credential_type.VERSION:
            raise HttpProblem("not-found", "this node has no such type of credentials")
        content = credential_type.make_type_metadata(settings.public_url.rstrip("/") + credential_type.PATH)
        headers = {"Cache-Control": "public, max-age=86400", **_OPEN}
        return Response(content, media_type="application/json", headers=headers)

    return [status_list, type_metadata]


def _choose(lists: Sequence[SignedList], accepted: str) -> SignedList:
    """Return the list in a media type that the client accepts; of several the one that is not a JWT."""
    ranges = {entry.partition(";")[0].strip().lower() for entry in accepted.split(",")}
    for entry in sorted(lists, key=lambda entry: entry.media_type == JWT_MEDIA_TYPE):
        if entry.media_type in ranges:
            return entry
    for entry in sorted(lists, key=lambda entry: entry.media_type == JWT_MEDIA_TYPE):
        # what verifiers send who ask for any JSON, and get a JWT or JSON-LD
        if ranges & {"*/*", "application/*", "application/json", ""}:
            return entry
    raise HttpProblem(
        "not-acceptable", f"this list is there as {', '.join(sorted(entry.media_type for entry in lists))}"
    )
