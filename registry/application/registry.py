"""What a node does: the use cases, on `eventsourcing` and PostgreSQL.

A command asks the domain, which asks the rules; what it leads to is stored in one transaction, personal data
included, and published by somebody else. Before anything is stored it is read as a verifier will read it, so
that nothing is ever published which the consortium would refuse for its form.
"""

import copy
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, Final, Self

import msgspec
import psycopg
import structlog
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.persistence import IntegrityError, OperationalError
from psycopg import Cursor
from psycopg.errors import SerializationFailure
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from registry.application.acceptance import Acceptance, NotAccepted
from registry.application.achievement_content import refuse_faulty
from registry.application.refusals import FindRefusals, builds_on_refused
from registry.application.status_notes import NoteRow, note_row
from registry.application.transaction import Transaction, TransactionOpen
from registry.domain.achievement import Achievement, Joining
from registry.domain.aggregate import MemberAggregate, uuid_of
from registry.domain.case import Case
from registry.domain.case_errors import UnknownCase
from registry.domain.credential import Credential
from registry.domain.errors import (
    Duplicate,
    InvalidEvent,
    UnknownAchievement,
    UnknownAgreement,
    UnknownAssessment,
    UnknownCredential,
    UnknownDecision,
)
from registry.domain.learner import Erasure
from registry.domain.recognition import Agreement, Assessment, Decision
from registry.domain.sealing import Sealing
from registry.log import LogError
from registry.observability import guarded
from registry.store.recorder import KeysReplaced, PrivateRecorder, StoredEvent, TransactionalRows, opened
from registry.store.translation import PUBLISHED, Stored, Translator
from registry.vault.key_replacement import ErasedRows, KeyReplacement, settle
from registry.vault.vault import HiddenBasis, Learner, Vault
from registry.wire.achievements import AchievementContent, AchievementJoined
from registry.wire.commit import MAX_EVENT
from registry.wire.credentials import StatusReason, StatusSealed
from registry.wire.events import Reader, Refused, Skipped
from registry.wire.recognition import (
    AgreementDeclared,
    RecognitionAssessed,
    RecognitionDecided,
    WithdrawalReason,
)

_log = structlog.get_logger(__name__)
EVENTS_TABLE: Final = "registry_events"


_WAITING: Final = f"""
WITH done AS (SELECT coalesce(max(size), 0) AS size, coalesce(max(last), 0) AS last FROM publisher.commits),
held AS (SELECT notification, aggregate, topic FROM publisher.held WHERE size IS NULL),
staying AS (SELECT aggregate, min(notification) AS first FROM held WHERE topic = ANY(%(refused)s) GROUP BY aggregate)
SELECT done.size + (
    SELECT count(*) FROM held
    WHERE NOT EXISTS (SELECT FROM staying s WHERE s.aggregate = held.aggregate AND s.first <= held.notification)
) + (
    SELECT count(*) FROM {EVENTS_TABLE} WHERE notification_id > done.last AND topic = ANY(%(published)s)
    AND NOT EXISTS (SELECT FROM publisher.held h WHERE h.notification = notification_id)
    AND NOT EXISTS (SELECT FROM staying s WHERE s.aggregate = originator_id::text)
) AS size
FROM done
"""  # noqa: S608 - a name of our own


