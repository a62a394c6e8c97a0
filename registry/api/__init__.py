"""The private side over HTTP: how a university's systems publish. Needs keys or tokens; reading the views is elsewhere.

Every write carries an `Idempotency-Key`; every answer to one says the position at which the log will have it.
"""

from litestar import Controller
from litestar.handlers import HTTPRouteHandler

from registry.api import (
    access_exports,
    achievements,
    agreements,
    assessments,
    batches,
    case_file,
    cases,
    cohorts,
    countries,
    course_codes,
    credentials,
    disclosures,
    document_verification,
    drafts,
    exports,
    learners,
    letters,
    profiles,
    restrictions,
)
from registry.api.private_side import PrivateSide

ROUTES: list[HTTPRouteHandler | type[Controller]] = [
    *achievements.ROUTES,
    *course_codes.ROUTES,
    *drafts.ROUTES,
    *credentials.ROUTES,
    *learners.ROUTES,
    *access_exports.ROUTES,
    *restrictions.ROUTES,
    *batches.ROUTES,
    *cases.ROUTES,
    *case_file.ROUTES,
    *disclosures.ROUTES,
    *document_verification.ROUTES,
    *exports.ROUTES,
    *letters.ROUTES,
    *profiles.ROUTES,
    *countries.ROUTES,
    *assessments.ROUTES,
    *cohorts.ROUTES,
    *agreements.ROUTES,
]

__all__ = ["ROUTES", "PrivateSide"]
