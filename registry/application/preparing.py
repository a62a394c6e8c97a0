"""Making a batch ready: from what a university asks to the events and vault rows to be stored. Nothing is stored here.

A row's own id is remembered with it: asked again it is the same credential, unless it says something else.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

import msgspec

from registry.application.acceptance import NotAccepted
from registry.application.held_outcomes import held_against_refused, held_outcome
from registry.application.held_rows import HeldRow, HeldRows
from registry.application.records import Known, known_records
from registry.application.refusals import Refusals, builds_on_refused, exists_for_nobody
from registry.application.registry import Registry
from registry.application.replacing import replacement_of
from registry.application.requests import CLAIMS, Issued, IssueRequest, NotIssued, Outcome, Replacement
from registry.domain.aggregate import uuid_of
from registry.domain.credential import Credential
from registry.domain.errors import Refusal, UnknownCredential
from registry.domain.parts import PartChecker, check_parts, list_breaches
from registry.rules.achievements import Achievement as AchievementState
from registry.rules.credentials import Credential as CredentialState
from registry.store.recorder import StoredEvent
from registry.values.persons import completed, contradictions
from registry.vault.vault import KnownLearner, Vault, VaultRows, random_id
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import SALT_LENGTH, claims_digests, salts
from registry.wire.forms import check_uuid

_encode: Final = msgspec.json.Encoder().encode


class Prepared(NamedTuple):
    """A batch that is ready to be stored, and what the next one must know of it before it is."""

    outcomes: list[Outcome]
    stored: list[StoredEvent]
    rows: VaultRows
    expected: dict[UUID, int]
    records: dict[bytes, Known]
    learners: dict[bytes, KnownLearner]
    replaced: dict[str, Credential]
    offered: dict[str, AchievementState]
    """Achievements that would be published by then: a trial has some, and issuing none."""

    @classmethod
    def empty(cls) -> Self:
        """Of no request."""
        return cls([], [], VaultRows(), {}, {}, {}, {}, {})


class Preparer:
    """Makes batches ready for one node. For one thread at a time."""

    def __init__(self, registry: Registry, parts: PartChecker | None) -> None:
        """`parts` is what the views know of parts; without it only the own ones are looked at."""
        self._registry = registry
        self._parts = parts
        self._achievements: dict[str, tuple[int, AchievementState]] = {}
        self._refusals: Refusals = {}
        """What exists for nobody, as of the batch that is made ready."""

    def prepare(
        self, requests: Sequence[IssueRequest], before: Prepared | None, override: Collection[str] = ()
    ) -> Prepared:
        """What these come to; `before` is the batch that may not be stored yet, and comes first.

        Identifiers and names get their one spelling here, whichever way the requests came in.
        """
        vault = self._registry.vault
        rows = [_Row(vault, place, request) for place, request in enumerate(requests)]
        known = known_records(self._registry, [record for row in rows for record in row.records])
        if before is not None and before.records:
            known |= {one: before.records[one] for row in rows for one in row.records if one in before.records}
        self._refusals = self._registry.refusals()
        outcomes: dict[int, Outcome] = {}
        fresh: list[_Row] = []
        first: dict[bytes, int] = {}
        for row in rows:
            if (seen := row.among(known)) is not None:
                outcomes[row.place] = _again(row, seen, self._refusals)
            elif first.setdefault(row.record, row.place) == row.place:
                if (fault := row.request.fault()) is not None:
                    outcomes[row.place] = NotIssued(row.request.record, "invalid", *fault)
                else:
                    fresh.append(row)
        ready = self._make(fresh, before, override, outcomes)
        for row in rows:
            if row.place not in outcomes:  # the same row id twice in one batch
                earlier = rows[first[row.record]]
                outcomes[row.place] = _repeated(row, earlier, outcomes[earlier.place])
        ready.outcomes.extend(outcomes[place] for place in range(len(requests)))
        return ready

    def _make(
        self,
        fresh: Sequence["_Row"],
        before: Prepared | None,
        override: Collection[str],
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
        if before is not None:
            states |= {text: state for text, state in before.offered.items() if text not in states}
        ready.expected.update(expected)
        learners = self._learners(fresh, before)
        stored = dict(learners)
        salt = salts(len(CLAIMS) * len(fresh))
        made: list[_Made] = []
        rows_held: list[_HeldItem] = []
        disclosed = [
            item.request.disclosures(salt, number * len(CLAIMS) * SALT_LENGTH) for number, item in enumerate(fresh)
        ]
        for item, said, claims in zip(fresh, disclosed, claims_digests(disclosed), strict=True):
            stated = item.person
            known = learners.get(item.student)
            if known is None:
                known = KnownLearner(vault.new_learner(), stated)
            elif differs := contradictions(known.person, stated):
                rows_held.append(_HeldItem(item, known, differs))
                continue
            state = states.get(item.request.achievement)
            data = _data(item.request, state, known.learner.learner, claims)
            if data.parts and (found := check_parts(data, registry.member, self._own, self._parts, override)):
                outcomes[item.place] = NotIssued(
                    item.request.record, "parts-refused", "parts", list_breaches(found), found
                )
                continue
            try:
                replaced = self._replaced(item.request.replaces, ready.replaced, before)
                old = None if replaced is None else replaced.state
                credential = Credential.issue(data, state, replaced)
            except Refusal as refusal:
                outcomes[item.place] = NotIssued(item.request.record, refusal.code, refusal.path, refusal.detail)
                continue
            person = completed(known.person, stated)
            learners[item.student] = known if person is known.person else known._replace(person=person)
            replacement = None if old is None else replacement_of(registry, old, data)
            made.append(_Made(data.credential, item, said, credential, replacement))
        # On the log they stand in the order of their random ids: a file's order tells names and ranks.
        made.sort(key=lambda one: one.identifier)
        self._settle(made, learners, stored, ready, outcomes)
        ready.stored.extend(registry.stored(list(ready.replaced.values())))
        self._hold(rows_held, stored, ready, outcomes)
        return ready

    def _hold(
        self,
        rows_held: Sequence["_HeldItem"],
        stored: Mapping[bytes, KnownLearner],
        ready: Prepared,
        outcomes: dict[int, Outcome],
    ) -> None:
        """Keep the rows that are held, as far as the list has room, and say so where it has not."""
        if not rows_held:
            return
        held_rows, records = HeldRows(self._registry), {one.item.record for one in rows_held}
        room, earlier = held_rows.room(records), held_rows.earlier(records)
        for item, known, differs in rows_held:
            learner = stored.get(item.student) or ready.learners.get(item.student)
            if learner is None:
                outcomes[item.place] = held_against_refused(item.request, known, differs)
                continue
            row: HeldRow | None = None
            if room.take(item.record):
                before = earlier.get(item.record)
                row = HeldRow(self._registry.vault, item.record, item.student, known, item.request, before)
                ready.rows.held(row)
            outcomes[item.place] = held_outcome(item.request, known, differs, row)

    def _learners(self, fresh: Sequence["_Row"], before: Prepared | None) -> dict[bytes, KnownLearner]:
        """Return the learners that are known by the rows' numbers, in the spelling that each row's number has now.

        A learner of an earlier version may be known by the spelling that the row was sent with.
        """
        vault = self._registry.vault
        sought = {item.student for item in fresh} | {item.raw_student for item in fresh}
        found = vault.find_known(self._registry.cursor(), sought)
        for item in fresh:
            if before is not None and item.student in before.learners:
                found[item.student] = before.learners[item.student]
            elif item.student not in found and item.raw_student in found:
                item.student = item.raw_student
        return found

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
        self,
        made: Sequence["_Made"],
        learners: Mapping[bytes, KnownLearner],
        known: Mapping[bytes, KnownLearner],
        ready: Prepared,
        outcomes: dict[int, Outcome],
    ) -> None:
        """Stored events and vault rows of what passes a verifier's reading; `known` are learners who have rows."""
        registry, vault = self._registry, self._registry.vault
        events = registry.stored([one.credential for one in made])
        faults = registry.faults(events)
        accepted: list[_Made] = []
        for number, one in enumerate(made):
            item = one.item
            if (fault := faults.get(number)) is not None:
                outcomes[item.place] = NotIssued(item.request.record, fault.code, fault.path, fault.detail)
                continue
            event = events[number]
            if (unknown := builds_on_refused(self._refusals, one.identifier, event.state)) is not None:
                outcomes[item.place] = NotIssued(
                    item.request.record, unknown.code, "achievement", unknown.explanation, accepted=False
                )
                continue
            ready.stored.append(event)
            accepted.append(one)
            learner = learners[item.student].learner
            sealed = vault.seal(learner, one.identifier, one.disclosures)
            ready.rows.record(item.record, item.content, one.identifier, learner.learner, sealed)
            ready.records[item.record] = Known(item.content, one.identifier, learner.learner)
            outcomes[item.place] = Issued(
                item.request.record, one.identifier, learner.learner, replacement=one.replacement
            )
        self._write_learners([one.item for one in accepted], learners, known, ready)

    def _write_learners(
        self,
        items: Sequence["_Row"],
        learners: Mapping[bytes, KnownLearner],
        known: Mapping[bytes, KnownLearner],
        ready: Prepared,
    ) -> None:
        """Write the learners of accepted rows: new ones, and those of whom these rows say more. No other row does."""
        vault = self._registry.vault
        persons: dict[bytes, dict[str, Any]] = {student: one.person for student, one in known.items()}
        for item in sorted(items, key=lambda one: one.place):
            stated = item.person
            persons[item.student] = completed(persons[item.student], stated) if item.student in persons else stated
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


