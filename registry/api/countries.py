"""Notes about the country that a credential comes from, with a source for each statement."""

from collections.abc import Callable
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, SkipValidation

from registry.http import FieldError, HttpProblem, answer, requires
from registry.office.reasons.country_notes import CountryNote

Noted = NamedDependency[SkipValidation[Callable[[str], CountryNote | None]]]
"""Finds the note about a country; a handler's `noted`."""


@get(
    "/v1/countries/{country:str}/note",
    tags=["Cases"],
    operation_id="getCountryNote",
    summary="Get the note about a country",
    sync_to_thread=True,
    **requires("cases:read"),
)
def note(
    noted: Noted,
    country: Annotated[str, Parameter(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, for example `NL`.")],
) -> Response[CountryNote]:
    """Return what is known about a country: conventions, time limits, advisers, remarks, each with its source and
    date. Without statements, nothing is known.
    """
    country_note = noted(country)
    if country_note is None:
        raise HttpProblem("unprocessable", errors=[FieldError("path country", "is not a code of ISO 3166-1 alpha-2")])
    return answer(country_note)


ROUTES: list[HTTPRouteHandler] = [note]
