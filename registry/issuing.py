"""Issuing, one credential or a year's: from what a university asks to stored events and sealed claims.

A batch is one transaction: a row of it is wholly there or not at all, wherever the process is killed. A row's
own id is remembered with it, so that the same file taken in again issues what is missing and nothing else.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeVar
from uuid import UUID, uuid4

import msgspec
import structlog
from eventsourcing.persistence import IntegrityError
from psycopg.errors import UniqueViolation

from registry.application import Registry
from registry.domain.aggregate import uuid_of
from registry.domain.credential import Credential
from registry.domain.errors import Refusal
from registry.requests import Issued, IssueRequest, NotIssued, Outcome
from registry.rules.achievements import Achievement as AchievementState
from registry.store import StaleState
from registry.vault import Learner, Vault, VaultRows, array
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import SALT_BYTES, claims_digest, disclosure
from registry.wire.forms import check_uuid

_log = structlog.get_logger(__name__)
BATCH: Final = 1000
_TRIES: Final = 5

T = TypeVar("T")
OnBatch = Callable[[Sequence[Outcome]], None]

_CLAIMS: Final = (
    ("familyName", "family_name"),
    ("givenName", "given_name"),
    ("dateOfBirth", "date_of_birth"),
    ("nationalId", "national_id"),
    ("studentNumber", "student"),
    ("grade", "grade"),
    ("originalGrade", "original_grade"),
    ("note", "note"),
)


class _Known(NamedTuple):
    content: bytes
    credential: str
    learner: str


class Issuer:
    """Issues on behalf of one node."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._achievements: dict[str, tuple[int, AchievementState]] = {}

    def issue_all(self, requests: Iterable[IssueRequest], *, on_batch: OnBatch | None = None) -> Iterator[Outcome]:
        """Issue in batches, each a transaction; gives every request's outcome, in their order."""
        for batch in _batches(requests, BATCH):
            outcomes = self.issue(batch)
            if on_batch is not None:
                on_batch(outcomes)
            yield from outcomes

    def issue(self, requests: Sequence[IssueRequest]) -> list[Outcome]:
        """Issue these in one transaction; one that is refused does not sink the others."""
        for _ in range(_TRIES):
            try:
                return self._issue(requests)
            except (IntegrityError, UniqueViolation, StaleState):
                # Somebody else took in one of these rows or learners just now, or revised an achievement.
                _log.info("issuing.again", requests=len(requests))
        raise StaleState("other processes keep changing what is to be issued; let one of them finish")

    def _issue(self, requests: Sequence[IssueRequest]) -> list[Outcome]:
        vault = self._registry.vault
        hashed = [vault.hashed("record", request.record) for request in requests]
        contents = [vault.digest(msgspec.json.encode(request)) for request in requests]
        known = self._known(hashed)
        outcomes: dict[int, Outcome] = {}
        fresh: list[int] = []
        first: dict[bytes, int] = {}
        for place, request in enumerate(requests):
            if (before := known.get(hashed[place])) is not None:
                outcomes[place] = _again(request, contents[place], before)
            elif first.setdefault(hashed[place], place) != place:
                continue  # the same row twice in one batch: answered below
            else:
                fresh.append(place)
        outcomes |= self._store([(place, requests[place], hashed[place], contents[place]) for place in fresh])
        for place, request in enumerate(requests):
            if place not in outcomes:
                outcomes[place] = _repeated(
                    request, contents[place], contents[first[hashed[place]]], outcomes[first[hashed[place]]]
                )
        return [outcomes[place] for place in range(len(requests))]

    def _known(self, hashed: Sequence[bytes]) -> dict[bytes, _Known]:
        rows = self._registry.cursor().execute(
            "SELECT record, content, credential::text, learner::text FROM vault.records"
            " WHERE record = ANY(%s::bytea[])",
            (array(hashed),),
        )
        return {row["record"]: _Known(row["content"], row["credential"], row["learner"]) for row in rows}

    def _store(self, fresh: Sequence[tuple[int, IssueRequest, bytes, bytes]]) -> dict[int, Outcome]:
        if not fresh:
            return {}
        registry, vault = self._registry, self._registry.vault
        states, expected = self._states({request.achievement for _, request, _, _ in fresh})
        students = [vault.hashed("student", request.student) for _, request, _, _ in fresh]
        known = vault.find(registry.cursor(), set(students))
        learners = dict(known)
        salts = os.urandom(SALT_BYTES * len(_CLAIMS) * len(fresh))
        replaced: dict[str, Credential] = {}
        outcomes: dict[int, Outcome] = {}
        made: list[_Made] = []
        for number, ((place, request, record, content), student) in enumerate(zip(fresh, students, strict=True)):
            learner = learners.get(student) or vault.new_learner()
            said = _disclosures(request, salts, number * len(_CLAIMS) * SALT_BYTES)
            state = states.get(request.achievement)
            data = _data(request, state, learner.learner, claims_digest(said))
            try:
                credential = Credential.issue(data, state, self._replaced(request.replaces, replaced))
            except Refusal as refusal:
                outcomes[place] = NotIssued(request.record, refusal.code, refusal.path, refusal.detail)
                continue
            learners[student] = learner
            made.append(_Made(data.credential, place, request, record, content, student, learner, said, credential))
        # On the log they stand in the order of their random ids: a file's order tells names and ranks.
        made.sort(key=lambda item: item.identifier)
        return outcomes | self._save(made, known, list(replaced.values()), expected)

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

    def _replaced(self, credential: str | None, loaded: dict[str, Credential]) -> Credential | None:
        if credential is None:
            return None
        if credential not in loaded:
            loaded[credential] = self._registry.credential(credential)
        return loaded[credential]

    def _save(
        self,
        made: Sequence["_Made"],
        known: Mapping[bytes, Learner],
        replaced: Sequence[Credential],
        expected: dict[UUID, int],
    ) -> dict[int, Outcome]:
        registry = self._registry
        stored = registry.stored([item.credential for item in made])
        outcomes: dict[int, Outcome] = {}
        faults = registry.faults(stored)
        rows = _Rows(registry.vault, known)
        for number, item in enumerate(made):
            if (fault := faults.get(number)) is not None:
                outcomes[item.place] = NotIssued(item.request.record, fault.code, fault.path, fault.detail)
            else:
                rows.add(item)
                outcomes[item.place] = Issued(item.request.record, item.identifier, item.learner.learner)
        good = [event for number, event in enumerate(stored) if number not in faults]
        if good:
            registry.save([*good, *registry.stored(replaced)], private=rows.rows, expected=expected)
        return outcomes


