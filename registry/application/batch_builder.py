"""Building a batch: from what a university asks for to the events and vault rows that are to be stored.

Nothing is stored here. A row's own id is stored with its credential: a row that is sent again with the same content is
the same credential.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

import msgspec

from registry.application.acceptance import NotAccepted
from registry.application.held_outcomes import build_conflict_outcome, build_held_outcome
from registry.application.held_rows import HeldRow, HeldRows
from registry.application.records import KnownRecord, find_records
from registry.application.refusals import Refusals, find_refused_basis, refuse_missing
from registry.application.registry import Registry
from registry.application.replacing import describe_replacement
from registry.application.requests import CLAIMS, Issued, IssueRequest, NotIssued, Outcome, Replacement
from registry.domain.aggregate import uuid_of
from registry.domain.credential import Credential
from registry.domain.errors import Refusal, UnknownCredential
from registry.domain.parts import PartChecker, check_parts, list_breaches
from registry.rules.achievements import Achievement as AchievementState
from registry.rules.credentials import Credential as CredentialState
from registry.store.recorder import StoredEvent
from registry.values.persons import complete_person, contradictions
from registry.vault.vault import KnownLearner, Vault, VaultRows, random_id
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import SALT_LENGTH, claims_digests, salts
from registry.wire.forms import check_uuid

_encode: Final = msgspec.json.Encoder().encode


class PreparedBatch(NamedTuple):
    """A batch that is ready to be stored, and what the next batch must know of it until it is."""

    outcomes: list[Outcome]
    stored: list[StoredEvent]
    rows: VaultRows
    expected: dict[UUID, int]
    records: dict[bytes, KnownRecord]
    learners: dict[bytes, KnownLearner]
    replaced: dict[str, Credential]
    offered: dict[str, AchievementState]
    """Achievements that would be published by then. Only a trial has any."""

    @classmethod
    def empty(cls) -> Self:
        """Return a batch of no requests."""
        return cls([], [], VaultRows(), {}, {}, {}, {}, {})


class BatchBuilder:
    """Builds batches for one node. For one thread at a time."""

    def __init__(self, registry: Registry, parts: PartChecker | None) -> None:
        """`parts` checks parts against the views. Without it only the university's own parts are checked."""
        self._registry = registry
        self._parts = parts
        self._achievements: dict[str, tuple[int, AchievementState]] = {}
        self._refusals: Refusals = {}
        """What the log refused of this member, as of the batch that is being built."""

    def prepare(
        self, requests: Sequence[IssueRequest], before: PreparedBatch | None, override: Collection[str] = ()
    ) -> PreparedBatch:
        """Build a batch of these requests. `before` is the batch before it, which may not be stored yet.

        Identifiers and names are normalised here, whichever way the requests came in.
        """
        vault = self._registry.vault
        rows = [_NewRequest(vault, place, request) for place, request in enumerate(requests)]
        known = find_records(self._registry, [record for row in rows for record in row.records])
        if before is not None and before.records:
            known |= {key: before.records[key] for row in rows for key in row.records if key in before.records}
        self._refusals = self._registry.checker.find_refusals()
        outcomes: dict[int, Outcome] = {}
        fresh: list[_NewRequest] = []
        first: dict[bytes, int] = {}
        for row in rows:
            if (earlier := row.find_among(known)) is not None:
                outcomes[row.place] = _outcome_of_known(row, earlier, self._refusals)
            elif first.setdefault(row.record, row.place) == row.place:
                if (fault := row.request.fault()) is not None:
                    outcomes[row.place] = NotIssued(row.request.record, "invalid", *fault)
                else:
                    fresh.append(row)
        ready = self._build(fresh, before, override, outcomes)
        for row in rows:
            if row.place not in outcomes:  # the same row id twice in one batch
                same = rows[first[row.record]]
                outcomes[row.place] = _outcome_of_repeated(row, same, outcomes[same.place])
        ready.outcomes.extend(outcomes[place] for place in range(len(requests)))
        return ready

    def _build(
        self,
        fresh: Sequence["_NewRequest"],
        before: PreparedBatch | None,
        override: Collection[str],
        outcomes: dict[int, Outcome],
    ) -> PreparedBatch:
        """Build the batch of the new requests, and add the outcome of each to `outcomes`, by its place."""
        registry, vault = self._registry, self._registry.vault
        ready = PreparedBatch.empty()
        if not fresh:
            return ready
        if (refused := self._not_accepted()) is not None:
            outcomes.update(
                (item.place, NotIssued(item.request.record, refused.code, "", refused.explanation, accepted=False))
                for item in fresh
            )
            return ready
        states, expected = self._states({item.request.achievement for item in fresh})
        if before is not None:
            states |= {text: state for text, state in before.offered.items() if text not in states}
        ready.expected.update(expected)
        learners = self._learners(fresh, before)
        stored = dict(learners)
        salt = salts(len(CLAIMS) * len(fresh))
        issued: list[_IssuedCredential] = []
        held: list[_HeldRequest] = []
        disclosed = [
            item.request.disclosures(salt, number * len(CLAIMS) * SALT_LENGTH) for number, item in enumerate(fresh)
        ]
        for item, disclosures, claims in zip(fresh, disclosed, claims_digests(disclosed), strict=True):
            stated = item.person
            known = learners.get(item.student)
            if known is None:
                known = KnownLearner(vault.new_learner(), stated)
            elif differs := contradictions(known.person, stated):
                held.append(_HeldRequest(item, known, differs))
                continue
            state = states.get(item.request.achievement)
            data = _data(item.request, state, known.learner.learner, claims)
            if data.parts and (breaches := check_parts(data, registry.member, self._own, self._parts, override)):
                outcomes[item.place] = NotIssued(
                    item.request.record, "parts-refused", "parts", list_breaches(breaches), breaches
                )
                continue
            try:
                replaced = self._replaced(item.request.replaces, ready.replaced, before)
                old = None if replaced is None else replaced.state
                credential = Credential.issue(data, state, replaced)
            except Refusal as refusal:
                outcomes[item.place] = NotIssued(item.request.record, refusal.code, refusal.path, refusal.detail)
                continue
            person = complete_person(known.person, stated)
            learners[item.student] = known if person is known.person else known._replace(person=person)
            replacement = None if old is None else describe_replacement(registry, old, data)
            issued.append(_IssuedCredential(data.credential, item, disclosures, credential, replacement))
        # On the log they are in the order of their random ids: the order of a file would reveal names and ranks.
        issued.sort(key=lambda each: each.identifier)
        self._add_issued(issued, learners, stored, ready, outcomes)
        ready.stored.extend(registry.collect_events(list(ready.replaced.values())))
        self._hold(held, stored, ready, outcomes)
        return ready

    def _hold(
        self,
        held: Sequence["_HeldRequest"],
        stored: Mapping[bytes, KnownLearner],
        ready: PreparedBatch,
        outcomes: dict[int, Outcome],
    ) -> None:
        """Add the rows that are held, as far as the list has room; the outcome of the others says that it is full."""
        if not held:
            return
        held_rows, records = HeldRows(self._registry), {one.item.record for one in held}
        room, earlier = held_rows.room(records), held_rows.earlier(records)
        for item, known, differs in held:
            learner = stored.get(item.student) or ready.learners.get(item.student)
            if learner is None:
                outcomes[item.place] = build_conflict_outcome(item.request, known, differs)
                continue
            row: HeldRow | None = None
            if room.take(item.record):
                before = earlier.get(item.record)
                row = HeldRow(self._registry.vault, item.record, item.student, known, item.request, before)
                ready.rows.held(row)
            outcomes[item.place] = build_held_outcome(item.request, known, differs, row)

    def _learners(self, fresh: Sequence["_NewRequest"], before: PreparedBatch | None) -> dict[bytes, KnownLearner]:
        """Return the learners that are known by the rows' numbers, by the hash of the normalised number.

        An earlier version hashed numbers as they were sent: a learner who is known by that hash is found, too.
        """
        vault = self._registry.vault
        sought = {item.student for item in fresh} | {item.raw_student for item in fresh}
        found = vault.find_learners(self._registry.cursor(), sought)
        for item in fresh:
            if before is not None and item.student in before.learners:
                found[item.student] = before.learners[item.student]
            elif item.student not in found and item.raw_student in found:
                item.student = item.raw_student
        return found

    def _not_accepted(self) -> NotAccepted | None:
        """Return why consumers would accept no credential of this member now; None where they would."""
        try:
            self._registry.checker.check_accepted({"credential.issued.v1"})
        except NotAccepted as refused:
            return refused
        return None

    def _own(self, credential: str) -> CredentialState | None:
        try:
            return self._registry.credentials.get(credential).state
        except UnknownCredential:
            return None

    def _add_issued(
        self,
        issued: Sequence["_IssuedCredential"],
        learners: Mapping[bytes, KnownLearner],
        known: Mapping[bytes, KnownLearner],
        ready: PreparedBatch,
        outcomes: dict[int, Outcome],
    ) -> None:
        """Add the events and vault rows of the credentials that pass a verifier's checks to the batch.

        `known` are the learners who have a row in the vault.
        """
        registry, vault = self._registry, self._registry.vault
        events = registry.collect_events([each.credential for each in issued])
        faults = registry.checker.find_faults(events)
        accepted: list[_IssuedCredential] = []
        for number, each in enumerate(issued):
            item = each.item
            if (fault := faults.get(number)) is not None:
                outcomes[item.place] = NotIssued(item.request.record, fault.code, fault.path, fault.detail)
                continue
            event = events[number]
            if (unknown := find_refused_basis(self._refusals, each.identifier, event.state)) is not None:
                outcomes[item.place] = NotIssued(
                    item.request.record, unknown.code, "achievement", unknown.explanation, accepted=False
                )
                continue
            ready.stored.append(event)
            accepted.append(each)
            learner = learners[item.student].learner
            sealed = vault.seal(learner, each.identifier, each.disclosures)
            ready.rows.record(item.record, item.content, each.identifier, learner.learner, sealed)
            ready.records[item.record] = KnownRecord(item.content, each.identifier, learner.learner)
            outcomes[item.place] = Issued(
                item.request.record, each.identifier, learner.learner, replacement=each.replacement
            )
        self._add_learners([each.item for each in accepted], learners, known, ready)

    def _add_learners(
        self,
        items: Sequence["_NewRequest"],
        learners: Mapping[bytes, KnownLearner],
        known: Mapping[bytes, KnownLearner],
        ready: PreparedBatch,
    ) -> None:
        """Add the rows of new learners, and of learners of whom the accepted rows say more than the vault.

        Rows that are not accepted change no learner.
        """
        vault = self._registry.vault
        persons: dict[bytes, dict[str, Any]] = {student: one.person for student, one in known.items()}
        for item in sorted(items, key=lambda one: one.place):
            stated = item.person
            persons[item.student] = (
                complete_person(persons[item.student], stated) if item.student in persons else stated
            )
        for student in {item.student for item in items}:
            learner, person, before = learners[student].learner, persons[student], known.get(student)
            if before is not None and person is before.person:
                ready.rows.rests_on(student, learner.learner)
                ready.learners[student] = before
                continue
            sealed = vault.seal(learner, "person", person)
            if before is None:
                ready.rows.learner(learner.learner, student, vault.wrap(learner), sealed)
            else:
                ready.rows.rests_on(student, learner.learner)
                ready.rows.person(learner.learner, sealed, before.sealed)
            ready.learners[student] = KnownLearner(learner, person, sealed)

    def _states(self, achievements: set[str]) -> tuple[dict[str, AchievementState], dict[UUID, int]]:
        """Return the states of achievements, read again where they have changed, and their aggregates' versions."""
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
            known = self._achievements.get(text)
            if known is None or known[0] != version:
                achievement = registry.achievements.get(text)
                known = self._achievements[text] = (achievement.version, achievement.state)
            states[text] = known[1]
            expected[identifier] = known[0]
        return states, expected

    def _replaced(
        self, credential: str | None, loaded: dict[str, Credential], before: PreparedBatch | None
    ) -> Credential | None:
        if credential is None:
            return None
        if before is not None and credential in before.replaced:
            return before.replaced[credential]
        if credential not in loaded:
            loaded[credential] = self._registry.credentials.get(credential)
        return loaded[credential]


