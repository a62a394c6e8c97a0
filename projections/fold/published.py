"""Where a member's leaves alone lead to other achievements and credentials than governance lets them.

A seal speaks of what the issuer published, whatever governance refused of it. That differs from the effective
state in few things, and for few members; only the differences are kept.
"""

from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections.core.state import array
from registry.rules.achievements import Achievement
from registry.rules.credentials import Credential, holder_check
from registry.rules.stream import AffectedKeys, MemberState


class Overlay:
    """The differences that concern one batch."""

    def __init__(self, connection: Connection, member: str, touched: AffectedKeys) -> None:
        self._connection = connection
        self._member = member
        self._achievements = self._read("achievement", touched.achievements, Achievement)
        self._credentials = self._read("credential", touched.credentials | touched.issued, Credential)

    def _read(self, key: str, wanted: set[str], kind: type[Any]) -> dict[str, Any]:
        rows = self._connection.execute(
            f"SELECT {key}::text, state::text FROM published_{key}s"  # noqa: S608 - names of our own
            f" WHERE member = %s AND {key} = ANY(%s::uuid[])",
            (self._member, array(wanted)),
        )
        return {
            item: None if state is None else msgspec.json.decode(state, type=kind, strict=True) for item, state in rows
        }

    def published(self, effective: MemberState) -> MemberState:
        """The things as published, from the effective ones and what is known to differ."""
        things = MemberState()
        _overlay(things.achievements, effective.achievements, self._achievements)
        _overlay(things.credentials, effective.credentials, self._credentials)
        return things

    def save(self, effective: MemberState, published: MemberState) -> None:
        """Keep what differs now, and drop what no longer does, and whoever was erased."""
        self._write("achievement", self._achievements, effective.achievements, published.achievements)
        known, alone = (
            {item: _forgotten(item, state, effective.erased) for item, state in things.credentials.items()}
            for things in (effective, published)
        )
        self._write("credential", self._credentials, known, alone)
        if effective.erased:
            self._connection.execute(_FORGET, {"member": self._member, "learners": array(effective.erased)})

    def _write(self, key: str, before: Mapping[str, Any], known: Mapping[str, Any], alone: Mapping[str, Any]) -> None:
        touched = sorted({*alone, *known, *before})
        differing = [item for item in touched if alone.get(item) != known.get(item)]
        states = [
            None if (state := alone.get(item)) is None else msgspec.json.encode(state).decode() for item in differing
        ]
        table = f"published_{key}s"
        self._connection.execute(
            f"DELETE FROM {table} WHERE member = %s AND {key} = ANY(%s::uuid[])",  # noqa: S608 - names of our own
            (self._member, array(touched)),
        )
        self._connection.execute(
            f"INSERT INTO {table} (member, {key}, state)"  # noqa: S608 - names of our own
            " SELECT %s, * FROM unnest(%s::uuid[], %s::json[])",
            (self._member, array(differing), states),
        )


def _forgotten(credential: str, state: Credential, erased: Collection[str]) -> Credential:
    """A state without its learner, where this member has erased them: as the credentials' own rows have it."""
    if state.learner is None or state.learner not in erased:
        return state
    return msgspec.structs.replace(state, learner=None, holder=holder_check(credential, state.learner))


_FORGET: Final = """
UPDATE published_credentials SET state = json_build_object(
    'achievement', state ->> 'achievement', 'version', (state ->> 'version')::int, 'learner', NULL,
    'status', state ->> 'status',
    'holder', encode(sha256(convert_to(credential::text || ' ' || (state ->> 'learner'), 'UTF8')), 'base64'))
WHERE member = %(member)s AND state ->> 'learner' = ANY(%(learners)s::text[])
"""
"""Of earlier batches."""


def _overlay(into: MutableMapping[str, Any], known: Mapping[str, Any], differing: Mapping[str, Any]) -> None:
    into.update(known)
    for item, state in differing.items():
        if state is None:
            into.pop(item, None)
        else:
            into[item] = state
