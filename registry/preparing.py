"""Making a batch ready: from what a university asks to the events and vault rows to be stored. Nothing is stored here.

A row's own id is remembered with it: asked again it is the same credential, unless it says something else.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Self
from uuid import UUID

import msgspec

from registry.acceptance import NotAccepted
from registry.application import Registry
from registry.domain.aggregate import uuid_of
from registry.domain.credential import Credential
from registry.domain.errors import Refusal, UnknownCredential
from registry.domain.parts import PartsKnown, against, told
from registry.refusals import Refusals, builds_on_refused, exists_for_nobody
from registry.requests import CLAIMS, Issued, IssueRequest, NotIssued, Outcome
from registry.rules.achievements import Achievement as AchievementState
from registry.rules.credentials import Credential as CredentialState
from registry.store import StoredEvent
from registry.vault import Learner, VaultRows, array, random_id
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import SALT_LENGTH, claims_digests, salts
from registry.wire.forms import check_uuid


class Known(NamedTuple):
    """What a record became."""

    content: bytes | None
    """None: its learner was erased, and nothing more is known of it."""
    credential: str
    learner: str


class Prepared(NamedTuple):
    """A batch that is ready to be stored, and what the next one must know of it before it is."""

    outcomes: list[Outcome]
    stored: list[StoredEvent]
    rows: VaultRows
    expected: dict[UUID, int]
    records: dict[bytes, Known]
    learners: dict[bytes, Learner]
    replaced: dict[str, Credential]

    @classmethod
    def empty(cls) -> Self:
        """Of no request."""
        return cls([], [], VaultRows(), {}, {}, {}, {})


class Preparer:
    """Makes batches ready for one node. For one thread at a time."""

    def __init__(self, registry: Registry, parts: PartsKnown | None) -> None:
        """`parts` is what the views know of parts; without it only the own ones are looked at."""
        self._registry = registry
        self._parts = parts
        self._achievements: dict[str, tuple[int, AchievementState]] = {}
        self._refusals: Refusals = {}
        """What exists for nobody, as of the batch that is made ready."""

    def prepare(
        self, requests: Sequence[IssueRequest], before: Prepared | None, despite: Collection[str] = ()
    ) -> Prepared:
        """What these come to; `before` is the batch that may not be stored yet, and comes first."""
        vault = self._registry.vault
        hashed = [vault.hashed("record", request.record) for request in requests]
        contents = [vault.digest(msgspec.json.encode(request)) for request in requests]
        known = self.known(hashed) | (before.records if before is not None else {})
        self._refusals = self._registry.refusals()
        outcomes: dict[int, Outcome] = {}
        fresh: list[_Fresh] = []
        first: dict[bytes, int] = {}
        for place, request in enumerate(requests):
            record, content = hashed[place], contents[place]
            if (seen := known.get(record)) is not None:
                outcomes[place] = _again(request, content, seen, self._refusals)
            elif first.setdefault(record, place) == place:
                fresh.append(_Fresh(place, request, record, content, vault.hashed("student", request.student)))
        ready = self._make(fresh, before, despite, outcomes)
        for place, request in enumerate(requests):
            if place not in outcomes:  # the same row id twice in one batch
                earlier = first[hashed[place]]
                outcomes[place] = _repeated(request, contents[place], contents[earlier], outcomes[earlier])
        ready.outcomes.extend(outcomes[place] for place in range(len(requests)))
        return ready

    def known(self, hashed: Sequence[bytes]) -> dict[bytes, Known]:
        """What records became, by their hashes."""
        rows = self._registry.cursor().execute(
            "SELECT record, content, credential::text, learner::text FROM vault.records"
            " WHERE record = ANY(%(records)s::bytea[])"
            " UNION ALL SELECT record, NULL, NULL, NULL FROM vault.erased WHERE record = ANY(%(records)s::bytea[])",
            {"records": array(hashed)},
        )
        return {row["record"]: Known(row["content"], row["credential"], row["learner"]) for row in rows}

    def _make(
        self,
        fresh: Sequence["_Fresh"],
        before: Prepared | None,
        despite: Collection[str],
        outcomes: dict[int, Outcome],
    ) -> Prepared:
        """What the fresh requests come to; the outcome of each is put to its place."""
        registry, vault = self._registry, self._registry.vault
        ready = Prepared.empty()
        if not fresh:
            return ready
        if (refused := self._not_accepted()) is not None:
            outcomes.update(
                (item.place, NotIssued(item.request.record, refused.code, "", refused.explanation, accepted=False))
                for item in fresh
            )
            return ready
        states, expected = self._states({item.request.achievement for item in fresh})
        ready.expected.update(expected)
        learners = vault.find(registry.cursor(), {item.student for item in fresh})
        if before is not None:
            learners |= before.learners
        written = set(learners)
        salt = salts(len(CLAIMS) * len(fresh))
        made: list[_Made] = []
        disclosed = [
            item.request.disclosures(salt, number * len(CLAIMS) * SALT_LENGTH) for number, item in enumerate(fresh)
        ]
        for item, said, claims in zip(fresh, disclosed, claims_digests(disclosed), strict=True):
            learner = learners.get(item.student) or vault.new_learner()
            state = states.get(item.request.achievement)
            data = _data(item.request, state, learner.learner, claims)
            if data.parts and (found := against(data, registry.member, self._own, self._parts, despite)):
                outcomes[item.place] = NotIssued(item.request.record, "parts-refused", "parts", told(found), found)
                continue
            try:
                credential = Credential.issue(
                    data, state, self._replaced(item.request.replaces, ready.replaced, before)
                )
            except Refusal as refusal:
                outcomes[item.place] = NotIssued(item.request.record, refusal.code, refusal.path, refusal.detail)
                continue
            learners[item.student] = learner
            made.append(_Made(data.credential, item, learner, said, credential))
        # On the log they stand in the order of their random ids: a file's order tells names and ranks.
        made.sort(key=lambda one: one.identifier)
        self._settle(made, written, ready, outcomes)
        ready.stored.extend(registry.stored(list(ready.replaced.values())))
        return ready

    def _not_accepted(self) -> NotAccepted | None:
        """Why consumers would accept no credential of this member now; None where they would."""
        try:
            self._registry.check_accepted({"credential.issued.v1"})
        except NotAccepted as refused:
            return refused
        return None

    def _own(self, credential: str) -> CredentialState | None:
        try:
            return self._registry.credential(credential).state
        except UnknownCredential:
            return None

    def _settle(
        self, made: Sequence["_Made"], written: set[bytes], ready: Prepared, outcomes: dict[int, Outcome]
    ) -> None:
        """Stored events and vault rows of what passes a verifier's reading."""
        registry, vault = self._registry, self._registry.vault
        stored = registry.stored([one.credential for one in made])
        faults = registry.faults(stored)
        new: set[str] = set()
        for number, one in enumerate(made):
            item, learner = one.item, one.learner
            if (fault := faults.get(number)) is not None:
                outcomes[item.place] = NotIssued(item.request.record, fault.code, fault.path, fault.detail)
                continue
            event = stored[number]
            if (unknown := builds_on_refused(self._refusals, str(event.originator_id), event.state)) is not None:
                outcomes[item.place] = NotIssued(
                    item.request.record, unknown.code, "achievement", unknown.explanation, accepted=False
                )
                continue
            ready.stored.append(event)
            if item.student not in written:
                written.add(item.student)
                person = vault.seal(learner, "person", item.request.person())
                ready.rows.learner(learner.learner, item.student, vault.wrap(learner), person)
                new.add(learner.learner)
            elif learner.learner not in new:
                ready.rows.rests_on(learner.learner)
            sealed = vault.seal(learner, one.identifier, one.disclosures)
            ready.rows.record(item.record, item.content, one.identifier, learner.learner, sealed)
            ready.records[item.record] = Known(item.content, one.identifier, learner.learner)
            ready.learners[item.student] = learner
            outcomes[item.place] = Issued(item.request.record, one.identifier, learner.learner)

    def _states(self, achievements: set[str]) -> tuple[dict[str, AchievementState], dict[UUID, int]]:
        """The achievements' states, read again where they have changed; and the versions they are of."""
        registry = self._registry
        ids = {text: uuid_of(text) for text in achievements if _is_uuid(text)}
        with registry.recorder.datastore.get_connection() as connection, connection.cursor() as cursor:
            versions = registry.recorder.versions(cursor, list(ids.values()))
        states: dict[str, AchievementState] = {}
        expected: dict[UUID, int] = {}
        for text, identifier in ids.items():
            version = versions.get(identifier)
            if version is None:
                continue
            held = self._achievements.get(text)
            if held is None or held[0] != version:
                achievement = registry.achievement(text)
                held = self._achievements[text] = (achievement.version, achievement.state)
            states[text] = held[1]
            expected[identifier] = held[0]
        return states, expected

    def _replaced(
        self, credential: str | None, loaded: dict[str, Credential], before: Prepared | None
    ) -> Credential | None:
        if credential is None:
            return None
        if before is not None and credential in before.replaced:
            return before.replaced[credential]
        if credential not in loaded:
            loaded[credential] = self._registry.credential(credential)
        return loaded[credential]


