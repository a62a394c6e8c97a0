"""All pages as one group of routes: what a form sends is read differently from what a program sends."""

from typing import Any

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from registry.server.pages import (
    about,
    admin_accounts,
    admin_journal,
    admin_keys,
    audit_reports,
    catalogue,
    log_explorer,
    members,
    open_data,
    own_account,
    passkey_pages,
    precedents,
    provider_pages,
    signing_in,
    statistics,
    verify_files,
    verifying,
)
from registry.server.pages.desk import (
    achievement_actions,
    change_lists,
    change_results,
    changes,
    column_form,
    credential,
    credentials,
    dashboard,
    draft_pages,
    erasing,
    exports,
    hand_over_forms,
    held_people,
    import_page,
    imports,
    learner,
    learner_changes,
    looking_again,
    own_achievements,
    print_view,
    publishing,
    releases,
    replacing,
    restricting,
    row_forms,
    stacks,
    ways_back,
)
from registry.server.pages.form_check import check_form
from registry.server.pages.node_style import node_style_file
from registry.server.pages.office import (
    actions,
    agreements,
    case,
    cohorts,
    countries,
    documents,
    inbox,
    new_cases,
    statements,
    together,
    withdrawal,
    year,
)
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
        *precedents.ROUTES,
        *audit_reports.ROUTES,
        *statistics.ROUTES,
        *open_data.ROUTES,
        *signing_in.ROUTES,
        *passkey_pages.ROUTES,
        *provider_pages.ROUTES,
        *own_account.ROUTES,
        *own_achievements.ROUTES,
        *publishing.ROUTES,
        *achievement_actions.ROUTES,
        *draft_pages.ROUTES,
        *stacks.ROUTES,
        *inbox.ROUTES,
        *new_cases.ROUTES,
        *case.ROUTES,
        *actions.ROUTES,
        *dashboard.ROUTES,
        *credentials.ROUTES,
        *credential.ROUTES,
        *changes.ROUTES,
        *change_lists.ROUTES,
        *change_results.ROUTES,
        *looking_again.ROUTES,
        *held_people.ROUTES,
        *learner.ROUTES,
        *restricting.ROUTES,
        *learner_changes.ROUTES,
        *erasing.ROUTES,
        *print_view.ROUTES,
        *exports.ROUTES,
        *replacing.ROUTES,
        *documents.ROUTES,
        *withdrawal.ROUTES,
        *together.ROUTES,
        *agreements.ROUTES,
        *imports.ROUTES,
        *import_page.ROUTES,
        *row_forms.ROUTES,
        *column_form.ROUTES,
        *hand_over_forms.ROUTES,
        *releases.ROUTES,
        *statements.ROUTES,
        *cohorts.ROUTES,
        *countries.ROUTES,
        *year.ROUTES,
        *ways_back.ROUTES,
        *admin_accounts.ROUTES,
        *admin_keys.ROUTES,
        *admin_journal.ROUTES,
        *about.ROUTES,
        node_style_file,
        static_file,
    ]
    return Router("/", route_handlers=handlers, before_request=_accept, guards=[check_form])
