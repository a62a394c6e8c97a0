"""All credentials of a filter, chosen at once: those that a change can be made to, up to a limit.

The choice is made once, when the page that asks is made. Its form names each credential, so that what somebody saw is
what is changed, whatever the filter selects later.
"""

from typing import NamedTuple

from projections.api.reading import Views
from projections.credentials.own_credentials import count_matching, list_matching
from registry.http import FieldError, HttpProblem
from registry.server.pages.desk.change_form import MAX_OF_FILTER, POSSIBLE, Chosen, read_chosen
from registry.server.pages.desk.credentials import CredentialFilter, check_order


class FilterChoice(NamedTuple):
    """The credentials that a filter selects for a change."""

    chosen: Chosen
    matching: int
    """All credentials that the filter selects, one more than the limit at most."""
    has_more: bool
    """True if the change can be made to more of them than are chosen."""

    @property
    def is_limited(self) -> bool:
        """True if the number of all that match is not known."""
        return self.matching > MAX_OF_FILTER


def choose_all(views: Views, member: str, change: str, chosen: CredentialFilter) -> FilterChoice:
    """Return the credentials that a filter selects and a change can be made to, in the order of the list.

    Raises `HttpProblem` for an unknown change, for an order that the list does not have, and without any filter.
    """
    read_chosen(change, [])
    check_order(chosen)
    if not chosen.conditions():
        error = FieldError(
            "query all", "choose a filter: not all credentials of the university are changed at once", "all"
        )
        raise HttpProblem("unprocessable", errors=[error])
    query, newest = chosen.query(member), chosen.sort == "newest"
    with views.snapshot() as snapshot:
        ids = list_matching(snapshot.connection, query, POSSIBLE[change], MAX_OF_FILTER + 1, newest=newest)
        matching = count_matching(snapshot.connection, query, MAX_OF_FILTER + 1)
    return FilterChoice(Chosen(change, ids[:MAX_OF_FILTER]), matching, len(ids) > MAX_OF_FILTER)