class _Row:
    """A request in its one spelling, with the hashes that it is found by.

    What an earlier version stored was hashed as it was sent: it is found by that spelling, too.
    """

    __slots__ = ("content", "contents", "person", "place", "raw_student", "record", "records", "request", "student")

    def __init__(self, vault: Vault, place: int, raw: IssueRequest) -> None:
        """`place` is its place in the batch."""
        self.place = place
        self.request = request = raw.normalised()
        self.person = request.person()
        self.record = vault.hashed("record", request.record)
        self.student = self.raw_student = vault.hashed("student", request.student)
        self.content = vault.digest(_encode(request))
        self.records: tuple[bytes, ...] = (self.record,)
        self.contents: tuple[bytes, ...] = (self.content,)
        if request is not raw:
            self.records = self.record, vault.hashed("record", raw.record)
            self.raw_student = vault.hashed("student", raw.student)
            self.contents = self.content, vault.digest(_encode(raw))

    def among(self, known: Mapping[bytes, Known]) -> Known | None:
        """Return what the row became; None where it became nothing yet."""
        if (seen := known.get(self.record)) is not None:
            return seen
        return next((known[record] for record in self.records if record in known), None)


class _HeldItem(NamedTuple):
    """A row that is held."""

    item: _Row
    known: KnownLearner
    differs: tuple[str, ...]


