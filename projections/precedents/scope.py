"""Work out whose decisions on which achievements a search is about, for the counts and the list alike."""

from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core.query_text import parse_words
from projections.core.state import array, quote
from projections.core.texts import plain
from projections.precedents.query import PrecedentQuery
from projections.precedents.rows import ALL, NOBODY, programme_key
from projections.queries import build_query, load_query

CONSIDERED: Final = 100
"""Achievement versions that a search by words covers: the best matches."""

_PROGRAMMES: Final = 200


class Scope(msgspec.Struct, frozen=True):
    """The rows that a search is about. `members`, `achievements` and `versions` have the same length."""

    members: list[str]
    achievements: list[str]
    versions: list[int | None]
    offices: list[str] | None
    """The deciding members; None for any."""
    towards: list[str] | None
    """Keys of programmes; None for any, or none."""
    matched: int | None
    """Number of achievement versions that match the words; at most `CONSIDERED` of them are covered."""
    everything: bool
    """No achievement is named or searched: the lists above name sums (see `precedent_counts`)."""

    @property
    def nothing(self) -> bool:
        """True if the search cannot find anything."""
        return not self.members or self.offices == [] or self.towards == []

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the queries."""
        return msgspec.structs.asdict(self) | {
            "members": array(map(quote, self.members)),
            "achievements": array(map(quote, self.achievements)),
            "versions": array("NULL" if version is None else str(version) for version in self.versions),
        }


def scope_of(connection: Connection, query: PrecedentQuery) -> Scope:
    """Work out the scope of a checked query. Raises `InvalidQuery` for a text without words."""
    offices = _offices(connection, query)
    towards = _towards(connection, query)
    issuers = _issuers(connection, query)
    if issuers is not None and query.member is not None and query.member not in issuers:
        return Scope([], [], [], offices, towards, None, everything=False)
    if query.achievement is not None:
        assert query.member is not None  # noqa: S101 - the query was checked
        return Scope([query.member], [query.achievement], [query.version], offices, towards, None, everything=False)
    if query.by_content:
        words = None if query.text is None else parse_words(connection, query.text, query.language)
        parameters = {
            "words": words,
            "member": query.member,
            "field": query.field,
            "level": query.eqf_level,
            "limit": CONSIDERED,
        }
        name = "achievements_in_scope" if words is None else "achievements_by_words"
        rows = connection.execute(build_query(parameters, name), parameters).fetchall()
        matched = None if words is None else rows[0][3] if rows else 0
        if issuers is not None:  # among the best matches
            rows = [row for row in rows if row[0] in issuers]
        members, achievements, versions = ([row[place] for row in rows] for place in range(3))
        return Scope(members, achievements, versions, offices, towards, matched, everything=False)
    if query.member is None and issuers is not None:
        count = len(issuers)
        return Scope(issuers, [ALL] * count, [0] * count, offices, towards, None, everything=True)
    return Scope([query.member or NOBODY], [ALL], [0], offices, towards, None, everything=True)


def _issuers(connection: Connection, query: PrecedentQuery) -> list[str] | None:
    """Return the members of the country that achievements should come from; None for any."""
    if query.issuer_country is None:
        return None
    rows = connection.execute(
        "SELECT member FROM members WHERE country = %s ORDER BY member", (query.issuer_country.upper(),)
    )
    return [row[0] for row in rows]


def _offices(connection: Connection, query: PrecedentQuery) -> list[str] | None:
    if query.country is None:
        return None if query.office is None else [query.office]
    rows = connection.execute("SELECT member FROM members WHERE country = %s", (query.country.upper(),))
    return [row[0] for row in rows if query.office in (None, row[0])]


def _towards(connection: Connection, query: PrecedentQuery) -> list[str] | None:
    if query.towards is None:
        return None
    if "/" in query.towards and " " not in query.towards:
        return [query.towards]
    rows = connection.execute(
        load_query("programmes_by_words"),
        {
            "key": programme_key(query.towards),
            "plain": plain(query.towards),
            "words": parse_words(connection, query.towards),
            "limit": _PROGRAMMES,
        },
    )
    return [row[0] for row in rows]
