"""Keep where a member's leaves alone lead to other achievements and credentials than governance allows.

A seal covers what the issuer published, whether or not governance refused it. That differs from the effective state in
few achievements and credentials, and for few members; only the differences are stored.
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

    def __init__(self, connection: Connection, member: str, affected: AffectedKeys) -> None:
        self._connection = connection
        self._member = member
        self._achievements = self._read("achievement", affected.achievements, Achievement)
        self._credentials = self._read("credential", affected.credentials | affected.issued, Credential)

    def _read(self, key: str, ids: set[str], kind: type[Any]) -> dict[str, Any]:
        rows = self._connection.execute(
            f"SELECT {key}::text, state::text FROM published_{key}s"  # noqa: S608 - names of our own
            f" WHERE member = %s AND {key} = ANY(%s::uuid[])",
            (self._member, array(ids)),
        )
        return {
            item: None if state is None else msgspec.json.decode(state, type=kind, strict=True) for item, state in rows
        }

    def read_published(self, effective: MemberState) -> MemberState:
        """Return the states as published, from the effective states and the stored differences."""
        states = MemberState()
        _overlay(states.achievements, effective.achievements, self._achievements)
        _overlay(states.credentials, effective.credentials, self._credentials)
        return states

    def save(self, effective: MemberState, published: MemberState) -> None:
        """Store what differs now, drop what no longer does, and forget learners who were erased."""
        self._write("achievement", self._achievements, effective.achievements, published.achievements)
        effective_states, published_states = (
            {item: _without_erased(item, state, effective.erased) for item, state in states.credentials.items()}
            for states in (effective, published)
        )
        self._write("credential", self._credentials, effective_states, published_states)
        if effective.erased:
            self._connection.execute(_FORGET, {"member": self._member, "learners": array(effective.erased)})

    def _write(
        self,
        key: str,
        before: Mapping[str, Any],
        effective_states: Mapping[str, Any],
        published_states: Mapping[str, Any],
    ) -> None:
        affected = sorted({*published_states, *effective_states, *before})
        differing = [item for item in affected if published_states.get(item) != effective_states.get(item)]
        states = [
            None if (state := published_states.get(item)) is None else msgspec.json.encode(state).decode()
            for item in differing
        ]
        table = f"published_{key}s"
        self._connection.execute(
            f"DELETE FROM {table} WHERE member = %s AND {key} = ANY(%s::uuid[])",  # noqa: S608 - names of our own
            (self._member, array(affected)),
        )
        self._connection.execute(
            f"INSERT INTO {table} (member, {key}, state)"  # noqa: S608 - names of our own
            " SELECT %s, * FROM unnest(%s::uuid[], %s::json[])",
            (self._member, array(differing), states),
        )


def _without_erased(credential: str, state: Credential, erased: Collection[str]) -> Credential:
    """Return a state without its learner if this member has erased them, as the row in `credentials` is."""
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
"""For states that earlier batches stored."""


def _overlay(into: MutableMapping[str, Any], effective_states: Mapping[str, Any], differing: Mapping[str, Any]) -> None:
    into.update(effective_states)
    for item, state in differing.items():
        if state is None:
            into.pop(item, None)
        else:
            into[item] = state