class _NewRequest:
    """A request with normalised identifiers and names, and the hashes by which its row is found.

    An earlier version hashed rows as they were sent: they are found by that spelling, too.
    """

    __slots__ = ("content", "contents", "person", "place", "raw_student", "record", "records", "request", "student")

    def __init__(self, vault: Vault, place: int, raw: IssueRequest) -> None:
        """`place` is its place in the batch."""
        self.place = place
        self.request = request = raw.normalise()
        self.person = request.person()
        self.record = vault.hash_for_lookup("record", request.record)
        self.student = self.raw_student = vault.hash_for_lookup("student", request.student)
        self.content = vault.digest(_encode(request))
        self.records: tuple[bytes, ...] = (self.record,)
        self.contents: tuple[bytes, ...] = (self.content,)
        if request is not raw:
            self.records = self.record, vault.hash_for_lookup("record", raw.record)
            self.raw_student = vault.hash_for_lookup("student", raw.student)
            self.contents = self.content, vault.digest(_encode(raw))

    def find_among(self, known: Mapping[bytes, KnownRecord]) -> KnownRecord | None:
        """Return what the row became; None where it became nothing yet."""
        if (record := known.get(self.record)) is not None:
            return record
        return next((known[record] for record in self.records if record in known), None)


class _HeldRequest(NamedTuple):
    """A request whose student number is known with another person behind it."""

    item: _NewRequest
    known: KnownLearner
    differs: tuple[str, ...]


