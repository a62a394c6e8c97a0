"""The recognition office of a node that answers over HTTP. Apart from `office`: only what serves loads a server."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from projections.api.reading import Views
from registry.node.adapters.office import Viewed
from registry.node.node import Node, opened
from registry.office.assessments.facts import Facts
from registry.office.cases.service import Office


def served_office(node: Node, views: Views, offers: Facts) -> Office:
    """The office of a node that answers over HTTP: it reads the views, and what is offered, as other requests do."""

    @contextmanager
    def reading() -> Iterator[Connection]:
        with views.snapshot() as moment:
            yield moment.connection

    def governance() -> GovernanceFold:
        with opened(node.settings.home) as another:  # a log of its own: threads don't share one
            return another.governance()

    return Office(node.registry, node.settings.office, Viewed(reading, governance, node.settings.origin), offers)
