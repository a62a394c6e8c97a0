"""HTTP routes that read the views, for everybody or by scope. They hold no keys.

Every answer is read at one position of the views, which it names in `Registry-Position`.
"""

from litestar.handlers import HTTPRouteHandler

from projections.api import (
    agreements,
    assessments,
    catalogue,
    decision_verification,
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
    *decision_verification.ROUTES,
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
