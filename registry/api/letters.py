"""Letters over HTTP: a decision as PDF. What it holds is about a person, so nobody on the way keeps it."""

from typing import Annotated, Any, Protocol
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import Dependency, Parameter

from registry.http import requires
from registry.letters import LANGUAGES, Language
from registry.letters.composing import Asked

_TAG = "Cases"
_PDF = "application/pdf"


class Writing(Protocol):
    """Who writes letters. May be called in several threads. Raises `CannotWrite`, and refusals."""

    def of_case(self, case: str, language: Language | None) -> bytes:
        """The letter about the decision that stands in a case, as PDF."""
        ...

    def of_decision(self, decision: str, asked: Asked) -> bytes:
        """The letter about one of this office's decisions, as PDF."""
        ...


class LetterAsked(Asked, frozen=True, kw_only=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Which letter is to be written. Nothing of it is kept."""

    decision: UUID


Letters = Annotated[Writing, Dependency(skip_validation=True)]
BODIES = (LetterAsked,)


@get(
    "/v1/cases/{case:uuid}/letter",
    tags=[_TAG],
    operation_id="getCaseLetter",
    summary="The letter to the applicant",
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
) -> Response[bytes]:
    """The decision that stands, as PDF/A-3a and PDF/UA-1, with its receipt attached inside."""
    return _private(letters.of_case(str(case), language))


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
    return _private(letters.of_decision(str(data.decision), data))


def _private(letter: bytes) -> Response[Any]:
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="letter.pdf"'}
    return Response(letter, media_type=_PDF, headers=headers)


ROUTES: list[HTTPRouteHandler] = [of_case, of_decision]
