"""Issuing, one credential or a year's: from what a university asks to stored events and sealed claims.

A batch is one transaction: a row of it is wholly there or not at all, wherever the process is killed. A row's
own id is remembered with it, so that the same file taken in again issues what is missing and nothing else.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import structlog
from eventsourcing.persistence import IntegrityError
from psycopg.errors import UniqueViolation

from registry.application import Registry
from registry.domain.aggregate import uuid_of
from registry.domain.credential import Credential
from registry.domain.errors import Duplicate, Refusal, UnknownCredential
from registry.domain.parts import PartsKnown, against, told
from registry.requests import CLAIMS, Issued, IssueRequest, NotIssued, Outcome
from registry.rules.achievements import Achievement as AchievementState
from registry.rules.credentials import Credential as CredentialState
from registry.store import PrivateRows, StaleState, StoredEvent, Together
from registry.vault import Learner, LearnerGone, VaultRows, array, random_id
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import SALT_LENGTH, claims_digests, salts
from registry.wire.forms import check_uuid

_log = structlog.get_logger(__name__)
BATCH: Final = 1000
_TRIES: Final = 5
_CHANGED: Final = (IntegrityError, UniqueViolation, StaleState, LearnerGone)

T = TypeVar("T")
Beside = Callable[[int, Sequence[Outcome]], PrivateRows]
"""Rows to be written with a batch: of the first request's number (from 0), and of what the batch came to."""

_Also = Callable[[Sequence[Outcome]], PrivateRows]


class _Known(NamedTuple):
    content: bytes | None
    """None: its learner was erased, and nothing more is known of it."""
    credential: str
    learner: str


class _Batch(NamedTuple):
    """A batch that is ready to be stored, and what the next one must know of it before it is."""

    outcomes: list[Outcome]
    stored: list[StoredEvent]
    rows: VaultRows
    expected: dict[UUID, int]
    records: dict[bytes, _Known]
    learners: dict[bytes, Learner]
    replaced: dict[str, Credential]


