"""Replays a member's stream up to a size, under governance as it was, for a few aggregates and in little memory."""

from collections.abc import Iterator
from typing import Any

from consumers.streams.stream import batches
from consumers.streams.verifier import MemberTrust
from projections.records.as_of import Replayed
from registry.log import SharedLog
from registry.rules.errors import Refusal
from registry.rules.governance import MemberRecord
from registry.rules.stream import MemberState, apply, changed_credential
from registry.wire.credentials import CredentialIssued
from registry.wire.events import Event
from registry.wire.merkle import Tree
from registry.wire.recognition import RecognitionDecided, RecognitionWithdrawn


def replay(
    log: SharedLog, consortium: str, now: MemberRecord, size: int, then: MemberRecord, ids: frozenset[str],
    learner: str | None,
) -> Replayed:  # fmt: skip
    """Return the state of some credentials and decisions (`ids`), and of a learner's credentials, after `size` leaves.

    `now` is the member as governance has it now, whose keys verify the stream; `then` is the member as it was, which
    decides which events counted. A first pass finds what the ids depend on: credentials that they replace, decisions
    that they supersede.
    """
    related = set(ids)
    of_learner: set[str] = set()
    for _, event in _events(log, consortium, now, size):
        data = event.data
        if isinstance(data, CredentialIssued) and learner is not None and data.learner == learner:
            of_learner.add(data.credential)
    related |= of_learner
    before = -1
    while before != len(related):
        before = len(related)
        for _, event in _events(log, consortium, now, size):
            related |= _rests_on(event.data, related)
    state, since = MemberState(), {}
    for leaf, event in _events(log, consortium, now, size):
        if not _concerns(event.data, related):
            continue
        try:
            then.check(leaf, event.type)
            apply(state, event)
        except Refusal:
            continue
        if isinstance(event.data, CredentialIssued):
            since[event.data.credential] = leaf
        if (changed := changed_credential(event)) is not None:
            since[changed] = leaf
    return Replayed(
        {
            credential: (after.status, since[credential])
            for credential, after in state.credentials.items()
            if credential in ids or (credential in of_learner and after.learner == learner)
        },
        {decision: after for decision, after in state.decisions.items() if decision in ids},
    )


def _events(log: SharedLog, consortium: str, record: MemberRecord, size: int) -> Iterator[tuple[int, Event[Any]]]:
    trust = MemberTrust(consortium, record)
    for batch in batches(log, record.name, trust, Tree(), 0):
        for commit in batch.commits:
            for leaf, event in enumerate(commit.events, commit.base):
                if leaf >= size:
                    return
                if isinstance(event, Event):
                    yield leaf, event


def _rests_on(data: Any, related: set[str]) -> set[str]:  # noqa: ANN401 - any event's data
    """Return the further aggregates that must be followed to know what becomes of these."""
    if isinstance(data, CredentialIssued) and data.replaces is not None:
        pair = {data.credential, data.replaces}
    elif isinstance(data, RecognitionDecided) and data.supersedes is not None:
        pair = {data.decision, data.supersedes}
    else:
        return set()
    return pair if pair & related else set()


def _concerns(data: Any, related: set[str]) -> bool:  # noqa: ANN401 - any event's data
    if isinstance(data, RecognitionDecided | RecognitionWithdrawn):
        return data.decision in related
    credential = getattr(data, "credential", None)
    return credential is None or credential in related  # achievements are few, and all may matter
