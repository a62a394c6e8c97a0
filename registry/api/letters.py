"""Letters over HTTP: a decision as PDF. What it holds is about a person, so nobody on the way keeps it."""

from typing import Annotated, Any, Protocol
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, SkipValidation

from registry.http import requires
from registry.letters import LANGUAGES, Language
from registry.letters.composing import LetterRequest
from registry.office.cases.applicants import Applicant
from registry.office.cases.letter_content import addressee
from registry.office.cases.notices import LETTER_KINDS, LetterKind

_TAG = "Cases"
_PDF = "application/pdf"


class Writing(Protocol):
    """Who writes letters. May be called in several threads. Raises `CannotWrite`, and refusals."""

    def of_case(
        self,
        case: str,
        language: Language | None,
        kind: LetterKind | None = None,
        *,
        decision: str | None = None,
        enquiry: str | None = None,
    ) -> tuple[str, bytes]:
        """The letter that a case's state calls for, or another kind, as PDF; and which kind it is."""
        ...

    def of_decision(self, decision: str, asked: LetterRequest) -> bytes:
        """The letter about one of this office's decisions, as PDF."""
        ...


class LetterAsked(
    LetterRequest, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """Which letter is to be written. Nothing of it is kept."""

    decision: UUID
    applicant: Applicant | None = None  # type: ignore[assignment] # a request names them as an application does
    """Whom it is to, in the shape of an application. Where it is left out, the vault is asked."""


Letters = NamedDependency[SkipValidation[Writing]]
BODIES = (LetterAsked,)


@get(
    "/v1/cases/{case:uuid}/letter",
    tags=[_TAG],
    operation_id="getCaseLetter",
    summary="The letter that a case calls for",
    media_type=_PDF,
    sync_to_thread=True,
    **requires("cases:read"),
)
def of_case(
    letters: Letters,
    case: UUID,
    language: Annotated[
        Language | None, Parameter(description=f"One of {', '.join(LANGUAGES)}; else the applicant's.")
    ] = None,
    kind: Annotated[
        LetterKind | None,
        Parameter(description=f"One of {', '.join(LETTER_KINDS)}; else the one that the case's state calls for."),
    ] = None,
    decision: Annotated[
        UUID | None, Parameter(description="An earlier decision of the case: a copy that says that it has ended.")
    ] = None,
    enquiry: Annotated[UUID | None, Parameter(description="An enquiry of the case: the letter to the issuer.")] = None,
) -> Response[bytes]:
    """The letter that the case's state calls for, as PDF/A-3a and PDF/UA-1; `Letter-Kind` names it.

    Of an open case a receipt, of a waiting one the documents that are needed, of a decided one the decision with its
    receipt attached inside, of a withdrawn one that it was withdrawn and why.
    """
    name, letter = letters.of_case(
        str(case),
        language,
        kind,
        decision=None if decision is None else str(decision),
        enquiry=None if enquiry is None else str(enquiry),
    )
    return _private(letter, name)


@post(
    "/v1/letters",
    tags=[_TAG],
    operation_id="writeLetter",
    summary="Write the letter of a decision that has no case",
    media_type=_PDF,
    status_code=200,
    sync_to_thread=True,
    **requires("cases:read"),
)
def of_decision(letters: Letters, data: LetterAsked) -> Response[bytes]:
    """One of this office's own decisions, as PDF/A-3a and PDF/UA-1, with its receipt attached inside.

    Nothing is stored, so no `Idempotency-Key` is asked for. The applicant stands in the body, or is left out where the
    office's vault knows who it is.
    """
    values = {name: getattr(data, name) for name in LetterRequest.__struct_fields__}
    asked = LetterRequest(**values | {"applicant": None if data.applicant is None else addressee(data.applicant)})
    return _private(letters.of_decision(str(data.decision), asked), "decision")


def _private(letter: bytes, kind: str) -> Response[Any]:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="letter.pdf"',
        "Letter-Kind": kind,
    }
    return Response(letter, media_type=_PDF, headers=headers)


ROUTES: list[HTTPRouteHandler] = [of_case, of_decision]
