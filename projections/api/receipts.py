"""Verify a receipt for everybody who was shown one and trusts this node to check it.

Nobody has to trust the node: `registry receipt verify` does the same offline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from psycopg import Connection

from projections.api.reading import StandingLookup, Views, WaitFor
from projections.api.verification import Verification, verification
from registry.http import FieldError, HttpProblem
from registry.wire.proof import MAX_PROOF


class Key(msgspec.Struct, frozen=True):
    """A key that signed the head, and the tree sizes between which it counts."""

    vkey: str
    start: int
    end: int | None


class Cosigner(msgspec.Struct, frozen=True):
    """A witness that this node trusts and that cosigned the head, with the time."""

    witness: str
    time: str


class ReceiptCheck(msgspec.Struct, frozen=True):
    """The facts that a receipt proves, as of its head."""

    member: str
    legal_name: str
    leaf: int
    event: str
    type: str
    subject: str
    size: int
    root: str
    keys: list[Key]
    governance: int
    governance_time: str
    standing_then: str
    standing_now: str
    refused: str | None
    rests_on_retired_keys: bool
    notes: list[str]
    cosigned: list[Cosigner]


class Receipts(NamedTuple):
    """The check of receipts. It needs governance's log, which the views do not have."""

    check: Callable[[str], ReceiptCheck]


class VerifiedReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """The facts that a receipt proves, and the present state of its credential."""

    summary: str
    """The result in a sentence or two: whether it is genuine, and whether the credential is in force."""
    member: str
    legal_name: str
    leaf: int
    """The event's place in the member's log."""
    event: dict[str, Any]
    """The published CloudEvent."""
    size: int
    """Size of the head under which it was proven."""
    root: str
    """Root of that head, hexadecimal."""
    keys: list[Key]
    """The member's keys that signed the head."""
    cosigned: list[Cosigner]
    governance: int
    """The size of governance's log under which it was checked."""
    standing_then: str
    """The member's standing when it wrote the event."""
    standing_now: str
    refused: str | None
    """The reason why governance denies the event its effect; null where it does not."""
    notes: list[str]
    """Notes for the reader in addition to the proof."""
    credential: Verification | None
    """The credential as it is now, if the receipt is for its issuing and the views have it."""


_EXAMPLE = "c2sp.org/tlog-proof@v1\nextra …\nindex 41\n…\n\neciu.example/twente\n128\n…\n\n— eciu.example/twente …\n"


@dataclass
class _ReceiptBody(Operation):
    """Describes the request's body in the API's description."""

    def __post_init__(self) -> None:
        text = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING), example=_EXAMPLE)
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(
            description="A receipt, the text of a file `….tlog-proof`.",
            content={"text/plain": text, "application/octet-stream": file},
            required=True,
        )


@post(
    "/v1/receipts/verify",
    tags=["Verification"],
    operation_id="verifyReceipt",
    summary="Verify a receipt",
    status_code=200,
    operation_class=_ReceiptBody,
    request_max_body_size=2 * MAX_PROOF,
)
async def verify(views: Views, receipts: Receipts, body: bytes, wait_for: WaitFor = "") -> Response[VerifiedReceipt]:
    """Check a receipt's proof and signatures, and return the present state of its credential."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise HttpProblem("unprocessable", errors=[FieldError("$", "is not a receipt: not UTF-8")]) from error
    proven = receipts.check(text)

    def read(connection: Any) -> VerifiedReceipt:  # noqa: ANN401 - a connection
        credential = find_credential(connection, views.standing, proven)
        return VerifiedReceipt(
            summary=_summary(proven, credential),
            member=proven.member,
            legal_name=proven.legal_name,
            leaf=proven.leaf,
            event=msgspec.json.decode(proven.event),
            size=proven.size,
            root=proven.root,
            keys=proven.keys,
            cosigned=proven.cosigned,
            governance=proven.governance,
            standing_then=proven.standing_then,
            standing_now=proven.standing_now,
            refused=proven.refused,
            notes=proven.notes,
            credential=credential,
        )

    return await views.answer(wait_for, read)


def find_credential(connection: Connection, standing: StandingLookup, proven: ReceiptCheck) -> Verification | None:
    """Return the present state of the credential that a receipt is about; None if the views do not have it."""
    if proven.type != "credential.issued.v1" or proven.refused is not None:
        return None
    return verification(connection, standing, proven.member, proven.subject)


def _summary(proven: ReceiptCheck, credential: Verification | None) -> str:
    if proven.refused is not None:
        return f"Published, and without effect: {proven.refused}."
    if proven.rests_on_retired_keys and not proven.cosigned:
        return "Signed by a key that was retired since. It does not prove that the member itself signed it."
    if proven.type != "credential.issued.v1":
        return "Genuine. What was published about it later was not looked up."
    if credential is None:
        return "Genuine. This node does not know the credential, so it may have been revoked since."
    if credential.status != "active":
        return f"Genuine, and {credential.status}."
    if credential.expired:
        return f"Genuine, and expired: it was valid until {credential.valid_until}."
    if credential.flags:
        return f"Genuine, and active with a warning: {', '.join(credential.flags)}."
    return "Genuine, and active as far as this node has read the log."


ROUTES: list[HTTPRouteHandler] = [verify]