class _IssuedCredential(NamedTuple):
    """A credential that the rules allow."""

    identifier: str
    item: _NewRequest
    disclosures: list[str]
    credential: Credential
    replacement: Replacement | None


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


def _outcome_of_known(row: _NewRequest, before: KnownRecord, refusals: Refusals) -> Outcome:
    record = row.request.record
    if before.content is not None and (refused := refusals.get(before.credential)) is not None:
        refusal = refuse_missing(refused)
        return NotIssued(record, refusal.code, "record", refusal.explanation, accepted=False)
    if before.content is None:
        return NotIssued(
            record,
            "erased",
            "record",
            "its learner was erased; it is not issued again. Give a new award a row id of its own",
        )
    if before.content not in row.contents:
        return NotIssued(
            record,
            "record-differs",
            "record",
            f"this row became credential {before.credential}, and said something else then; to correct a"
            " credential, issue another that replaces it, with a row id of its own",
        )
    return Issued(record, before.credential, before.learner, unchanged=True)


def _outcome_of_repeated(row: _NewRequest, first: _NewRequest, outcome: Outcome) -> Outcome:
    record = row.request.record
    if row.content != first.content:
        return NotIssued(record, "record-differs", "record", "an earlier row has this id and says something else")
    if isinstance(outcome, Issued):
        return Issued(record, outcome.credential, outcome.learner, unchanged=True)
    return outcome


def _is_uuid(text: str) -> bool:
    return check_uuid(text) is None