class _Made(NamedTuple):
    identifier: str
    place: int
    request: IssueRequest
    record: bytes
    content: bytes
    student: bytes
    learner: Learner
    disclosures: list[str]
    credential: Credential


class _Rows:
    """What of a batch goes to the vault."""

    def __init__(self, vault: Vault, known: Mapping[bytes, Learner]) -> None:
        self.rows = VaultRows()
        self._vault = vault
        self._known = set(known)

    def add(self, item: _Made) -> None:
        vault, learner, request = self._vault, item.learner, item.request
        if item.student not in self._known:
            self._known.add(item.student)
            person = {
                "student": request.student,
                "familyName": request.family_name,
                "givenName": request.given_name,
                "dateOfBirth": request.date_of_birth,
            }
            sealed = vault.seal(learner, "person", person)
            self.rows.learner(learner.learner, item.student, vault.wrap(learner), sealed)
        self.rows.record(item.record, item.content, item.identifier, learner.learner)
        claims = vault.seal(learner, item.identifier, item.disclosures)
        self.rows.disclosures(item.identifier, learner.learner, claims)


def _data(request: IssueRequest, state: AchievementState | None, learner: str, claims: str) -> CredentialIssued:
    version = request.version
    if version is None:
        version = state.version if state is not None else 1
    known = state is not None and 1 <= version <= state.version
    return CredentialIssued(
        str(uuid4()),
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


def _disclosures(request: IssueRequest, salts: bytes, at: int) -> list[str]:
    said = []
    for name, field in _CLAIMS:
        if (value := getattr(request, field)) is not None:
            said.append(disclosure(salts[at : at + SALT_BYTES], name, value))
            at += SALT_BYTES
    return said


def _again(request: IssueRequest, content: bytes, before: _Known) -> Outcome:
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


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
