"""Addresses of forms, for a browser that asks for one as a page: it is led to the page that has the form.

A refused form is answered at its own address, where the links of the frame and a reload would find nothing.
"""

from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from registry.http import requires
from registry.server.pages.frame import Pages

_FORMS: Final = (
    "/desk/credentials/find",
    "/desk/credentials/{credential:uuid}/change",
    "/desk/changes/{batch:uuid}/release",
    "/desk/changes/{batch:uuid}/cancel",
    "/desk/changes/{batch:uuid}/return",
    "/desk/releases/{batch:uuid}/cancel",
    "/desk/learners/{learner:uuid}/rectify",
    "/desk/learners/{learner:uuid}/merge",
    "/desk/learners/{learner:uuid}/split",
    "/desk/learner-changes/{change:uuid}/confirm",
    "/desk/learner-changes/{change:uuid}/drop",
)
"""Forms whose page is at the path above their own."""


def _way_back(path: str) -> HTTPRouteHandler:
    @get(path, include_in_schema=False, sync_to_thread=False, **requires("university:read"))
    def go_back(request: Request[Any, Any, Any], pages: Pages) -> Redirect:
        language = request.query_params.get("lang")
        above = request.url.path.rpartition("/")[0]
        return Redirect(pages.address(request, above, {"lang": language}), status_code=303)

    return go_back


ROUTES: Final = [_way_back(path) for path in _FORMS]
