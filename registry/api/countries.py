"""What is recorded about the country that a credential comes from, with a source for each statement."""

from collections.abc import Callable
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, SkipValidation

from registry.http import FieldError, HttpProblem, answer, requires
from registry.office.reasons.country_notes import CountryNote

Noted = NamedDependency[SkipValidation[Callable[[str], CountryNote | None]]]
"""Finds what is recorded about a country; a handler's `noted`."""


@get(
    "/v1/countries/{country:str}/note",
    tags=["Cases"],
    operation_id="getCountryNote",
    summary="What is recorded about a country",
    sync_to_thread=True,
    **requires("cases:read"),
)
def note(
    noted: Noted,
    country: Annotated[str, Parameter(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, as `NL`.")],
) -> Response[CountryNote]:
    """Conventions, time limits, who advises, and what to know: each statement with its source and date. Where there are
    no statements, nothing is recorded.
    """
    found = noted(country)
    if found is None:
        raise HttpProblem("unprocessable", errors=[FieldError("path country", "is no code of ISO 3166-1 alpha-2")])
    return answer(found)


ROUTES: list[HTTPRouteHandler] = [note]