class _Fresh(NamedTuple):
    """A request that has no credential yet, with the hashes that it is found by."""

    place: int
    request: IssueRequest
    record: bytes
    content: bytes
    student: bytes


class _Made(NamedTuple):
    """A credential that the rules allow."""

    identifier: str
    item: _Fresh
    learner: Learner
    disclosures: list[str]
    credential: Credential


def _data(request: IssueRequest, state: AchievementState | None, learner: str, claims: str) -> CredentialIssued:
    version = request.version
    if version is None:
        version = state.version if state is not None else 1
    known = state is not None and 1 <= version <= state.version
    return CredentialIssued(
        random_id(),
        request.achievement,
        version,
        learner,
        request.awarding_date,
        state.ects[version - 1] if state is not None and known else None,
        request.valid_until,
        request.parts,
        request.replaces,
        claims,
    )


def _again(request: IssueRequest, content: bytes, before: Known, refusals: Refusals) -> Outcome:
    if before.content is not None and (one := refusals.get(before.credential)) is not None:
        nobodys = exists_for_nobody(one)
        return NotIssued(request.record, nobodys.code, "record", nobodys.explanation, accepted=False)
    if before.content is None:
        return NotIssued(
            request.record,
            "erased",
            "record",
            "its learner was erased; it is not taken in again. A new award has a row id of its own",
        )
    if before.content != content:
        return NotIssued(
            request.record,
            "record-differs",
            "record",
            f"this row became credential {before.credential}, and said something else then; to correct a"
            " credential, issue another that replaces it, under a row id of its own",
        )
    return Issued(request.record, before.credential, before.learner, unchanged=True)


def _repeated(request: IssueRequest, content: bytes, first: bytes, outcome: Outcome) -> Outcome:
    if content != first:
        return NotIssued(
            request.record, "record-differs", "record", "an earlier row has this id and says something else"
        )
    if isinstance(outcome, Issued):
        return Issued(request.record, outcome.credential, outcome.learner, unchanged=True)
    return outcome


def _is_uuid(text: str) -> bool:
    return check_uuid(text) is None
