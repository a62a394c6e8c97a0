"""What every HTTP answer of a node has in common: problems, who may, where it stands on the log, pages.

A leaf: it knows nothing of credentials, databases or keys, so that the private side's routes
(`registry.intake.api`, …) and the views' (`projections.api`) can both be written with it.
"""

from registry.cursors import Cursors
from registry.http.access import ANYBODY, Authenticated, Caller, Credentials, requires
from registry.http.answers import Position, answer
from registry.http.json_body import KNOWN_ONLY
from registry.http.pages import Page, selected
from registry.http.problems import HttpProblem, Trouble

__all__ = [
    "ANYBODY",
    "KNOWN_ONLY",
    "Authenticated",
    "Caller",
    "Credentials",
    "Cursors",
    "HttpProblem",
    "Page",
    "Position",
    "Trouble",
    "answer",
    "requires",
    "selected",
]
