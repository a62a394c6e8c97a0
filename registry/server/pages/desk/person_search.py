"""Finding credentials by a person, a student number, a record or a credential's number, whatever was typed."""

from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from projections.api.reading import Snapshot
from projections.credentials.own_credentials import CredentialQuery, Line, Place, page
from registry.application.records import find_credentials as find_by_records
from registry.application.registry import Registry
from registry.application.restricted import find_restricted
from registry.http import Cursors
from registry.learners.name_search import matches_name, name_words, read_persons
from registry.learners.numbers import find_learner
from registry.values.uuids import canonical_uuid
from registry.vault.openings import no_openings
from registry.wire.forms import check_uuid

MAX_TEXT: Final = 200
"""Characters of what is searched for."""
MAX_FOUND: Final = 50
MAX_READ: Final = 5_000
"""Credentials whose learners' names are read for one page of results: each name is decrypted by itself."""
_BATCH: Final = 500


class Found(NamedTuple):
    """A page of what was found."""

    credentials: list[str]
    next: str | None
    """The place to search on from; None at the end."""
    read: int
    """The number of credentials whose learners' names were read; 0 where names were not searched."""
    kind: str
    """The kind of the text: `credential`, `record`, `number` or `name`."""

    @property
    def has_more(self) -> bool:
        """True if there may be more than these."""
        return self.next is not None or (self.kind != "name" and len(self.credentials) >= MAX_FOUND)


def find_credentials(
    snapshot: Snapshot,
    registry: Registry,
    query: CredentialQuery,
    text: str,
    cursor: str = "",
) -> Found:
    """Return the credentials of what was typed. A number finds by its keyed hash; a name by reading every name.

    A credential's number, a record and a student number are compared whole, whatever else the query says; of a name,
    the beginnings of its words are, among the credentials of the query.
    """
    exact = None if cursor else find_exact(snapshot, registry, query.member, text)
    return exact or _find_by_name(snapshot, registry, query, text, cursor)


def find_exact(snapshot: Snapshot, registry: Registry, member: str, text: str) -> Found | None:
    """Return the credentials of a whole number or record; None where the text is none that is known."""
    own = CredentialQuery(member=member)
    identifier = canonical_uuid(text)
    if check_uuid(identifier) is None and (exact := _ids(snapshot, own, credentials=[identifier])):
        return Found(exact, None, 0, "credential")
    by_record = [each for each in [find_by_records(registry, [text]).get(text)] if each is not None]
    of_record = _ids(snapshot, own, credentials=by_record) if by_record else []
    learner = find_learner(registry, text)
    of_number = [] if learner is None else _ids(snapshot, own, learners=[learner.learner.learner])
    if not (of_record or of_number):
        return None
    return Found(list(dict.fromkeys([*of_record, *of_number])), None, 0, "number" if of_number else "record")


def _ids(snapshot: Snapshot, query: CredentialQuery, **narrower: list[str]) -> list[str]:
    lines = page(snapshot.connection, msgspec.structs.replace(query, **narrower), None, MAX_FOUND)
    return [line.credential for line in lines]


def _find_by_name(
    snapshot: Snapshot,
    registry: Registry,
    query: CredentialQuery,
    text: str,
    cursor: str,
) -> Found:
    words = name_words(text)
    cursors = Cursors("found credentials", query, words)
    place: Place | None = None
    if cursor:
        day, credential = cursors.decode(cursor, date, UUID)
        place = Place(day, str(credential))
    if not words:
        return Found([], None, 0, "name")
    matches: dict[str, bool] = {}
    matching: list[str] = []
    read, last = 0, None
    while lines := page(snapshot.connection, query, place, _BATCH):
        _judge(registry, lines, words, matches)
        for line in lines:
            read += 1
            if line.learner is not None and matches.get(line.learner):
                matching.append(line.credential)
            if len(matching) == MAX_FOUND or read == MAX_READ:
                last = line.place
                break
        place = lines[-1].place
        if last is not None:
            break
    more = last is not None and bool(page(snapshot.connection, query, last, 1))
    following = cursors.encode(list(last)) if more and last is not None else None
    return Found(matching, following, read, "name")


def _judge(registry: Registry, lines: list[Line], words: list[str], matches: dict[str, bool]) -> None:
    """Add to `matches` whether each learner of these lines has the name, each learner once."""
    learners = {line.learner for line in lines if line.learner is not None and line.learner not in matches}
    with no_openings():  # names are compared here; those that match are read again to be shown
        persons = read_persons(registry, learners)
    restricted = find_restricted(registry.cursor(), learners)
    matches.update(dict.fromkeys(restricted, False))
    for learner in learners - restricted:
        matches[learner] = learner in persons and matches_name(persons[learner], words)