class Issuer:
    """Issues on behalf of one node."""

    def __init__(self, registry: Registry, parts: PartsKnown | None = None) -> None:
        """`parts` is what the views know of parts; without it only the own ones are looked at."""
        self._registry = registry
        self._parts = parts
        self._achievements: dict[str, tuple[int, AchievementState]] = {}

    def issue_all(self, requests: Iterable[IssueRequest], *, beside: Beside | None = None) -> Iterator[Outcome]:
        """Issue in batches, each a transaction; gives every request's outcome, in their order.

        While one batch is being stored the next is made ready. `beside` is asked for rows that are stored with each.
        """
        first = 0
        with _rare_collections(), ThreadPoolExecutor(1, thread_name_prefix="issuing") as storing:
            before: tuple[list[IssueRequest], _Batch, _Also | None, Future[None]] | None = None
            for batch in _batches(requests, BATCH):
                ready = self._prepare(batch, before[1] if before is not None else None)
                if before is not None:
                    outcomes, redone = self._finish(*before)
                    if redone:
                        ready = self._prepare(batch, None)
                    yield from outcomes
                also = None if beside is None else partial(beside, first)
                first += len(batch)
                before = batch, ready, also, storing.submit(self._store, ready, also)
            if before is not None:
                outcomes, _ = self._finish(*before)
                yield from outcomes

    def _finish(
        self, batch: list[IssueRequest], ready: _Batch, also: "_Also | None", stored: "Future[None]"
    ) -> tuple[list[Outcome], bool]:
        """Wait until a batch is stored; whether it had to be made ready anew."""
        try:
            stored.result()
        except _CHANGED:
            return self.issue(batch, also=also), True
        return ready.outcomes, False

    def known(self, record: str) -> str | None:
        """The credential that a record became; None where it became none yet."""
        hashed = self._registry.vault.hashed("record", record)
        found = self._known([hashed]).get(hashed)
        return None if found is None or found.content is None else found.credential

    def adopt(self, student: str, learner: str) -> None:
        """Use the id that a learner brings from another university for their own number here.

        The learner asks for it, and knows that members can then join their records. Raises `Duplicate` where
        this number or this id has been used already.
        """
        vault, registry = self._registry.vault, self._registry
        if registry.erased(learner):
            raise Duplicate("this university erased the learner with that id; nothing can be said of it again")
        adopted = vault.learner_named(learner)
        rows = VaultRows()
        hashed = vault.hashed("student", student)
        person = vault.seal(adopted, "person", {"student": student})
        rows.learner(learner, hashed, vault.wrap(adopted), person)
        try:
            registry.save([], private=rows)
        except (UniqueViolation, IntegrityError) as error:
            raise Duplicate("that number has a learner's id here already, or that id has a number") from error

    def issue(
        self,
        requests: Sequence[IssueRequest],
        *,
        also: "_Also | None" = None,
        despite: Collection[str] = (),
    ) -> list[Outcome]:
        """Issue these in one transaction; one that is refused does not sink the others.

        `despite` are the codes of what may speak against parts and is gone on with knowingly.
        """
        for _ in range(_TRIES):
            ready = self._prepare(requests, None, despite)
            try:
                self._store(ready, also)
            except _CHANGED:
                # Somebody else took in one of these rows or learners just now, or revised an achievement.
                _log.info("issuing.again", requests=len(requests))
            else:
                return ready.outcomes
        raise StaleState("other processes keep changing what is to be issued; let one of them finish")

    def check(self, request: IssueRequest) -> Outcome:
        """What would become of one; nothing is stored."""
        return next(self.check_all([request]))

    def check_all(self, requests: Iterable[IssueRequest]) -> Iterator[Outcome]:
        """What would become of these if they were issued one after another; nothing is stored.

        Of each request two hashes are remembered: one that comes twice is told whether it says the same.
        """
        carried = _Batch([], [], VaultRows(), {}, {}, {}, {})
        with _rare_collections():
            for batch in _batches(requests, BATCH):
                ready = self._prepare(batch, carried)
                carried.records.update((record, _Known(one.content, "", "")) for record, one in ready.records.items())
                carried.replaced.update(ready.replaced)
                yield from ready.outcomes

    def _store(self, ready: _Batch, also: "_Also | None" = None) -> None:
        if also is not None:
            rows = Together([ready.rows, also(ready.outcomes)])
            self._registry.save(ready.stored, private=rows, expected=ready.expected)
        elif ready.stored:
            self._registry.save(ready.stored, private=ready.rows, expected=ready.expected)

    def _prepare(
        self, requests: Sequence[IssueRequest], before: _Batch | None, despite: Collection[str] = ()
    ) -> _Batch:
        vault = self._registry.vault
        hashed = [vault.hashed("record", request.record) for request in requests]
        contents = [vault.digest(msgspec.json.encode(request)) for request in requests]
        known = self._known(hashed) | (before.records if before is not None else {})
        outcomes: dict[int, Outcome] = {}
        fresh: list[_Fresh] = []
        first: dict[bytes, int] = {}
        for place, request in enumerate(requests):
            record, content = hashed[place], contents[place]
            if (seen := known.get(record)) is not None:
                outcomes[place] = _again(request, content, seen)
            elif first.setdefault(record, place) == place:
                fresh.append(_Fresh(place, request, record, content, vault.hashed("student", request.student)))
        ready = self._make(fresh, before, despite)
        outcomes |= ready.made
        for place, request in enumerate(requests):
            if place not in outcomes:  # the same row id twice in one batch
                earlier = first[hashed[place]]
                outcomes[place] = _repeated(request, contents[place], contents[earlier], outcomes[earlier])
        return _Batch(
            [outcomes[place] for place in range(len(requests))],
            ready.stored,
            ready.rows,
            ready.expected,
            ready.records,
            ready.learners,
            ready.replaced,
        )

    def _known(self, hashed: Sequence[bytes]) -> dict[bytes, _Known]:
        rows = self._registry.cursor().execute(
            "SELECT record, content, credential::text, learner::text FROM vault.records"
            " WHERE record = ANY(%(records)s::bytea[])"
            " UNION ALL SELECT record, NULL, NULL, NULL FROM vault.erased WHERE record = ANY(%(records)s::bytea[])",
            {"records": array(hashed)},
        )
        return {row["record"]: _Known(row["content"], row["credential"], row["learner"]) for row in rows}

    def _make(self, fresh: Sequence["_Fresh"], before: _Batch | None, despite: Collection[str]) -> "_Ready":
        registry, vault = self._registry, self._registry.vault
        ready = _Ready({}, [], VaultRows(), {}, {}, {}, {})
        if not fresh:
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
                ready.made[item.place] = NotIssued(item.request.record, "parts-refused", "parts", told(found), found)
                continue
            try:
                credential = Credential.issue(
                    data, state, self._replaced(item.request.replaces, ready.replaced, before)
                )
            except Refusal as refusal:
                ready.made[item.place] = NotIssued(item.request.record, refusal.code, refusal.path, refusal.detail)
                continue
            learners[item.student] = learner
            made.append(_Made(data.credential, item, learner, said, credential))
        # On the log they stand in the order of their random ids: a file's order tells names and ranks.
        made.sort(key=lambda one: one.identifier)
        self._settle(made, written, ready)
        ready.stored.extend(registry.stored(list(ready.replaced.values())))
        return ready

    def _own(self, credential: str) -> CredentialState | None:
        try:
            return self._registry.credential(credential).state
        except UnknownCredential:
            return None

    def _settle(self, made: Sequence["_Made"], written: set[bytes], ready: "_Ready") -> None:
        """Stored events and vault rows of what passes a verifier's reading."""
        registry, vault = self._registry, self._registry.vault
        stored = registry.stored([one.credential for one in made])
        faults = registry.faults(stored)
        new: set[str] = set()
        for number, one in enumerate(made):
            item, learner = one.item, one.learner
            if (fault := faults.get(number)) is not None:
                ready.made[item.place] = NotIssued(item.request.record, fault.code, fault.path, fault.detail)
                continue
            ready.stored.append(stored[number])
            if item.student not in written:
                written.add(item.student)
                person = vault.seal(learner, "person", item.request.person())
                ready.rows.learner(learner.learner, item.student, vault.wrap(learner), person)
                new.add(learner.learner)
            elif learner.learner not in new:
                ready.rows.rests_on(learner.learner)
            sealed = vault.seal(learner, one.identifier, one.disclosures)
            ready.rows.record(item.record, item.content, one.identifier, learner.learner, sealed)
            ready.records[item.record] = _Known(item.content, one.identifier, learner.learner)
            ready.learners[item.student] = learner
            ready.made[item.place] = Issued(item.request.record, one.identifier, learner.learner)

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
        self, credential: str | None, loaded: dict[str, Credential], before: _Batch | None
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


class _Ready(NamedTuple):
    """What the fresh requests of a batch come to."""

    made: dict[int, Outcome]
    stored: list[StoredEvent]
    rows: VaultRows
    expected: dict[UUID, int]
    records: dict[bytes, _Known]
    learners: dict[bytes, Learner]
    replaced: dict[str, Credential]


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


def _again(request: IssueRequest, content: bytes, before: _Known) -> Outcome:
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


@contextmanager
def _rare_collections() -> Iterator[None]:
    """A batch makes tens of thousands of objects, none of them in cycles: look for cycles once a batch or so."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], 50 * BATCH), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
