"""One case: its file, the comparison, the decision form, what waits for approval, and its history; and its letter."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, Router, get
from litestar.handlers import HTTPRouteHandler

from registry.api.letters import Letters
from registry.http import requires
from registry.server.pages.office.case_page import Form, case_routes, render_case

_MAX_CHARACTERS: Final = 200


@get("/office/cases/{case:uuid}", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show(form: Form) -> Response[Any]:
    """Show one case."""
    query = form.request.query_params
    against = str(query.get("against", ""))[:_MAX_CHARACTERS] or None
    return render_case(form, form.read(against, again="again" in query))


@get("/office/cases/{case:uuid}/letter", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_letter(letters: Letters, case: UUID) -> Response[bytes]:
    """Return the letter that the state of the case calls for, to read in the browser."""
    _, letter = letters.of_case(str(case), None)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="letter.pdf"'}
    return Response(letter, media_type="application/pdf", headers=headers)


ROUTES: Final[list[HTTPRouteHandler | Router]] = [case_routes(show), show_letter]
