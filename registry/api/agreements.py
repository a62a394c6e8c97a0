"""Agreements: automatic recognition of another member's achievements."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from registry.api.bodies import InjectedLookup, body_of, content_of, values_of
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import FieldError, HttpProblem, requires
from registry.office.ports import CredentialLookup
from registry.vault.vault import random_id
from registry.wire.forms import Date, check_date
from registry.wire.recognition import AgreementDeclared

if TYPE_CHECKING:
    AgreementBody = AgreementDeclared
else:
    AgreementBody = body_of("Agreement", AgreementDeclared, ("agreement",))
"""The data of `agreement.declared.v1`. The node fills in the id."""


class Declared(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An agreement, and the day from which it is withdrawn."""

    member: str
    agreement: str
    withdrawn_from: str | None = None


class Ending(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The day from which it covers nothing."""

    withdrawn_from: Date


@post(
    "/v1/agreements",
    tags=["Recognition"],
    operation_id="declareAgreement",
    summary="Declare an agreement",
    status_code=201,
    sync_to_thread=True,
    **requires("recognition:write"),
)
def declare(
    private: PrivateSide,
    lookup: InjectedLookup,
    request: Request[Any, Any, Any],
    data: AgreementBody,
    key: IdempotencyKey,
) -> Response[Declared]:
    """Declare that you recognise another member's achievements without deciding on each credential.

    It is mutual when the other member declares the same.
    """
    content = content_of({"agreement": random_id()} | values_of(data), AgreementDeclared)
    return private.write_once(request, key, data, declare_in(lookup, content))


def declare_in(lookup: CredentialLookup, content: AgreementDeclared) -> Callable[[Write], Answer]:
    """Return the write that declares an agreement. Raises `HttpProblem` where it is with no member."""
    if not lookup.is_member(content.with_):
        trouble = FieldError(
            "$.with", "is not a member of the consortium, as far as this node has read governance", "with"
        )
        raise HttpProblem("unprocessable", errors=[trouble])

    def act(write: Write) -> Answer:
        member = write.registry.member
        with write.registry.transaction() as transaction:
            write.registry.recognition.declare_agreement(content, transaction=transaction)
            return write.commit(
                transaction,
                Answer(201, Declared(member, content.agreement), f"/v1/agreements/{member}/{content.agreement}"),
            )

    return act


@post(
    "/v1/agreements/{agreement:uuid}/withdraw",
    tags=["Recognition"],
    operation_id="withdrawAgreement",
    summary="End an agreement",
    status_code=200,
    sync_to_thread=True,
    **requires("recognition:write"),
)
def withdraw(
    private: PrivateSide, request: Request[Any, Any, Any], agreement: UUID, data: Ending, key: IdempotencyKey
) -> Response[Declared]:
    """End an agreement from a day on. What was awarded before that day stays covered."""
    return private.write_once(request, key, data, end_in(str(agreement), data))


def end_in(agreement: str, data: Ending) -> Callable[[Write], Answer]:
    """Return the write that ends an agreement. Raises `HttpProblem` for an impossible day."""
    if (wrong := check_date(data.withdrawn_from)) is not None:
        raise HttpProblem("unprocessable", errors=[FieldError("$.withdrawnFrom", wrong)])

    def act(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            write.registry.recognition.withdraw_agreement(agreement, data.withdrawn_from, transaction=transaction)
            return write.commit(
                transaction, Answer(200, Declared(write.registry.member, agreement, data.withdrawn_from))
            )

    return act


ROUTES: list[HTTPRouteHandler] = [declare, withdraw]
