"""What an office decides under when a credential comes from a country: the project's notes, and its own before them."""

from collections.abc import Callable
from typing import Annotated

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Dependency, Parameter

from registry.http import answer, requires
from registry.office.reasons import CountryNote

Noted = Annotated[Callable[[str], CountryNote], Dependency(skip_validation=True)]
"""Finds what is noted of a country; a handler's `noted`."""


@get(
    "/v1/countries/{country:str}/note",
    tags=["Cases"],
    operation_id="getCountryNote",
    summary="What is noted of a country",
    sync_to_thread=True,
    **requires("cases:read"),
)
def note(
    noted: Noted,
    country: Annotated[str, Parameter(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, as `NL`.")],
) -> Response[CountryNote]:
    """The convention that binds its decisions, its ENIC-NARIC centre, and what to know. What holds for any country
    where nothing particular is noted.
    """
    return answer(noted(country))


ROUTES: list[HTTPRouteHandler] = [note]
