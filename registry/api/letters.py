"""Letters over HTTP, as PDF. They are about a person, so caches must not store them."""

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
    """A writer of letters, for several threads. Raises `CannotWrite`, and refusals."""

    def of_case(
        self,
        case: str,
        language: Language | None,
        kind: LetterKind | None = None,
        *,
        decision: str | None = None,
        enquiry: str | None = None,
    ) -> tuple[str, bytes]:
        """Return the letter that a case's state calls for, or another kind, as PDF; and its kind."""
        ...

    def of_decision(self, decision: str, letter: LetterRequest) -> bytes:
        """Return the letter about one of this office's decisions, as PDF."""
        ...


class LetterAsked(
    LetterRequest, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True
):
    """The letter to write. Nothing of it is stored."""

    decision: UUID
    applicant: Applicant | None = None  # type: ignore[assignment] # a request names them as an application does
    """The addressee, as in an application. By default the person whom the vault has."""


Letters = NamedDependency[SkipValidation[Writing]]
BODIES = (LetterAsked,)


@get(
    "/v1/cases/{case:uuid}/letter",
    tags=[_TAG],
    operation_id="getCaseLetter",
    summary="Get the letter that a case calls for",
    media_type=_PDF,
    sync_to_thread=True,
    **requires("cases:read"),
)
def of_case(
    letters: Letters,
    case: UUID,
    language: Annotated[
        Language | None, Parameter(description=f"One of {', '.join(LANGUAGES)}; the applicant's by default.")
    ] = None,
    kind: Annotated[
        LetterKind | None,
        Parameter(description=f"One of {', '.join(LETTER_KINDS)}; by default the one that the case's state calls for."),
    ] = None,
    decision: Annotated[
        UUID | None,
        Parameter(
            description="An earlier decision of the case: the letter is a copy that says that the decision has ended."
        ),
    ] = None,
    enquiry: Annotated[
        UUID | None, Parameter(description="An enquiry of the case, for the letter to the issuer.")
    ] = None,
) -> Response[bytes]:
    """Return the letter that the case's state calls for, as PDF/A-3a and PDF/UA-1; `Letter-Kind` names it.

    For an open case it confirms the application, for a waiting one it lists the documents that are needed, for a
    decided one it is the decision with its receipt attached, for a withdrawn one it says that it was withdrawn and why.
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
    """Return the letter of one of this office's decisions, as PDF/A-3a and PDF/UA-1, with its receipt attached.

    Nothing is stored, so no `Idempotency-Key` is required. The body names the applicant, unless the office's vault has
    the person.
    """
    values = {name: getattr(data, name) for name in LetterRequest.__struct_fields__}
    letter = LetterRequest(**values | {"applicant": None if data.applicant is None else addressee(data.applicant)})
    return _private(letters.of_decision(str(data.decision), letter), "decision")


def _private(letter: bytes, kind: str) -> Response[Any]:
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="letter.pdf"',
        "Letter-Kind": kind,
    }
    return Response(letter, media_type=_PDF, headers=headers)


ROUTES: list[HTTPRouteHandler] = [of_case, of_decision]
