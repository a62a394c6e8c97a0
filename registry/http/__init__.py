"""The parts that all HTTP answers of a node share: problems, callers and scopes, positions, pages of lists.

A leaf: it knows nothing of credentials, databases or keys, so that the routes of the private side (`registry.api`)
and of the views (`projections.api`) can both use it.
"""

from registry.cursors import Cursors
from registry.http.access import ANYBODY, Authentication, Caller, Credentials, requires
from registry.http.json_body import KNOWN_ONLY
from registry.http.pagination import Page, select_fields
from registry.http.problems import FieldError, HttpProblem
from registry.http.responses import Position, answer

__all__ = [
    "ANYBODY",
    "KNOWN_ONLY",
    "Authentication",
    "Caller",
    "Credentials",
    "Cursors",
    "FieldError",
    "HttpProblem",
    "Page",
    "Position",
    "answer",
    "requires",
    "select_fields",
]
