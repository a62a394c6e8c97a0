"""Notes on countries for the office, each statement with its source and its date."""

from typing import Any, Final

from litestar import Request, Response, get
from litestar.response import Redirect

from registry.api.countries import Noted
from registry.http import HttpProblem, requires
from registry.office.reasons.country_notes import noted_countries
from registry.server.pages.frame import Pages
from registry.server.pages.languages import language_of
from registry.server.pages.templates import Formats
from registry.values.countries import COUNTRIES


@get("/office/countries", include_in_schema=False, sync_to_thread=False, **requires("cases:read"))
def list_countries(request: Request[Any, Any, Any], pages: Pages) -> Response[Any]:
    """List the countries about which something is recorded; any other can be looked up."""
    formats = Formats(language_of(request))
    chosen = str(request.query_params.get("country", ""))
    if chosen in COUNTRIES:
        return Redirect(pages.address(request, f"/office/countries/{chosen}", {}), status_code=303)
    named = sorted(((code, formats.country(code)) for code in COUNTRIES), key=lambda pair: pair[1])
    noted = set(noted_countries())
    return pages.render(
        request,
        "office/countries.html",
        countries=named,
        noted=[pair for pair in named if pair[0] in noted],
    )


@get("/office/countries/{country:str}", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_country(request: Request[Any, Any, Any], pages: Pages, noted: Noted, country: str) -> Response[Any]:
    """Show what is recorded about a country."""
    note = noted(country) if country in COUNTRIES else None
    if note is None:
        raise HttpProblem("not-found", "there is no country with this code of ISO 3166-1")
    return pages.render(request, "office/country.html", note=note)


ROUTES: Final = [list_countries, show_country]
