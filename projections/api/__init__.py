"""The views over HTTP: what anybody may ask, and what needs a scope. Reads only; holds no keys.

Every answer is made from one moment of the views and says which (`Registry-Position`).
"""

from litestar.handlers import HTTPRouteHandler

from projections.api import (
    agreements,
    assessments,
    catalogue,
    decided,
    departures,
    disclosures,
    feed,
    history,
    learners,
    members,
    receipts,
    recognition,
    universities,
    verification,
    worklist,
)
from projections.api.reading import Views

ROUTES: list[HTTPRouteHandler] = [
    *verification.ROUTES,
    *receipts.ROUTES,
    *disclosures.ROUTES,
    *history.ROUTES,
    *decided.ROUTES,
    *catalogue.ROUTES,
    *members.ROUTES,
    *learners.ROUTES,
    *universities.ROUTES,
    *recognition.ROUTES,
    *departures.ROUTES,
    *agreements.ROUTES,
    *worklist.ROUTES,
    *assessments.ROUTES,
    *feed.ROUTES,
]

__all__ = ["ROUTES", "Views"]
