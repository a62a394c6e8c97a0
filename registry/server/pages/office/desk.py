"""The request and all that a route of the office's pages works with, as one dependency."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Router
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation

from projections.api.reading import Views
from registry.accounts.services import AccountServices
from registry.api.bodies import InjectedLookup
from registry.api.case_actions import Office
from registry.api.private_side import PrivateSide
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.ports import CredentialLookup
from registry.server.pages.frame import Pages


@dataclass(frozen=True)
class Desk:
    """The request, and all that the node passes to it."""

    request: Request[Any, Any, Any]
    private: PrivateSide
    office: RecognitionOffice
    lookup: CredentialLookup
    views: Views
    pages: Pages
    services: AccountServices

    @property
    def me(self) -> str:
        """The person who sent the request."""
        actor: str = self.request.user.actor
        return actor

    @property
    def own(self) -> str:
        """The member whose office it is."""
        return str(self.request.app.state.member)


def provide_desk(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    office: Office,
    lookup: InjectedLookup,
    views: Views,
    pages: Pages,
    services: AccountServices,
) -> Desk:
    """Return the desk of a request: a dependency of its route."""
    return Desk(request, private, office, lookup, views, pages, services)


AtDesk = NamedDependency[SkipValidation[Desk]]
"""The desk, as a route receives it by the name `desk`."""


def desk_routes(*handlers: HTTPRouteHandler) -> list[Router]:
    """Return routes that receive a desk."""
    return [
        Router("/", route_handlers=list(handlers), dependencies={"desk": Provide(provide_desk, sync_to_thread=False)})
    ]