class Registry:
    """One node's private side."""

    def __init__(
        self,
        dsn: str,
        origin: str,
        vault: Vault,
        acceptance: Acceptance | None = None,
        find_refusals: FindRefusals = dict,
        on_stored: Callable[[Sequence[StoredEvent]], None] = lambda _: None,
    ) -> None:
        """`dsn` is the node's database; missing tables are created.

        `acceptance` answers whether consumers would accept what is about to be stored; None: nobody is asked.
        `find_refusals` finds what was published and the log refused. `on_stored` receives events that were stored.
        """
        self.refusals = find_refusals
        self._on_stored = guarded(on_stored)
        self.dsn = dsn
        self._acceptance = acceptance
        self.origin = origin
        self.vault = vault
        self.connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self.store = opened(self.connection, dsn)
        try:
            settle(self.connection, vault)
        except BaseException:  # whatever it was, the connections are closed
            self.close()
            raise
        recorder = self.store.recorder
        if not isinstance(recorder, PrivateRecorder):
            raise TypeError("the store has no recorder of ours")
        self.recorder = recorder
        self.mapper = self.store.mapper
        self._translator = Translator(origin)
        self._open = threading.local()
        self._reader = Reader(origin)

    @property
    def published_topics(self) -> frozenset[str]:
        """The stored events that are published; others, as a case's, stay here."""
        return self._translator.published

    @property
    def member(self) -> str:
        """The member whose node it is."""
        return self.origin.partition("/")[2]

    def cursor(self) -> Cursor[DictRow]:
        """For reading the vault. A connection that was lost, as when the server was restarted, is made again."""
        try:
            ConnectionPool.check_connection(self.connection)
        except psycopg.OperationalError:
            self.connection.close()
            self.connection = psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row)
        return self.connection.cursor()

    def on_connection(self, connection: psycopg.Connection[DictRow]) -> "Registry":
        """Return this registry for one read, on a connection of the caller's: it shares all else, and is not closed."""
        reader = copy.copy(self)
        reader.connection = connection
        return reader

    def close(self) -> None:
        """Close all connections."""
        self.store.close()
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Storing

    def stored(self, things: Sequence[MemberAggregate]) -> list[StoredEvent]:
        """The new events of aggregates, to be saved. Each aggregate gives them once."""
        return [self.mapper.to_stored_event(event) for thing in things for event in thing.collect_events()]

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a transaction, whose `commit` the caller calls.

        Raises `TransactionOpen` where this thread has one open: what belongs to that one is added to it.
        """
        if getattr(self._open, "transaction", None) is not None:
            raise TransactionOpen("this thread has a transaction open; pass it on, and add to it")
        begun = self._open.transaction = Transaction(self.stored, self._check_events, self._store)
        try:
            yield begun
        finally:
            begun.end()
            self._open.transaction = None

    @contextmanager
    def joined(self, transaction: Transaction | None) -> Iterator[Transaction]:
        """Add to the caller's transaction; without one, begin a transaction and commit it at the end."""
        if transaction is not None:
            yield transaction
            return
        with self.transaction() as own:
            yield own
            own.commit()

    def store_rows(self, *rows: TransactionalRows) -> None:
        """Store rows in a transaction of their own."""
        with self.transaction() as transaction:
            transaction.add(*rows)
            transaction.commit()

    def _store(self, transaction: Transaction) -> None:
        """Write a transaction. Raises `KeysReplaced` where somebody else replaced keys of the vault just then."""
        rows: Sequence[TransactionalRows] = transaction.rows
        if transaction.erased is not None:
            rows = [KeyReplacement(self.vault, transaction.erased, rows)]
        try:
            self.recorder.insert_events(transaction.events, rows=rows, expected=transaction.expected)
        except IntegrityError as error:
            raise transaction.conflict from error
        except OperationalError as error:
            if not isinstance(error.__cause__, SerializationFailure):
                raise
            self.settle_keys()
            raise KeysReplaced("a learner was erased just now, and keys were replaced; send it again") from error
        finally:
            if transaction.erased is not None:
                self.settle_keys()
        self._on_stored(transaction.events)

    def settle_keys(self) -> None:
        """Complete or undo a replacement of the vault's keys, where one was broken off."""
        self.cursor()  # the connection is there
        settle(self.connection, self.vault)

    def published_size(self) -> int:
        """The size of this member's log up to the newest commit that this node has written down to sign."""
        row = self.cursor().execute("SELECT coalesce(max(size), 0) AS size FROM publisher.commits").fetchone()
        assert row is not None  # noqa: S101 - an aggregate gives a row
        return int(row["size"])

    def check_accepted(self, event_types: Collection[str]) -> None:
        """Raise `NotAccepted` where consumers would refuse events of these types as things are now."""
        if self._acceptance is None or not event_types:
            return
        try:
            self._acceptance.check_events(event_types)
        except NotAccepted as refused:
            raise NotAccepted(refused.code, refused.detail, f"Nothing was stored. {refused.remedy}") from None

    def size_when_published(self) -> int:
        """The size that this member's log will have when all that can be published now is on it.

        Events that are held back (publishing/drafts.py) do not count while consumers would refuse them: nobody waits
        for them.
        """
        cursor = self.cursor()
        held = [
            str(row["topic"])
            for row in cursor.execute("SELECT DISTINCT topic FROM publisher.held WHERE size IS NULL").fetchall()
        ]
        values = {"published": list(self._translator.published), "refused": [t for t in held if self._is_refused(t)]}
        row = cursor.execute(_WAITING, values).fetchone()
        assert row is not None  # noqa: S101 - an aggregate gives a row
        return int(row["size"])

    def _is_refused(self, topic: str) -> bool:
        """Whether an event of this topic that is held back stays so; yes where that cannot be told now."""
        if self._acceptance is None:
            return False
        try:
            self._acceptance.check_events(self._translator.types([topic]), self.published_size())
        except (NotAccepted, LogError):
            return True
        return False

    def faults(self, stored: Sequence[StoredEvent]) -> dict[int, Refused]:
        """What a verifier would refuse of these events for their form, by their place in the list."""
        places, lines = [], []
        for place, event in enumerate(stored):
            line = self._translator.line(
                Stored(str(event.originator_id), event.originator_version, event.topic, event.state)
            )
            if line is not None:
                places.append(place)
                lines.append(line)
        found: dict[int, Refused] = {}
        for place, line, read in zip(places, lines, self._reader.decode_lines(lines), strict=True):
            if len(line) > MAX_EVENT:
                found[place] = Refused("schema", "$", f"{len(line):,} bytes, {MAX_EVENT:,} at most")
            elif isinstance(read, Refused):
                found[place] = read
            elif isinstance(read, Skipped):
                found[place] = Refused("schema", "$.type", f"{read.type} is no event of this log")
        return found

    def check(self, *things: MemberAggregate) -> list[StoredEvent]:
        """Read the new events of aggregates as a verifier would; store nothing, and return them.

        Raises `NotAccepted` where consumers would refuse them as things are now, `InvalidEvent` for their form.
        """
        stored = self.stored(things)
        self._check_events(stored)
        return stored

    def _check_events(self, events: Sequence[StoredEvent]) -> None:
        if not events:
            return
        self.check_accepted(self._translator.types(event.topic for event in events))
        refusals = self.refusals()
        for event in events:
            if event.topic in PUBLISHED:
                unknown = builds_on_refused(refusals, str(event.originator_id), event.state)
                if unknown is not None:
                    raise unknown
        for refused in self.faults(events).values():
            raise InvalidEvent(refused.code, refused.path, refused.detail)

    def _save(self, transaction: Transaction | None, *things: MemberAggregate) -> None:
        """Save aggregates in the caller's transaction, or in one of their own."""
        with self.joined(transaction) as joined:
            joined.save(*things)

    def _get(self, kind: type[Any], identifier: str, unknown: type[Exception]) -> Any:  # noqa: ANN401 - of that kind
        try:
            found: Any = self.store.repository.get(uuid_of(identifier))
        except (AggregateNotFoundError, ValueError) as error:
            raise unknown(f"there is no {kind.__name__.lower()} {identifier} here") from error
        if not isinstance(found, kind):
            raise unknown(f"{identifier} is no {kind.__name__.lower()}")
        return found

    # Achievements

    def publish_achievement(
        self, content: AchievementContent, *, keep_text: Collection[str] = (), transaction: Transaction | None = None
    ) -> None:
        """Offer a new achievement (version 1). Raises `FaultyContent` with all that is wrong with it.

        `keep_text` are the fields whose texts are meant though they look broken.
        """
        refuse_faulty(content, self.member, self.newest_version, keep_text)
        self._save(transaction, Achievement.publish(content))

    def check_achievement(self, content: AchievementContent, *, keep_text: Collection[str] = ()) -> None:
        """Check that a new achievement could be published; store nothing. Raises what `publish_achievement` raises."""
        refuse_faulty(content, self.member, self.newest_version, keep_text)
        self.check(Achievement.publish(content))
        if self._stored(content.achievement):
            raise Duplicate(f"there is an achievement {content.achievement} already", "$.achievement")

    def check_revision(self, content: AchievementContent, *, keep_text: Collection[str] = ()) -> None:
        """Check that the next version could be published; store nothing. Raises what `revise_achievement` raises."""
        refuse_faulty(content, self.member, self.newest_version, keep_text)
        found: Achievement = self._get(Achievement, content.achievement, UnknownAchievement)
        found.revise(content)
        self.check(found)

    def newest_version(self, achievement: str) -> int | None:
        """Return the newest version of an own achievement; None where there is none of that id."""
        try:
            return self.achievement(achievement).state.version
        except UnknownAchievement:
            return None

    def _stored(self, identifier: str) -> bool:
        with self.recorder.datastore.get_connection() as connection, connection.cursor() as cursor:
            return bool(self.recorder.versions(cursor, [uuid_of(identifier)]))

    def revise_achievement(
        self, content: AchievementContent, *, keep_text: Collection[str] = (), transaction: Transaction | None = None
    ) -> None:
        """Offer the next version, whole. Raises `FaultyContent` with all that is wrong with it."""
        refuse_faulty(content, self.member, self.newest_version, keep_text)
        found: Achievement = self._get(Achievement, content.achievement, UnknownAchievement)
        found.revise(content)
        self._save(transaction, found)

    def retire_achievement(self, achievement: str, transaction: Transaction | None = None) -> None:
        """Stop offering it."""
        found: Achievement = self._get(Achievement, achievement, UnknownAchievement)
        found.retire()
        self._save(transaction, found)

    def join_achievement(self, data: AchievementJoined, transaction: Transaction | None = None) -> None:
        """Award another member's achievement together with it."""
        self._save(transaction, Joining.join(data))

    def achievement(self, achievement: str) -> Achievement:
        """An own achievement."""
        found: Achievement = self._get(Achievement, achievement, UnknownAchievement)
        return found

    def achievements(self) -> list[Achievement]:
        """All own achievements, first published first."""
        rows = self.cursor().execute(
            f"SELECT originator_id FROM {EVENTS_TABLE} WHERE topic = %s ORDER BY notification_id",  # noqa: S608 - a name of our own
            (Achievement.Published.TOPIC,),
        )
        return [self.achievement(str(row["originator_id"])) for row in rows.fetchall()]

    # Credentials; issuing stands in issuing.py

    def credential(self, credential: str) -> Credential:
        """An own credential."""
        found: Credential = self._get(Credential, credential, UnknownCredential)
        return found

    def change(
        self,
        credential: str,
        act: Callable[[Credential], None],
        *,
        change: str = "",
        note: str = "",
        transaction: Transaction | None = None,
    ) -> None:
        """Let something become of an own credential. Raises a refusal.

        `note` is the university's own words about it, kept under the learner's key; `change` is the change's name.
        """
        found = self.credential(credential)
        act(found)
        rows = [self.note_row(found, change, note)] if note else []
        with self.joined(transaction) as joined:
            joined.save(found)
            joined.add(*rows)

    def note_row(self, credential: Credential, change: str, note: str) -> NoteRow:
        """Return the row that keeps a note with the last change of a credential. Raises `NoteForNobody`."""
        return note_row(
            self.vault, self.cursor(), credential.state.learner, str(credential.id), credential.version, change, note
        )

    def suspend(
        self, credential: str, reason: StatusReason, note: str = "", transaction: Transaction | None = None
    ) -> None:
        """Let a credential not count for now."""
        self.change(
            credential, lambda found: found.suspend(reason), change="suspend", note=note, transaction=transaction
        )

    def reinstate(self, credential: str, note: str = "", transaction: Transaction | None = None) -> None:
        """Let it count again."""
        self.change(credential, lambda found: found.reinstate(), change="reinstate", note=note, transaction=transaction)

    def revoke(
        self, credential: str, reason: StatusReason, note: str = "", transaction: Transaction | None = None
    ) -> None:
        """Take it back for good."""
        self.change(credential, lambda found: found.revoke(reason), change="revoke", note=note, transaction=transaction)

    # Learners; what else goes with them stands in learners/erasure.py

    def erased(self, learner: str) -> bool:
        """Whether this university has said that it erased this learner."""
        identifier = Erasure.id_of(learner)
        with self.recorder.datastore.get_connection() as connection, connection.cursor() as cursor:
            return bool(self.recorder.versions(cursor, [identifier]))

    def erased_on(self, learner: str) -> date | None:
        """Return the day (UTC) on which this university said that it erased this learner; None where it did not."""
        try:
            said: Erasure = self.store.repository.get(Erasure.id_of(learner))
        except AggregateNotFoundError:
            return None
        return said.created_on.date()

    def erase(
        self,
        learners: Sequence[str],
        rows: ErasedRows,
        *,
        again: bool = False,
        transaction: Transaction | None = None,
    ) -> None:
        """Say that these learners are erased, and delete the rows in the same transaction. Raises `Duplicate`.

        The keys that protected the rows are replaced, so that nothing opens what stands on old pages of the database.
        `again`: say it once more of those of whom it was said before; else it is not repeated.
        """
        erasures = []
        for learner in learners:
            if not self.erased(learner):
                erasures.append(Erasure.erase(learner))
            elif again:
                erasure: Erasure = self.store.repository.get(Erasure.id_of(learner))
                erasure.announce_again()
                erasures.append(erasure)
        with self.joined(transaction) as joined:
            joined.save(*erasures)
            joined.erase(rows)

    # Recognition

    def decide(
        self,
        data: RecognitionDecided,
        disclosure: str | Sequence[str] | None = None,
        *,
        learner: Learner | None = None,
        transaction: Transaction | None = None,
    ) -> None:
        """Record a decision, and what it supersedes.

        `disclosure` is what its `credentialDigest` stands for, one for each where it has several; it goes to the
        vault in the same transaction, under the key of `learner` where the decision is made in a case.
        """
        superseded: Decision | None = None
        if data.supersedes is not None:
            superseded = self._get(Decision, data.supersedes, UnknownDecision)
        decided = Decision.decide(data, superseded)
        with self.joined(transaction) as joined:
            joined.save(decided)
            if superseded is not None:
                joined.save(superseded)
            if disclosure:
                disclosures = [disclosure] if isinstance(disclosure, str) else disclosure
                joined.add(HiddenBasis(self.vault, data.decision, disclosures, learner))

    def check_decision(self, data: RecognitionDecided) -> None:
        """Read a decision's form as a verifier would, and store nothing. Raises `InvalidEvent`.

        Whether consumers would accept it is asked when it is made: a proposal may be made meanwhile.
        """
        unstored = self.stored([Decision.decide(msgspec.structs.replace(data, supersedes=None), None)])
        for refused in self.faults(unstored).values():
            raise InvalidEvent(refused.code, refused.path, refused.detail)

    def withdraw_decision(
        self, decision: str, reason: WithdrawalReason, transaction: Transaction | None = None
    ) -> None:
        """Take a decision back."""
        found: Decision = self._get(Decision, decision, UnknownDecision)
        found.withdraw(reason)
        self._save(transaction, found)

    def decision(self, decision: str) -> Decision:
        """An own decision."""
        found: Decision = self._get(Decision, decision, UnknownDecision)
        return found

    def case(self, case: str) -> Case:
        """A case of this office's."""
        found: Case = self._get(Case, case, UnknownCase)
        return found

    def assess(self, data: RecognitionAssessed, transaction: Transaction | None = None) -> None:
        """State an assessment of an achievement."""
        self._save(transaction, Assessment.assess(data))

    def assessment(self, assessment: str) -> Assessment:
        """An own assessment."""
        found: Assessment = self._get(Assessment, assessment, UnknownAssessment)
        return found

    def withdraw_assessment(
        self, assessment: str, reason: WithdrawalReason, transaction: Transaction | None = None
    ) -> None:
        """Take an assessment back."""
        found: Assessment = self._get(Assessment, assessment, UnknownAssessment)
        found.withdraw(reason)
        self._save(transaction, found)

    def declare_agreement(self, data: AgreementDeclared, transaction: Transaction | None = None) -> None:
        """Declare automatic recognition."""
        self._save(transaction, Agreement.declare(data))

    def withdraw_agreement(self, agreement: str, withdrawn_from: str, transaction: Transaction | None = None) -> None:
        """End it from a day on."""
        found: Agreement = self._get(Agreement, agreement, UnknownAgreement)
        found.withdraw(withdrawn_from)
        self._save(transaction, found)

    def seal(self, data: StatusSealed, transaction: Transaction | None = None) -> None:
        """Say which own credentials are not active below a size. Raises `Duplicate` where that size is sealed."""
        self._save(transaction, Sealing.seal(data))