class _Made(NamedTuple):
    """A credential that the rules allow."""

    identifier: str
    item: _Row
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


def _again(row: _Row, before: Known, refusals: Refusals) -> Outcome:
    record = row.request.record
    if before.content is not None and (one := refusals.get(before.credential)) is not None:
        nobodys = exists_for_nobody(one)
        return NotIssued(record, nobodys.code, "record", nobodys.explanation, accepted=False)
    if before.content is None:
        return NotIssued(
            record,
            "erased",
            "record",
            "its learner was erased; it is not taken in again. A new award has a row id of its own",
        )
    if before.content not in row.contents:
        return NotIssued(
            record,
            "record-differs",
            "record",
            f"this row became credential {before.credential}, and said something else then; to correct a"
            " credential, issue another that replaces it, under a row id of its own",
        )
    return Issued(record, before.credential, before.learner, unchanged=True)


def _repeated(row: _Row, first: _Row, outcome: Outcome) -> Outcome:
    record = row.request.record
    if row.content != first.content:
        return NotIssued(record, "record-differs", "record", "an earlier row has this id and says something else")
    if isinstance(outcome, Issued):
        return Issued(record, outcome.credential, outcome.learner, unchanged=True)
    return outcome


def _is_uuid(text: str) -> bool:
    return check_uuid(text) is None
