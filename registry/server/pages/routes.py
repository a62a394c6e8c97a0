"""All pages as one group of routes: what a form sends is read differently from what a program sends."""

from typing import Any

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from registry.server.pages import (
    admin_accounts,
    admin_journal,
    admin_keys,
    catalogue,
    log_explorer,
    members,
    open_data,
    own_account,
    passkey_pages,
    signing_in,
    statistics,
    verify_files,
    verifying,
)
from registry.server.pages.desk import (
    change_results,
    changes,
    credential,
    credentials,
    dashboard,
    erasing,
    held_people,
    learner,
    learner_changes,
    looking_again,
    replacing,
    ways_back,
)
from registry.server.pages.form_check import check_form
from registry.server.pages.office import actions, case, inbox
from registry.server.pages.static_files import static_file


async def _accept(request: Any) -> None:  # noqa: ANN401 - litestar's hook
    """Check nothing: a page ignores parameters that it does not know, such as those in a newsletter's links."""
    del request


def page_routes() -> Router:
    """Return the routes of the pages."""
    handlers: list[HTTPRouteHandler | Router] = [
        *catalogue.ROUTES,
        *members.ROUTES,
        *verifying.ROUTES,
        *verify_files.ROUTES,
        *log_explorer.ROUTES,
        *statistics.ROUTES,
        *open_data.ROUTES,
        *signing_in.ROUTES,
        *passkey_pages.ROUTES,
        *own_account.ROUTES,
        *inbox.ROUTES,
        *case.ROUTES,
        *actions.ROUTES,
        *dashboard.ROUTES,
        *credentials.ROUTES,
        *credential.ROUTES,
        *changes.ROUTES,
        *change_results.ROUTES,
        *looking_again.ROUTES,
        *held_people.ROUTES,
        *learner.ROUTES,
        *learner_changes.ROUTES,
        *erasing.ROUTES,
        *replacing.ROUTES,
        *ways_back.ROUTES,
        *admin_accounts.ROUTES,
        *admin_keys.ROUTES,
        *admin_journal.ROUTES,
        static_file,
    ]
    return Router("/", route_handlers=handlers, before_request=_accept, guards=[check_form])
