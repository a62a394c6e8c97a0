"""What a trial carries from its requests to those after them, encrypted and outside of memory."""

from collections.abc import Iterable

import msgspec

from registry.application.prepared_batch import PreparedBatch
from registry.application.records import KnownRecord
from registry.domain.credential import Credential
from registry.rules.achievements import Achievement as AchievementState
from registry.vault.scratch import Scratch
from registry.vault.vault import KnownLearner


class CarriedRows:
    """The records, learners and replaced credentials of a trial's batches, and the achievements offered to it.

    Of a record, its hash is carried. Of a learner, the person, and no key: nothing is stored. What the newest batch
    brings is in memory until the next one comes, so that a trial of one batch writes nothing.
    """

    def __init__(self) -> None:
        self.replaced: dict[str, Credential] = {}
        self.offered: dict[str, AchievementState] = {}
        self._records = Scratch()
        self._learners = Scratch()
        self._newest = PreparedBatch.empty()

    def add(self, ready: PreparedBatch) -> None:
        """Carry the rows of a batch."""
        for key, record in self._newest.records.items():
            if record.content is not None:
                self._records.replace(key, record.content)
        for student, known in self._newest.learners.items():
            self._learners.replace(student, msgspec.msgpack.encode((known.learner.learner, known.person)))
        self._newest = ready
        self.replaced.update(ready.replaced)

    def find_records(self, keys: Iterable[bytes]) -> dict[bytes, KnownRecord]:
        """Return the known records among these hashes, by their hash."""
        keys = list(keys)
        earlier = self._records.find_all(keys)
        newest = self._newest.find_records(keys)
        return {key: KnownRecord(content, "", "") for key, content in earlier.items()} | {
            key: KnownRecord(record.content, "", "") for key, record in newest.items()
        }

    def find_learners(self, students: Iterable[bytes]) -> dict[bytes, KnownLearner]:
        """Return the known learners among these hashes of numbers, without their keys."""
        students = list(students)
        earlier = {
            student: KnownLearner.without_key(*msgspec.msgpack.decode(value))
            for student, value in self._learners.find_all(students).items()
        }
        newest = {
            student: KnownLearner.without_key(known.learner.learner, known.person)
            for student, known in self._newest.find_learners(students).items()
        }
        return earlier | newest
