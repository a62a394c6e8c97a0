"""All pages as one group of routes: what a form sends is read differently from what a program sends."""

from typing import Any

from litestar import Router

from registry.server.pages import catalogue, own_account, signing_in, verifying
from registry.server.pages.form_check import check_form
from registry.server.pages.static_files import static_file


async def _accept(request: Any) -> None:  # noqa: ANN401 - litestar's hook
    """Check nothing: a page ignores parameters that it does not know, such as those in a newsletter's links."""
    del request


def page_routes() -> Router:
    """Return the routes of the pages."""
    handlers = [*catalogue.ROUTES, *verifying.ROUTES, *signing_in.ROUTES, *own_account.ROUTES, static_file]
    return Router("/", route_handlers=handlers, before_request=_accept, guards=[check_form])
