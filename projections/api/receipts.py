"""What a receipt proves, for whoever was given one and trusts this node to check it.

Nobody has to trust it: `registry receipt verify` does the same offline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from projections.api.reading import Views, WaitFor
from projections.api.verification import Verification, verification
from registry.http import FieldError, HttpProblem
from registry.wire.proof import MAX_PROOF


class Key(msgspec.Struct, frozen=True):
    """A key that signed the head, and the tree sizes between which it counts."""

    vkey: str
    start: int
    end: int | None


class Cosigner(msgspec.Struct, frozen=True):
    """A witness that this node relies on and that cosigned the head, and when."""

    witness: str
    time: str


class Proven(msgspec.Struct, frozen=True):
    """What a receipt proves, as of its head."""

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
    """Who checks receipts: that needs governance's log, which these views do not know."""

    check: Callable[[str], Proven]


class VerifiedReceipt(msgspec.Struct, frozen=True, rename="camel"):
    """What a receipt proves, and what has become of its credential since."""

    summary: str
    """The result in a sentence or two: whether it is genuine, and whether the credential is in force."""
    member: str
    legal_name: str
    leaf: int
    """The event's place in the member's log."""
    event: dict[str, Any]
    """What was published, a CloudEvent."""
    size: int
    """Of the head that it was proven under."""
    root: str
    """Of that head, hexadecimal."""
    keys: list[Key]
    """The member's keys that signed the head."""
    cosigned: list[Cosigner]
    governance: int
    """The size of governance's log that it was checked under."""
    standing_then: str
    """The member's when it wrote the event."""
    standing_now: str
    refused: str | None
    """Why governance lets the event have no effect; null where it lets it."""
    notes: list[str]
    """What a reader should know beside the proof."""
    credential: Verification | None
    """The credential as it is now, where the receipt is of one's issuing and the views have it."""


_EXAMPLE = "c2sp.org/tlog-proof@v1\nextra …\nindex 41\n…\n\neciu.example/twente\n128\n…\n\n— eciu.example/twente …\n"


@dataclass
class _ReceiptBody(Operation):
    """Says in the API's description what is posted."""

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
    """Check a receipt's proof and signatures, and say what its credential counts for now."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise HttpProblem("unprocessable", errors=[FieldError("$", "is no receipt: not UTF-8")]) from error
    found = receipts.check(text)

    def made(connection: Any) -> VerifiedReceipt:  # noqa: ANN401 - a connection
        credential = None
        if found.type == "credential.issued.v1" and found.refused is None:
            credential = verification(connection, views.standing, found.member, found.subject)
        return VerifiedReceipt(
            summary=_summary(found, credential),
            member=found.member,
            legal_name=found.legal_name,
            leaf=found.leaf,
            event=msgspec.json.decode(found.event),
            size=found.size,
            root=found.root,
            keys=found.keys,
            cosigned=found.cosigned,
            governance=found.governance,
            standing_then=found.standing_then,
            standing_now=found.standing_now,
            refused=found.refused,
            notes=found.notes,
            credential=credential,
        )

    return await views.answer(wait_for, made)


def _summary(found: Proven, credential: Verification | None) -> str:
    if found.refused is not None:
        return f"Published, and without effect: {found.refused}."
    if found.rests_on_retired_keys and not found.cosigned:
        return "Signed by a key that was retired since. Whether the member itself signed it cannot be told from it."
    if found.type != "credential.issued.v1":
        return "Genuine. What was published about it later was not looked up."
    if credential is None:
        return "Genuine. This node does not know the credential, so whether it was revoked since cannot be told."
    if credential.status != "active":
        return f"Genuine, and {credential.status}."
    if credential.expired:
        return f"Genuine, and expired: it was valid until {credential.valid_until}."
    if credential.flags:
        return f"Genuine, and active with a warning: {', '.join(credential.flags)}."
    return "Genuine, and active as far as this node has read the log."


ROUTES: list[HTTPRouteHandler] = [verify]
