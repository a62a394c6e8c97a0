"""The new rows of one batch: each becomes a credential with its rows of the vault, is held, or is refused."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from registry.application.held_outcomes import build_conflict_outcome, build_held_outcome
from registry.application.held_row import HeldRow
from registry.application.held_rows import HeldRows
from registry.application.new_request import NewRequest
from registry.application.prepared_batch import EarlierBatches, PreparedBatch
from registry.application.records import KnownRecord
from registry.application.refusals import Refusals, find_refused_basis
from registry.application.registry import Registry
from registry.application.replacing import describe_replacement
from registry.application.requests import CLAIMS, Issued, NotIssued, Outcome, Replacement
from registry.application.restricted import find_restricted
from registry.domain.credential import Credential
from registry.domain.errors import Refusal, UnknownCredential
from registry.domain.parts import PartChecker, check_parts, list_breaches
from registry.rules.achievements import Achievement as AchievementState
from registry.rules.credentials import Credential as CredentialState
from registry.values.persons import complete_person, contradictions
from registry.vault.openings import no_openings
from registry.vault.vault import KnownLearner
from registry.wire.disclosures import SALT_LENGTH, claims_digests, salts


class NewRows:
    """Builds the new rows of one batch."""

    def __init__(
        self,
        registry: Registry,
        parts: PartChecker | None,
        override: Collection[str],
        refusals: Refusals,
        before: EarlierBatches | None,
        outcomes: dict[int, Outcome],
    ) -> None:
        """Add the outcome of each row to `outcomes`, by its place. The others are as `BatchBuilder.prepare` has them.

        `refusals` is what the log refused of this member.
        """
        self._registry = registry
        self._vault = registry.vault
        self._parts = parts
        self._override = override
        self._refusals = refusals
        self._before = before
        self._outcomes = outcomes
        self._batch = PreparedBatch.empty()
        self._stored: dict[bytes, KnownLearner] = {}
        """Learners who have a row in the vault, or will have one from the batch before."""
        self._learners: dict[bytes, KnownLearner] = {}
        """These, and the learners of this batch's credentials, as the rows complete them."""
        self._restricted: set[str] = set()
        """Learners to whom nothing new is issued: the use of their data is restricted."""
        self._issued: list[_NewCredential] = []
        self._held: list[_HeldRequest] = []

    def build(self, rows: Sequence[NewRequest], states: Mapping[str, AchievementState]) -> PreparedBatch:
        """Return the batch of these rows. `states` are those of their achievements."""
        self._stored = self._find_learners(rows)
        self._learners = dict(self._stored)
        salt = salts(len(CLAIMS) * len(rows))
        disclosed = [
            row.request.disclosures(salt, number * len(CLAIMS) * SALT_LENGTH) for number, row in enumerate(rows)
        ]
        for row, disclosures, claims in zip(rows, disclosed, claims_digests(disclosed), strict=True):
            self._decide(row, states.get(row.request.achievement), disclosures, claims)
        # On the log they are in the order of their random ids: the order of a file would reveal names and ranks.
        self._issued.sort(key=lambda credential: credential.identifier)
        self._add_credentials()
        self._batch.stored.extend(self._registry.collect_events(list(self._batch.replaced.values())))
        self._add_held()
        return self._batch

    def _find_learners(self, rows: Sequence[NewRequest]) -> dict[bytes, KnownLearner]:
        """Return the learners to whom the rows' numbers lead, by the hash of the normalised number.

        An earlier version hashed numbers as they were sent, so a learner is also looked up by that hash.
        """
        numbers = {row.student for row in rows} | {row.raw_student for row in rows}
        with no_openings():  # the rows are compared with them; nobody sees them
            learners = self._vault.find_learners(self._registry.cursor(), numbers)
        self._restricted = find_restricted(
            self._registry.cursor(), {each.learner.learner for each in learners.values()}
        )
        if self._before is not None:
            learners |= self._before.find_learners({row.student for row in rows})
        for row in rows:
            if row.student not in learners and row.raw_student in learners:
                row.student = row.raw_student
        return learners

    def _decide(self, row: NewRequest, state: AchievementState | None, disclosures: list[str], claims: str) -> None:
        """Make the row's credential, hold the row, or refuse it. `state` is of its achievement."""
        learner = self._learners.get(row.student)
        if learner is None:
            learner = KnownLearner(self._vault.new_learner(), row.person)
        elif learner.learner.learner in self._restricted and row.request.replaces is None:  # a correction goes on
            self._outcomes[row.place] = NotIssued(
                row.request.record, "restricted", "student", "the use of this learner's data is restricted for now"
            )
            return
        elif differs := contradictions(learner.person, row.person):
            self._held.append(_HeldRequest(row, learner, differs))
            return
        data = row.describe_credential(state, learner.learner.learner, claims)
        if data.parts and (
            breaches := check_parts(data, self._registry.member, self._own_state, self._parts, self._override)
        ):
            self._outcomes[row.place] = NotIssued(
                row.request.record, "parts-refused", "parts", list_breaches(breaches), breaches
            )
            return
        try:
            replaced = self._load_replaced(row.request.replaces)
            old = None if replaced is None else replaced.state
            credential = Credential.issue(data, state, replaced)
        except Refusal as refusal:
            self._outcomes[row.place] = NotIssued(row.request.record, refusal.code, refusal.path, refusal.detail)
            return
        person = complete_person(learner.person, row.person)
        self._learners[row.student] = learner if person is learner.person else learner._replace(person=person)
        replacement = None if old is None else describe_replacement(self._registry, old, data)
        self._issued.append(_NewCredential(data.credential, row, disclosures, credential, replacement))

    def _own_state(self, credential: str) -> CredentialState | None:
        try:
            return self._registry.credentials.get(credential).state
        except UnknownCredential:
            return None

    def _load_replaced(self, credential: str | None) -> Credential | None:
        if credential is None:
            return None
        if self._before is not None and credential in self._before.replaced:
            return self._before.replaced[credential]
        loaded = self._batch.replaced
        if credential not in loaded:
            loaded[credential] = self._registry.credentials.get(credential)
        return loaded[credential]

    def _add_credentials(self) -> None:
        """Add the events and vault rows of the credentials that pass a verifier's checks to the batch."""
        registry, batch, outcomes = self._registry, self._batch, self._outcomes
        events = registry.collect_events([new.credential for new in self._issued])
        faults = registry.checker.find_faults(events)
        accepted: list[NewRequest] = []
        for number, new in enumerate(self._issued):
            row, event = new.row, events[number]
            if (fault := faults.get(number)) is not None:
                outcomes[row.place] = NotIssued(row.request.record, fault.code, fault.path, fault.detail)
                continue
            if (refusal := find_refused_basis(self._refusals, new.identifier, event.state)) is not None:
                outcomes[row.place] = NotIssued(
                    row.request.record, refusal.code, "achievement", refusal.explanation, accepted=False
                )
                continue
            batch.stored.append(event)
            accepted.append(row)
            learner = self._learners[row.student].learner
            sealed = self._vault.seal(learner, new.identifier, new.disclosures)
            batch.rows.add_record(row.record, row.content, new.identifier, learner.learner, sealed)
            batch.records[row.record] = KnownRecord(row.content, new.identifier, learner.learner)
            outcomes[row.place] = Issued(
                row.request.record, new.identifier, learner.learner, replacement=new.replacement
            )
        self._add_learners(accepted)

    def _add_learners(self, accepted: Sequence[NewRequest]) -> None:
        """Add the rows of new learners, and of learners of whom the accepted rows say more than the vault.

        Rows that are not accepted change no learner.
        """
        vault, batch = self._vault, self._batch
        persons: dict[bytes, dict[str, Any]] = {student: stored.person for student, stored in self._stored.items()}
        for row in sorted(accepted, key=lambda row: row.place):
            persons[row.student] = (
                complete_person(persons[row.student], row.person) if row.student in persons else row.person
            )
        for student in {row.student for row in accepted}:
            learner, person, stored = self._learners[student].learner, persons[student], self._stored.get(student)
            if stored is not None and person is stored.person:
                batch.rows.expect_learner(student, learner.learner)
                batch.learners[student] = stored
                continue
            sealed = vault.seal(learner, "person", person)
            if stored is None:
                batch.rows.add_learner(learner.learner, student, vault.wrap(learner), sealed)
            else:
                batch.rows.expect_learner(student, learner.learner)
                batch.rows.change_person(learner.learner, sealed, stored.sealed)
            batch.learners[student] = KnownLearner(learner, person, sealed)

    def _add_held(self) -> None:
        """Add the rows that are held, as far as the list has room; the outcome of the others says that it is full."""
        if not self._held:
            return
        held_rows, records = HeldRows(self._registry), {request.row.record for request in self._held}
        room, earlier = held_rows.room(records), held_rows.find_earlier(records)
        for row, learner, differs in self._held:
            if row.student not in self._stored and row.student not in self._batch.learners:
                self._outcomes[row.place] = build_conflict_outcome(row.request, learner, differs)
                continue
            held_row: HeldRow | None = None
            if room.take(row.record):
                held_row = HeldRow(self._vault, row.record, row.student, learner, row.request, earlier.get(row.record))
                self._batch.rows.hold(held_row)
            self._outcomes[row.place] = build_held_outcome(row.request, learner, differs, held_row)


class _HeldRequest(NamedTuple):
    """A request whose student number is known with another person behind it."""

    row: NewRequest
    learner: KnownLearner
    differs: tuple[str, ...]


class _NewCredential(NamedTuple):
    """A credential that the rules allow."""

    identifier: str
    row: NewRequest
    disclosures: list[str]
    credential: Credential
    replacement: Replacement | None
